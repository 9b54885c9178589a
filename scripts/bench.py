"""Speed, as ratios within one run.

    python scripts/bench.py [--native] [--envoy] [--latency] [--rounds N]

--native   the scorer and the whole decision on this machine, next to the Python rule router (smart-llm-router), and
           how long the module takes over a feed of 500 models under wasmtime
--envoy    the gateway's own processor time a request, with one worker: without a filter, with filters of a test build
           that do a part of what every router that reads bodies does (only buffer; and change the model; and set
           headers and count), and with tiergate
--latency  the time that tiergate in Envoy and LiteLLM's own complexity routers add before the same LiteLLM

All of them without an option. Needs `make wasm` before.
Absolute numbers of a shared machine mean little; the ratios are what counts.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent))
import stack  # noqa: E402

ROOT = stack.ROOT
RUN = ROOT / ".run" / "bench"
PROMPT = (ROOT / "benches" / "prompt.txt").read_text(encoding="utf-8")
NATIVE_SIZES = [150, 2_000, 20_000, 200_000]
ENVOY_SIZES = [1_000, 20_000, 200_000]
# Of the processor time of a filter that only buffers, at most.
GOALS = {1_000: 1.70, 20_000: 1.75, 200_000: 1.75}
# One turn of one variant is so many requests, over so many connections: 0.05 to 0.2 s.
TURN = {1_000: 1_600, 20_000: 1_200, 200_000: 320}
CONNECTIONS = 16


def prompt(size: int) -> str:
    """As benches/decide.rs makes it."""
    raw = PROMPT.encode()
    return (raw * (size // len(raw) + 1))[:size].decode(errors="ignore")


# ------------------------------------------------------------------------------------------------------------ native


def python_router_seconds(text: str) -> float:
    """Least seconds a prompt in the Python rule router."""
    from smart_llm_router.router import DEFAULT_ROUTING_CONFIG, RouterOptions, route

    options = RouterOptions(config=DEFAULT_ROUTING_CONFIG, model_pricing={}, routing_profile="auto")
    times = []
    deadline = time.perf_counter() + 3
    while len(times) < 5 or (time.perf_counter() < deadline and len(times) < 2000):
        start = time.perf_counter()
        route(text, None, 1000, options)
        times.append(time.perf_counter() - start)
    return min(times)


def native() -> None:
    subprocess.run(["cargo", "bench", "--quiet", "--bench", "decide"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)

    def nanoseconds(group: str, size: int) -> float:
        found = json.loads((ROOT / f"target/criterion/{group}/{size}/new/sample.json").read_text())
        return min(time / count for time, count in zip(found["times"], found["iters"]))

    print("native, one thread, ns, the least of 1,000 samples")
    print(
        f"{'':>8} {'score':^29} {'decide':^28} {'Python':>10} {'times decide':^19}\n"
        f"{'prompt':>8} {'rules':>9} {'calibrated':>11} {'ratio':>6}  {'rules':>9} {'calibrated':>11} {'MB/s':>6} "
        f"{'router':>11} {'rules':>9} {'calibrated':>11}"
    )
    for size in NATIVE_SIZES:
        rules, calibrated = nanoseconds("score-rules", size), nanoseconds("score-calibrated", size)
        by_rules, decide = nanoseconds("decide-rules", size), nanoseconds("decide", size)
        python = python_router_seconds(prompt(size)) * 1e9
        print(
            f"{size:>8} {rules:>9.0f} {calibrated:>11.0f} {calibrated / rules:>5.2f}x  {by_rules:>9.0f} {decide:>11.0f} "
            f"{size / decide * 1e3:>6.0f} {python:>11.0f} {python / by_rules:>8.0f}x {python / decide:>10.0f}x"
        )
    print(
        "score: the scorer over the whole text. decide: view, excerpt, score, route. Python router: smart-llm-router, by rules.\n"
    )
    command = ["cargo", "test", "--quiet", "-p", "tiergate-module-tests", "feed_of_500", "--", "--ignored", "--nocapture"]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    print(next(line for line in said.splitlines() if line.startswith("feed of")), "\n")


# ------------------------------------------------------------------------------------------------------------- Envoy


def listener(name: str, port: int, filters: list[dict]) -> dict:
    router = {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    }
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "http_filters": [*filters, router],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "request_body_buffer_limit": 4194304,
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "sink"}}],
                }
            ]
        },
    }
    return {
        "name": name,
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
    }


def wasm(name: str, module: Path, configuration: dict) -> dict:
    return {
        "name": name,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": name,
                "allow_on_headers_stop_iteration": True,
                "vm_config": {
                    "vm_id": name,
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": str(module)}},
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": json.dumps(configuration, separators=(",", ":")),
                },
            },
        },
    }


def start(name: str, configuration: dict) -> stack.Process:
    port = stack.free_port()
    configuration["admin"] = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}
    options = ("--log-level", "warning", "--component-log-level", "wasm:info")
    process = stack.envoy_process(RUN, configuration, concurrency=1, options=options, name=name)
    process.start()
    return process


class Load:
    """Connections to one listener that send the same request over and over, one under way on each."""

    def __init__(self, port: int, body: bytes, connections: int = CONNECTIONS):
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        self.request = head.encode() + body
        self.sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
        for each in self.sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def turn(self, count: int) -> None:
        """Sends `count` requests, a multiple of the connections, and reads their answers."""
        for _ in range(count // len(self.sockets)):
            for each in self.sockets:
                each.sendall(self.request)
            for each in self.sockets:
                self.answer(each)

    @staticmethod
    def answer(connection: socket.socket) -> None:
        got = b""
        while b"\r\n\r\n" not in got:
            piece = connection.recv(65536)
            if not piece:
                raise SystemExit("the gateway closed a connection under load")
            got += piece
        head, _, rest = got.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"the gateway failed under load: {head[:200]!r}")
        left = int(re.search(rb"(?i)content-length: (\d+)", head).group(1)) - len(rest)
        while left > 0:
            left -= len(connection.recv(65536))

    def close(self) -> None:
        for each in self.sockets:
            each.close()


def processor_nanoseconds(pid: int) -> int:
    """What all threads of a process have used so far."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((thread / "schedstat").read_text().split()[0])
        except FileNotFoundError:  # the thread has ended
            pass
    return total


