"""What the upstreams of our own have in common: HTTP/1.1 on a free port of loopback, a thread a connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field


@dataclass
class Recorded:
    """One request: names lower-case and values as bytes, in order; the body without its chunking."""

    method: str
    path: str
    headers: list[tuple[str, bytes]]
    body: bytes = b""
    trailers: list[tuple[str, bytes]] = field(default_factory=list)

    def all(self, name: str) -> list[bytes]:
        return [value for each, value in self.headers if each == name]

    def one(self, name: str) -> str | None:
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0].decode() if values else None

    def names(self) -> list[str]:
        return [name for name, _ in self.headers]


class Upstream:
    """Listens; `answer` says what a request gets."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._lock = threading.Condition()
        self._socket = socket.create_server((host, 0), backlog=512)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def refuse(self) -> None:
        """Takes no more connections. Closing alone would leave the one that a thread is waiting for."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def answer(self, connection: socket.socket, reader, request: Recorded) -> bool:
        """Answers; whether another request may come."""
        raise NotImplementedError

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as reader:
                while (request := _read(reader)) and self.answer(connection, reader, request):
                    pass
        except (OSError, ValueError):
            pass  # the proxy went away


def _read(reader) -> Recorded | None:
    line = reader.readline()
    if not line:
        return None
    method, path, _ = line.decode("latin-1").split(" ", 2)
    request = Recorded(method, path, _fields(reader))
    if request.all("upgrade"):
        pass
    elif b"chunked" in b",".join(request.all("transfer-encoding")):
        request.body, request.trailers = _chunks(reader)
    else:
        request.body = reader.read(int((request.all("content-length") or [b"0"])[0]))
    return request


def _fields(reader) -> list[tuple[str, bytes]]:
    fields = []
    while (line := reader.readline()) not in (b"\r\n", b"\n", b""):
        name, value = line.split(b":", 1)
        fields.append((name.decode("latin-1").lower(), value.strip()))
    return fields


def _chunks(reader) -> tuple[bytes, list[tuple[str, bytes]]]:
    body = b""
    while size := int(reader.readline().split(b";")[0], 16):
        body += reader.read(size)
        reader.readline()
    return body, _fields(reader)
