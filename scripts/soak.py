"""Full load while models fail at random: is a request lost that a fallback could save, does anything leak?

    python scripts/soak.py [--seconds 300] [--workers 2] [--connections 64]

Envoy is envoy/demo.yaml with six models in every tier, the filter in both positions, and an upstream of this script's own
that never fails more than two of the six at a time: every few seconds two others answer 500 or 429, reset the connection
or hang. wrk keeps all connections busy, a part of the requests as streams, a part in pinned conversations; besides, clients
open endless streams and go away in the middle.

It fails where a request got no 200 (six models, four attempts, two that fail: each could be saved), where requests in
flight do not return to zero, where a VM dies, and where Envoy's memory at the end is more than a tenth above that after a
fifth of the time. Needs `make wasm` before, and `wrk` (Debian: apt-get install wrk).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from multiprocessing import Process, Value

import stack as stacks

RUN = stacks.ROOT / ".run" / "soak"
MODELS = [f"model-{letter}" for letter in "abcdef"]
MODES = ["500", "429", "reset", "hang"]
FAILING = len(MODELS) // 3
CHANGE_SECONDS = 4
TIERS = ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}

WRK = """
local function body(stream, session)
  return '{"messages":[{"role":"user","content":"Hello! How are you today?"}],"stream":' .. stream ..
         session .. ',"model":"smart/auto"}'
end
local n = 0
request = function()
  n = n + 1
  local session = ''
  if n % 3 == 0 then session = ',"user":"someone-' .. math.random(20000) .. '"' end
  local text = body(n % 4 == 0 and 'true' or 'false', session)
  return wrk.format('POST', '/v1/chat/completions', {['content-type'] = 'application/json'}, text)
end
"""


# --------------------------------------------------------------------------------------------------------------- upstream


class Upstream(asyncio.Protocol):
    """HTTP/1.1 with content-length, as Envoy speaks it here."""

    modes: dict[str, str] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport, self.rest = transport, b""

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while (end := self.rest.find(b"\r\n\r\n")) >= 0:
            length = re.search(rb"content-length: (\d+)", self.rest[:end], re.I)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self.rest) < whole:
                return
            body, self.rest = self.rest[end + 4 : whole], self.rest[whole:]
            self.answer(json.loads(body))

    def answer(self, body: dict) -> None:
        model = body["model"]
        mode = self.modes.get(model, "good")
        if body.get("user") == "endless":
            self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
                                 b"6\r\n: hi\n\n\r\n")
        elif mode == "hang":
            pass
        elif mode == "reset":
            raw = self.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        elif mode != "good":
            self.send(f"{mode} Error", "application/json", b'{"error":{"message":"soak"}}')
        elif body.get("stream"):
            chunks = [{"model": model, "choices": [{"index": 0, "delta": {"content": "hello"}}]},
                      {"model": model, "choices": [], "usage": USAGE}]
            events = "".join(f"data: {json.dumps(each)}\n\n" for each in chunks) + "data: [DONE]\n\n"
            self.send("200 OK", "text/event-stream", events.encode())
        else:
            message = {"role": "assistant", "content": "hello"}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            self.send("200 OK", "application/json", json.dumps({"model": model, "choices": [choice], "usage": USAGE}).encode())

    def send(self, status: str, kind: str, body: bytes) -> None:
        head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)


def upstream(port: int, seed: int, well) -> None:
    """A process: serves, and changes who fails. Nobody does while `well` is set."""
    dice = random.Random(seed)

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=1024)
        async with server:
            while True:
                failing = [] if well.value else dice.sample(MODELS, FAILING)
                Upstream.modes = {model: dice.choice(MODES) for model in failing}
                await asyncio.sleep(0.2 if well.value else CHANGE_SECONDS)

    asyncio.run(run())


# ------------------------------------------------------------------------------------------------------------------ Envoy


def envoy(directory, upstream_port: int, workers: int) -> tuple[stacks.Process, int, int]:
    port, admin_port = stacks.free_port(), stacks.free_port()
    configuration = stacks.demo_envoy(
        port=port, admin_port=admin_port, litellm_port=upstream_port, signals_port=stacks.free_port())
    document = {
        "default_cluster": "litellm", "models": {model: {"input_price": 1, "output_price": 2} for model in MODELS},
        # By chance, so that all of them serve, and fail.
        "profiles": {"auto": {"tiers": {tier: MODELS for tier in TIERS}, "strategy": "weighted"}},
        "fallbacks": {"enabled": True},
        "session": {"mode": "pinned", "idle_seconds": 30},
    }
    listener = stacks.listener(configuration)
    configuration["static_resources"]["listeners"] = [listener]
    stacks.set_tiergate_configuration(listener, document)
    for each in stacks.attempt_plugins(configuration):
        each["configuration"] = {"@type": stacks.STRUCT, "value": document | {"position": "attempt"}}
    manager = stacks.connection_manager(listener)
    manager["access_log"] = []
    (host,) = manager["route_config"]["virtual_hosts"]
    host["routes"][0]["route"]["retry_policy"]["per_try_timeout"] = "1s"
    return stacks.envoy_process(directory, configuration, concurrency=workers), port, admin_port


def counted(admin_port: int, metric: str, label: str | None = None) -> Counter:
    """A metric of the filter's by one of its labels."""
    _, text = stacks.http_get(f"http://127.0.0.1:{admin_port}/stats/prometheus")
    found: Counter = Counter()
    for labels, value in re.findall(rf"^tiergate_{metric}\{{(.*)\}} (\d+)$", text, re.M):
        found[dict(re.findall(r'(\w+)="([^"]*)"', labels)).get(label or "", "")] += int(value)
    return found