def envoy(rounds: int) -> None:
    RUN.mkdir(parents=True, exist_ok=True)
    probe = RUN / "probe.wasm"
    build = ["scripts/wasm.sh", "build", "--features", "probe"]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
                   env=os.environ | {"TIERGATE_WASM_OUT": str(probe), "CARGO_TARGET_DIR": "target/probe"})
    variants = {
        "no filter": [],
        "only buffers": [wasm("buffer", probe, {"probe": "buffer"})],
        "only splices": [wasm("splice", probe, {"probe": "splice"})],
        "only tells": [wasm("tell", probe, {"probe": "tell"})],
        "tiergate": [wasm("tiergate", stack.WASM, {})],
    }
    sink, *ports = (stack.free_port() for _ in range(1 + len(variants)))

    direct = {
        "name": "envoy.filters.http.buffer",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer",
            "max_request_bytes": 8388608,
        },
    }
    upstream = listener("sink", sink, [direct])
    routes = upstream["filter_chains"][0]["filters"][0]["typed_config"]["route_config"]["virtual_hosts"][0]["routes"]
    routes[0] = {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "{}"}}}
    upstream["per_connection_buffer_limit_bytes"] = 8388608

    endpoint = {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": sink}}}}
    gateway = {
        "static_resources": {
            "listeners": [listener(n.replace(" ", "_"), p, f) for (n, f), p in zip(variants.items(), ports)],
            "clusters": [
                {
                    "name": "sink",
                    "type": "STATIC",
                    "load_assignment": {"cluster_name": "sink", "endpoints": [{"lb_endpoints": [endpoint]}]},
                }
            ],
        }
    }
    processes = []
    try:
        processes.append(start("sink", {"static_resources": {"listeners": [upstream]}}))
        processes.append(start("gateway", gateway))
        for process in processes:
            process.wait_ready()
        pid = processes[-1].child.pid
        # Microseconds of the gateway's processor a request: a list of turns for each size and variant.
        measured: dict[tuple[int, str], list[float]] = {}
        for size in ENVOY_SIZES:
            message = {"messages": [{"role": "user", "content": prompt(size)}], "model": "smart/auto"}
            body = json.dumps(message, ensure_ascii=False).encode()
            loads = {name: Load(port, body) for name, port in zip(variants, ports)}
            order = list(variants)
            for each in loads.values():  # warms up
                each.turn(TURN[size])
            for _ in range(rounds):
                random.shuffle(order)
                for name in order:
                    before = processor_nanoseconds(pid)
                    loads[name].turn(TURN[size])
                    used = (processor_nanoseconds(pid) - before) / TURN[size] / 1000
                    measured.setdefault((size, name), []).append(used)
            for each in loads.values():
                each.close()
    finally:
        for process in processes:
            process.stop()

    print(f"Envoy, one worker: its own processor time, us a request, medians of {rounds} interleaved turns")
    print(f"{'body':>8} {'filter':<14} {'us':>7} {'of no filter':>13} {'of only buffers':>16}")
    for size in ENVOY_SIZES:
        for name in variants:
            turns = measured[size, name]

            def ratio(other: str) -> float:
                return statistics.median(a / b for a, b in zip(turns, measured[size, other]))

            floor = f"{ratio('only buffers'):.2f}" if name not in ("no filter", "only buffers") else ""
            goal = f" (at most {GOALS[size]:.2f})" if name == "tiergate" else ""
            print(f"{size:>8} {name:<14} {statistics.median(turns):>7.1f} {ratio('no filter'):>13.2f} {floor:>16}{goal}")
    log = (RUN / "gateway.log").read_text(errors="replace")
    for line in dict.fromkeys(re.findall(r"tiergate \d[^\n]*VM memory[^\n]*", log)):
        print(line)


# ----------------------------------------------------------------------------------------------------------- latency

# A name that the client asks LiteLLM for: its own routers by rules and by its small trained model.
COMPLEXITY = {"litellm heuristic": "heuristic", "litellm heuristic_v2": "heuristic_v2"}


def latency(rounds: int) -> None:
    """Milliseconds from request to answer before one LiteLLM with mock models, by turns of one request each."""
    directory = RUN / "latency"
    running = stack.Stack(directory)
    tiers = {"SIMPLE": "gpt-5.4-nano", "MEDIUM": "gpt-5.4-mini", "COMPLEX": "claude-sonnet-5", "REASONING": "claude-opus-5"}
    running.extra_models = list(tiers.values())
    for name, kind in COMPLEXITY.items():
        parameters = {
            "model": "auto_router/complexity_router",
            "complexity_router_config": {"tiers": tiers, "classifier_type": kind},
            "complexity_router_default_model": tiers["MEDIUM"],
        }
        running.extra_deployments.append({"model_name": name, "litellm_params": parameters})
    with running:
        direct = running.litellm_port
        ways = {
            "litellm alone": (direct, tiers["SIMPLE"]),
            "tiergate, pinned": (running.port, tiers["SIMPLE"]),
            "tiergate, routed": (running.port, "smart/auto"),
        }
        ways |= {name: (direct, name) for name in COMPLEXITY}
        connections = {name: http.client.HTTPConnection("127.0.0.1", port) for name, (port, _) in ways.items()}
        took: dict[str, list[float]] = {}
        order = list(ways)
        for turn in range(rounds + 20):
            random.shuffle(order)
            for name in order:
                body = json.dumps({"model": ways[name][1], "messages": [{"role": "user", "content": f"{turn}: {prompt(1_000)}"}]})
                connection = connections[name]
                began = time.perf_counter()
                headers = {"content-type": "application/json"}
                connection.request("POST", "/v1/chat/completions", body.encode(), headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    raise SystemExit(f"{name}: status {answer.status}")
                if turn >= 20:  # the first ones warm up
                    took.setdefault(name, []).append((time.perf_counter() - began) * 1000)
    alone = statistics.median(took["litellm alone"])
    print(f"one request of 1 KB at a time before the same LiteLLM, ms, medians of {rounds}")
    for name in ways:
        median = statistics.median(took[name])
        print(f"{name:<22} {median:>8.2f} {f'{median - alone:+.2f}' if name != 'litellm alone' else ''}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--native", action="store_true")
    parser.add_argument("--envoy", action="store_true")
    parser.add_argument("--latency", action="store_true")
    parser.add_argument("--rounds", type=int, default=60, help="turns of each variant in Envoy")
    args = parser.parse_args()
    every = not (args.native or args.envoy or args.latency)
    if every or args.native:
        native()
    if every or args.envoy:
        envoy(args.rounds)
    if every or args.latency:
        latency(5 * args.rounds)


if __name__ == "__main__":
    main()
