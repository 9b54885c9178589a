"""Memory of Envoy with the filter, by workers, and by the size and number of requests at once.

    .venv/bin/python scripts/memory.py        prints the tables of docs/operations.md; takes a minute or two

Resident memory of the real Envoy with envoy/demo.yaml, in MiB. Held: that many clients have sent all but the last byte
of their request, so that all bodies are buffered. Peak: the most while the last bytes came, the filter decided and an
upstream read the requests. Needs `make setup wasm` and Linux.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import stack  # noqa: E402

RUN = stack.ROOT / ".run" / "memory"
LIMIT = 64 * 1024 * 1024
# Size, and how many at once.
LOADS = [(10_000, 64), (100_000, 64), (1_000_000, 1), (1_000_000, 16), (1_000_000, 64), (4_000_000, 1), (4_000_000, 64)]
WORKERS = [1, 2, 4, 8]
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


class Upstream:
    """Reads requests whole and answers `{}`; a thread a connection."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    @staticmethod
    def _serve(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader:
            while reader.readline():
                length = 0
                while (line := reader.readline().strip()):
                    name, value = line.split(b":", 1)
                    length = int(value) if name.lower() == b"content-length" else length
                while length:
                    length -= len(reader.read(min(length, 65536)))
                connection.sendall(ANSWER)


def started(upstream: int, workers: int, with_filter: bool = True) -> tuple[stack.Process, int, str]:
    """Envoy, its port, and the address of its admin interface."""
    port, admin_port = stack.free_port(), stack.free_port()
    envoy = stack.demo_envoy(port=port, admin_port=admin_port, litellm_port=upstream, signals_port=stack.free_port())
    listener = stack.listener(envoy)
    host = stack.connection_manager(listener)["route_config"]["virtual_hosts"][0]
    host["request_body_buffer_limit"] = LIMIT
    if not with_filter:
        manager = stack.connection_manager(listener)
        manager["http_filters"] = [each for each in manager["http_filters"] if each["name"] != "tiergate"]
        host["routes"] = [{"match": {"prefix": "/"}, "route": {"cluster": "litellm"}}]
        for each in envoy["static_resources"]["clusters"]:
            each.pop("typed_extension_protocol_options", None)  # the filter in the attempt position
        envoy["static_resources"]["listeners"] = [each for each in envoy["static_resources"]["listeners"]
                                                  if each["name"] != "console"]  # the filter once more
    process = stack.envoy_process(RUN, envoy, concurrency=workers)
    process.start()
    process.wait_ready()
    return process, port, f"http://127.0.0.1:{admin_port}"


def resident(process: stack.Process, what: str = "VmRSS") -> float:
    """MiB; VmHWM is the most since `forget_peak`."""
    status = Path(f"/proc/{process.child.pid}/status").read_text()
    return int(re.search(rf"^{what}:\s+(\d+) kB", status, re.M)[1]) / 1024


def forget_peak(process: stack.Process) -> None:
    Path(f"/proc/{process.child.pid}/clear_refs").write_text("5")


def body(size: int) -> bytes:
    text = (stack.ROOT / "benches" / "prompt.txt").read_text()
    document = {"model": "smart/auto", "messages": [{"role": "user", "content": (text * (size // len(text) + 1))[:size]}]}
    return json.dumps(document).encode()


def exchange(process: stack.Process, port: int, admin: str, size: int, at_once: int) -> tuple[float, float]:
    """Held and peak."""
    content = body(size)
    head = (b"POST /v1/chat/completions HTTP/1.1\r\nhost: memory\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n" % len(content))
    sockets = [socket.create_connection(("127.0.0.1", port), 60) for _ in range(at_once)]
    try:
        for each in sockets:
            each.sendall(head + content[:-1])
        active = rf"http\.[^.]+\.downstream_rq_active: {at_once}$"
        stack.wait_until(lambda: re.search(active, stack.http_get(f"{admin}/stats?filter=downstream_rq_active")[1], re.M),
                         30, "all requests are there")
        # All that was sent has been read: two readings are the same.
        last = -1.0
        def settled() -> bool:
            nonlocal last
            now = resident(process)
            same, last = abs(now - last) < 0.1, now
            threading.Event().wait(0.2)
            return same
        stack.wait_until(settled, 30, "memory has settled")
        held = resident(process)
        forget_peak(process)
        for each in sockets:
            each.sendall(content[-1:])
        for each in sockets:
            assert each.recv(65536).startswith(b"HTTP/1.1 200"), "an answer that is not 200"
        return held, resident(process, "VmHWM")
    finally:
        for each in sockets:
            each.close()


def main() -> None:
    RUN.mkdir(parents=True, exist_ok=True)
    upstream = Upstream()
    print("| workers | VMs | idle without the filter | idle with it |\n| --- | --- | --- | --- |")
    for workers in WORKERS:
        bare, _, _ = started(upstream.port, workers, with_filter=False)
        without = resident(bare)
        bare.stop()
        process, port, admin = started(upstream.port, workers)
        vms = re.search(r"v8\.active: (\d+)", stack.http_get(f"{admin}/stats?filter=runtime.v8.active")[1])[1]
        print(f"| {workers} | {vms} | {without:.0f} | {resident(process):.0f} |", flush=True)
        process.stop()
    print("\n| body | requests at once | idle | held | peak | after it |\n| --- | --- | --- | --- | --- | --- |")
    for size, at_once in LOADS:
        process, port, admin = started(upstream.port, 2)
        idle = resident(process)
        held, peak = exchange(process, port, admin, size, at_once)
        print(f"| {size / 1000:,.0f} KB | {at_once} | {idle:.0f} | {held:.0f} | {peak:.0f} | {resident(process):.0f} |",
              flush=True)
        process.stop()


if __name__ == "__main__":
    main()