def resident(pid: int) -> float:
    """MiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def go_away(port: int, over: threading.Event) -> None:
    """Clients that begin an endless stream and go, one after the other."""
    body = json.dumps({"model": "smart/auto", "stream": True, "user": "endless",
                       "messages": [{"role": "user", "content": "Hello!"}]}).encode()
    head = (f"POST /v1/chat/completions HTTP/1.1\r\nhost: soak\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n").encode()
    while not over.wait(random.random() / 10):
        with socket.create_connection(("127.0.0.1", port), 5) as client:
            client.sendall(head + body)
            client.settimeout(random.random())
            try:
                client.recv(1000)
            except OSError:
                pass


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("soak: wrk is missing: apt-get install wrk", file=sys.stderr)
        return 1
    RUN.mkdir(parents=True, exist_ok=True)
    script = RUN / "load.lua"
    script.write_text(WRK, encoding="utf-8")
    well = Value("b", 0)
    upstream_port = stacks.free_port()
    server = Process(target=upstream, args=(upstream_port, options.seed, well), daemon=True)
    server.start()
    running, port, admin_port = envoy(RUN, upstream_port, options.workers)
    running.start()
    over = threading.Event()
    try:
        running.wait_ready()
        rude = [threading.Thread(target=go_away, args=(port, over)) for _ in range(4)]
        for each in rude:
            each.start()
        wrk = subprocess.Popen(  # noqa: S603
            ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "--timeout", "30s", "--latency",
             "-s", str(script), f"http://127.0.0.1:{port}"],
            stdout=subprocess.PIPE, text=True, env=os.environ)
        began, memory = time.monotonic(), []
        while wrk.poll() is None:
            time.sleep(1)
            memory.append((time.monotonic() - began, resident(running.child.pid)))
        print(wrk.stdout.read())
        over.set()
        for each in rude:
            each.join()
        well.value = 1
        return report(running, admin_port, memory, options.seconds)
    finally:
        over.set()
        running.stop()
        server.terminate()


def report(running: stacks.Process, admin_port: int, memory: list[tuple[float, float]], seconds: int) -> int:
    wrong = []
    deadline = time.monotonic() + 20
    while any(counted(admin_port, "in_flight").values()) and time.monotonic() < deadline:
        time.sleep(0.5)
    in_flight = sum(counted(admin_port, "in_flight").values())
    _, text = stacks.http_get(f"http://127.0.0.1:{admin_port}/stats?filter=downstream_rq_[2345]xx")
    statuses = dict(re.findall(r"http\.gateway\.downstream_rq_(\dxx): (\d+)", text))
    lost = sum(int(statuses.get(kind, 0)) for kind in ("4xx", "5xx"))
    _, text = stacks.http_get(f"http://127.0.0.1:{admin_port}/stats?filter=litellm.upstream_rq_retry")
    print("statuses", statuses)
    print("attempts", dict(counted(admin_port, "attempts", "outcome")))
    print("cooldowns", dict(counted(admin_port, "cooldowns", "outcome")))
    print(text.replace("cluster.litellm.", "").strip())
    settled = max((mib for at, mib in memory if at <= seconds / 5), default=0.0)
    last = memory[-1][1] if memory else 0.0
    print(f"lost {lost}; in flight at the end {in_flight}; Envoy's memory {settled:.0f} MiB after a fifth, {last:.0f} at "
          f"the end, {max(mib for _, mib in memory):.0f} at most")
    if lost:
        wrong.append(f"{lost} requests were lost")
    if in_flight:
        wrong.append(f"{in_flight} requests in flight for ever")
    if last > settled * 1.1:
        wrong.append("memory grew")
    if deaths := running.log.read_text(errors="replace").count("Uncaught RuntimeError"):
        wrong.append(f"{deaths} VMs died")
    for each in wrong:
        print(f"WRONG  {each}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
