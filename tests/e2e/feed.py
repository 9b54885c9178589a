"""A signal server of our own: it keeps when and how it was asked, and answers well or as badly as it is told to."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from dataclasses import dataclass

from gateway import stacks

TEN_MEGABYTES = 10 * 1024 * 1024


def document(trends: dict[str, str]) -> dict:
    """A feed that says this trend of each model."""
    return {"contract_version": "1", "models": [
        {"model": model, "trend": trend, "score": 0.5, "confidence": "normal", "velocity_delta_pct": 0}
        for model, trend in trends.items()]}


@dataclass
class Asked:
    """One fetch. `at` is of the monotonic clock."""

    at: float
    path: str
    headers: dict[str, str]


class Feed:
    """Listens on a port, of loopback unless told; a thread a connection. `mode` says how the next fetch is answered:

    good, etag (the same with an entity tag and 304), hang, and one for each way of being bad, see `_answer`.
    """

    def __init__(self, good: dict, host: str = "127.0.0.1") -> None:
        self.good, self.mode, self.host = good, "good", host
        self.asked: list[Asked] = []
        self.hanging = 0
        self.port = stacks.free_port()
        self._lock = threading.Condition()
        self._socket: socket.socket | None = None
        self._connections: set[socket.socket] = set()

    def __enter__(self) -> Feed:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        self._socket = socket.create_server((self.host, self.port))
        threading.Thread(target=self._accept, args=(self._socket,), daemon=True).start()

    def down(self) -> None:
        """Nobody listens on the port any more, and connections end."""
        with self._lock:
            ending, self._socket = self._socket, None
            connections = list(self._connections)
            self._lock.notify_all()
        for each in [ending, *connections] if ending else connections:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended by itself
        if ending:
            ending.close()

    def closed(self) -> bool:
        return self._socket is None

    def be(self, mode: str, good: dict | None = None) -> None:
        """Changes the mode, and the good answer if one is given. Whoever hangs gets the answer of the new mode."""
        with self._lock:
            self.mode, self.good = mode, good or self.good
            self._lock.notify_all()

    def count(self) -> int:
        with self._lock:
            return len(self.asked)

    def wait_asked(self, count: int, seconds: float) -> list[Asked]:
        """What was asked so far, as soon as that is `count` fetches or more."""
        with self._lock:
            assert self._lock.wait_for(lambda: len(self.asked) >= count, seconds), (
                f"{len(self.asked)} of {count} fetches within {seconds} s")
            return list(self.asked)

    def wait_hanging(self, seconds: float = 15.0) -> None:
        with self._lock:
            assert self._lock.wait_for(lambda: self.hanging, seconds), f"no fetch within {seconds} s"

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)
        try:
            with connection, connection.makefile("rb") as reader:
                while self._one(connection, reader):
                    pass
        except (OSError, ValueError):
            pass  # the client went away, or `down` ended it
        finally:
            with self._lock:
                self._connections.discard(connection)

    def _one(self, connection: socket.socket, reader) -> bool:
        line = reader.readline()
        if not line:
            return False
        _, path, _ = line.decode("latin-1").split(" ", 2)
        headers = {}
        while (field := reader.readline()) not in (b"\r\n", b""):
            name, value = field.decode("latin-1").split(":", 1)
            headers[name.lower()] = value.strip()
        with self._lock:
            self.asked.append(Asked(time.monotonic(), path, headers))
            self._lock.notify_all()
            if self.mode == "hang":
                self.hanging += 1
                self._lock.notify_all()
                self._lock.wait_for(lambda: self.mode != "hang" or self._socket is None)
                self.hanging -= 1
            mode, good = self.mode, json.dumps(self.good).encode()
        head, body = _answer(mode, good, headers)
        connection.sendall(head + body)
        return mode != "half"


def _answer(mode: str, good: bytes, asked: dict[str, str]) -> tuple[bytes, bytes]:
    """Head and body in one mode."""
    status, more, body = "200 OK", {"content-type": "application/json"}, good
    match mode:
        case "good":
            pass
        case "etag":
            more["etag"] = tag = f'"{hash(good):x}"'
            if asked.get("if-none-match") == tag:
                status, body = "304 Not Modified", b""
        case "500":
            status, body = "500 Internal Server Error", b"{}"
        case "429" | "429 in 4 s":
            status, more["retry-after"], body = "429 Too Many Requests", "4" if "4 s" in mode else "1", b"{}"
        case "html":
            more["content-type"], body = "text/html", b"<html><body>Sign in</body></html>"
        case "ten megabytes":
            # A good feed but for its size.
            body = good[:-1] + b', "padding": "' + b"x" * TEN_MEGABYTES + b'"}'
        case "no JSON":
            body = good[:-1] + b"]"
        case "half":
            more["content-length"], body = str(len(good)), good[: len(good) // 2]
        case "drift":
            body = good.replace(b'"confidence"', b'"certainty"')
        case "no version":
            body = good.replace(b'"contract_version"', b'"generation"')
        case "gzip":
            more["content-encoding"], body = "gzip", gzip.compress(good)
        case "redirect":
            status, more["location"], body = "302 Found", "/elsewhere", b""
        case _:
            raise AssertionError(f"no mode {mode}")
    more.setdefault("content-length", str(len(body)))
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in more.items()), "", ""]
    return "\r\n".join(lines).encode(), body
