"""Speed, as ratios within one run.

    python scripts/bench.py [--native] [--envoy] [--rounds N]

--native   the scorer and the whole decision on this machine, next to the Python rule router (smart-llm-router), and
           how long the module takes over a feed of 500 models under wasmtime
--envoy    requests per second and latency through Envoy (one worker): without a filter, with filters of a test build
           that do a part of what every router does that reads bodies (only buffer; and change the model; and set
           headers and count), and with tiergate

Both without an option. Needs `make wasm` before and, for --envoy, `wrk` (Debian: apt-get install wrk).
Absolute numbers of a shared machine mean little; the ratios are what counts.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
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
TARGETS = {1_000: 0.85, 20_000: 0.80, 200_000: 0.45}


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


def load(port: int, lua: Path, seconds: int) -> tuple[float, float, float]:
    """Requests per second, p50 and p99 in microseconds."""
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", "--latency", "-s", str(lua), url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"the gateway failed under load:\n{said}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))
    unit = {"us": 1, "ms": 1000, "s": 1_000_000}

    def latency(percent: str) -> float:
        value, name = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", said).groups()
        return float(value) * unit[name]

    return rate, latency("50"), latency("99")


def envoy(rounds: int, seconds: int) -> None:
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: apt-get install wrk")
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
        measured: dict[tuple[int, str], list[tuple[float, float, float]]] = {}
        for size in ENVOY_SIZES:
            body = json.dumps({"messages": [{"role": "user", "content": prompt(size)}], "model": "smart/auto"}, ensure_ascii=False)
            lua = RUN / f"{size}.lua"
            lua.write_text(
                f'local f = io.open("{RUN}/body{size}.json", "rb")\nwrk.body = f:read("*a")\nf:close()\n'
                'wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\n'
            )
            (RUN / f"body{size}.json").write_text(body)
            for round_ in range(rounds + 1):
                for name, port in zip(variants, ports):
                    result = load(port, lua, seconds)
                    if round_ > 0:  # the first warms up
                        measured.setdefault((size, name), []).append(result)
    finally:
        for process in processes:
            process.stop()

    def median(size: int, name: str, index: int) -> float:
        return statistics.median(sample[index] for sample in measured[size, name])

    print(f"Envoy, one worker, 16 connections, medians of {rounds} rounds of {seconds} s")
    print(f"{'body':>8} {'filter':<14} {'requests/s':>11} {'p50 us':>8} {'p99 us':>8} {'of no filter':>13} {'of only buffers':>16}")
    for size in ENVOY_SIZES:
        for name in variants:
            rate = median(size, name, 0)
            pairs = measured[size, name]

            def ratio(other: str) -> float:
                return statistics.median(a[0] / b[0] for a, b in zip(pairs, measured[size, other]))

            floor = f"{ratio('only buffers'):.2f}" if name not in ("no filter", "only buffers") else ""
            goal = f" (goal {TARGETS[size]:.2f})" if name == "tiergate" else ""
            print(
                f"{size:>8} {name:<14} {rate:>11.0f} {median(size, name, 1):>8.0f} {median(size, name, 2):>8.0f} "
                f"{ratio('no filter'):>13.2f} {floor:>16}{goal}"
            )
    log = (RUN / "gateway.log").read_text(errors="replace")
    for line in dict.fromkeys(re.findall(r"tiergate \d[^\n]*VM memory[^\n]*", log)):
        print(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--native", action="store_true")
    parser.add_argument("--envoy", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    args = parser.parse_args()
    both = args.native == args.envoy
    if both or args.native:
        native()
    if both or args.envoy:
        envoy(args.rounds, args.seconds)


if __name__ == "__main__":
    main()
