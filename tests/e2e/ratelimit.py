"""A rate limit service of our own: Envoy's protocol (rls.proto of the API, v3) over HTTP/2, with a limit for each descriptor,
as far as the configuration of examples/tokens needs it."""

from __future__ import annotations

import socket
import threading

import h2.config
import h2.connection
import h2.events

OK, OVER_LIMIT = 1, 2


def fields(data: bytes):
    """The fields of a protobuf message: number, and an integer or bytes."""
    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    at = 0
    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            assert key & 7 == 2
            length = varint()
            yield key >> 3, data[at:at + length]
            at += length


class RateLimit:
    """Counts hits by descriptor, and refuses once there are `limit` of them."""

    def __init__(self, limit: int):
        self.limit = limit
        self.used: dict[str, int] = {}
        self.asked: list[tuple[str, int]] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def decide(self, message: bytes) -> int:
        """RateLimitRequest: descriptors are field 2, hits_addend for all of them 3; a descriptor's entries 1, its own hits 3."""
        parts = list(fields(message))
        common = next((value for number, value in parts if number == 3), 1)
        verdict = OK
        for number, descriptor in parts:
            if number != 2:
                continue
            entries = [dict(fields(value)) for each, value in fields(descriptor) if each == 1]
            name = "|".join(f"{entry[1].decode()}={entry[2].decode()}" for entry in entries)
            own = next((dict(fields(value)).get(1, 0) for each, value in fields(descriptor) if each == 3), None)
            hits = common if own is None else own
            self.asked.append((name, hits))
            if self.used.get(name, 0) >= self.limit:
                verdict = OVER_LIMIT
            self.used[name] = self.used.get(name, 0) + hits
        return verdict

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        state.initiate_connection()
        connection.sendall(state.data_to_send())
        bodies: dict[int, bytes] = {}
        while data := connection.recv(65536):
            for event in state.receive_data(data):
                if isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                    state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    verdict = self.decide(bodies.pop(event.stream_id)[5:])
                    stream = event.stream_id
                    state.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
                    state.send_data(stream, b"\0\0\0\0\x02\x08" + bytes([verdict]))
                    state.send_headers(stream, [("grpc-status", "0")], end_stream=True)
            connection.sendall(state.data_to_send())
