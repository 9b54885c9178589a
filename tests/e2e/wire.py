"""Requests that no client library sends: raw HTTP/1.1, and HTTP/2 frame by frame."""

from __future__ import annotations

import socket

import h2.config
import h2.connection
import h2.events


def http1(port: int, *pieces: bytes, seconds: float = 30.0) -> tuple[int, dict[str, str], bytes]:
    """Sends the pieces one by one and reads the answer to its end, or to the end of a handshake (101)."""
    with socket.create_connection(("127.0.0.1", port), seconds) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        with connection.makefile("rb") as reader:
            status = int(reader.readline().split()[1])
            headers = {}
            while (line := reader.readline()) not in (b"\r\n", b""):
                name, value = line.decode("latin-1").split(":", 1)
                headers[name.lower()] = value.strip()
            if status == 101:
                connection.sendall(b"ping")
                return status, headers, reader.read(4)
            if "content-length" in headers:
                return status, headers, reader.read(int(headers["content-length"]))
            body = b""
            while size := int(reader.readline() or b"0", 16):
                body += reader.read(size)
                reader.readline()
            return status, headers, body


def request(method: str, path: str, headers: list[tuple[str, bytes | str]], body: bytes = b"") -> bytes:
    """An HTTP/1.1 request, byte for byte what is said."""
    lines = [f"{method} {path} HTTP/1.1".encode(), b"host: gateway"]
    for name, value in headers:
        lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()))
    return b"\r\n".join([*lines, b"", body])


def chunks(*pieces: bytes, trailers: bytes = b"") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailers + b"\r\n"


def http2(port: int, path: str, headers: list[tuple[str, str]], *pieces: bytes,
          trailers: list[tuple[str, str]] | None = None, seconds: float = 30.0) -> tuple[int, dict[str, str], bytes]:
    """A POST over cleartext HTTP/2 with prior knowledge; a DATA frame a piece."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    with socket.create_connection(("127.0.0.1", port), seconds) as tcp:
        connection.initiate_connection()
        pseudo = [(":method", "POST"), (":path", path), (":scheme", "http"), (":authority", "gateway")]
        connection.send_headers(1, pseudo + headers)
        for index, piece in enumerate(pieces):
            connection.send_data(1, piece, end_stream=trailers is None and index == len(pieces) - 1)
        if trailers is not None:
            connection.send_headers(1, trailers, end_stream=True)
        tcp.sendall(connection.data_to_send())
        answer, body = {}, b""
        while True:
            data = tcp.recv(65536)
            assert data, "the connection ended before the answer"
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    answer = dict(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    body += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, 1)
                elif isinstance(event, h2.events.StreamReset):
                    raise AssertionError(f"the stream was reset: {event.error_code}")
                elif isinstance(event, h2.events.StreamEnded):
                    return int(answer[":status"]), answer, body
            tcp.sendall(connection.data_to_send())
