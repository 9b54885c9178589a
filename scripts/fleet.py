"""How a fleet grows: one to three gateways behind one address, on this machine.

    python scripts/fleet.py [--rounds N]

An Envoy in front spreads requests over the first one, two or three of three Envoys with the filter, each with one worker;
behind them is an Envoy that answers at once. For each number it prints the processor time a request of the one in front and of
the gateways, by the scheduler's times of their threads, and the requests a second, by the clock. The first is what tells how a
fleet grows: here all of them share the machine's cores with the one that asks, so more of them cannot be faster than one that
has what it needs.

Needs `make wasm` before.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import time

import bench
import stack

RUN = stack.ROOT / ".run" / "fleet"
REPLICAS = 3
# Characters of the prompt, and requests of a turn, a multiple of all the connections. Each gateway has as many as bench.py's.
TURNS = {1_000: 1_440, 20_000: 960}


def cluster(name: str, ports: list[int]) -> dict:
    endpoints = [{"endpoint": {"address": stack.address(port)}} for port in ports]
    return {"name": name, "type": "STATIC", "lb_policy": "ROUND_ROBIN",
            "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}}


def routed(listener: dict, route: dict) -> dict:
    (host,) = stack.connection_manager(listener)["route_config"]["virtual_hosts"]
    host["routes"] = [{"match": {"prefix": "/"}} | route]
    return listener


def start(name: str, listeners: list[dict], clusters: list[dict]) -> stack.Process:
    bench.RUN = RUN
    return bench.start(name, {"static_resources": {"listeners": listeners, "clusters": clusters}})


def processes(ports: list[int], fronts: dict[int, int]):
    """The one that answers, the gateways, and the one in front."""
    sink = stack.free_port()
    answer = {"direct_response": {"status": 200, "body": {"inline_string": "{}"}}}
    buffer = {"name": "envoy.filters.http.buffer", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer", "max_request_bytes": 8_388_608}}
    yield start("sink", [routed(bench.listener("sink", sink, [buffer]), answer)], [])
    for number, port in enumerate(ports):
        gateway = bench.listener("gateway", port, [bench.wasm("tiergate", stack.WASM, {})])
        yield start(f"replica{number}", [gateway], [cluster("sink", [sink])])
    listeners = [routed(bench.listener(f"front{count}", port, []), {"route": {"cluster": f"replicas{count}"}})
                 for count, port in fronts.items()]
    yield start("front", listeners, [cluster(f"replicas{count}", ports[:count]) for count in fronts])


def measure(pids: list[int], fronts: dict[int, int], size: int, rounds: int) -> dict[int, list[tuple[float, float, float]]]:
    """For each number of gateways and turn: us of the front and of the gateways a request, and requests a second."""
    message = {"messages": [{"role": "user", "content": bench.prompt(size)}], "model": "smart/auto"}
    body = json.dumps(message, ensure_ascii=False).encode()
    loads = {count: bench.Load(port, body, count * bench.CONNECTIONS) for count, port in fronts.items()}
    for each in loads.values():  # warms up
        each.turn(TURNS[size])
    found: dict[int, list[tuple[float, float, float]]] = {count: [] for count in fronts}
    order = list(fronts)
    for _ in range(rounds):
        random.shuffle(order)
        for count in order:
            before, began = [bench.processor_nanoseconds(pid) for pid in pids], time.perf_counter()
            loads[count].turn(TURNS[size])
            took = time.perf_counter() - began
            *gateways, front = [(bench.processor_nanoseconds(pid) - was) / TURNS[size] / 1000
                                for pid, was in zip(pids, before)]
            if sum(used > 1 for used in gateways) < count:
                raise SystemExit(f"not all of {count} gateways were asked: {gateways}")
            found[count].append((front, sum(gateways), TURNS[size] / took))
    for each in loads.values():
        each.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="turns of each number of gateways")
    rounds = parser.parse_args().rounds
    RUN.mkdir(parents=True, exist_ok=True)
    ports = [stack.free_port() for _ in range(REPLICAS)]
    fronts = {count: stack.free_port() for count in range(1, REPLICAS + 1)}
    started = []
    try:
        for process in processes(ports, fronts):
            process.wait_ready()
            started.append(process)
        pids = [process.child.pid for process in started[1:]]
        print(f"medians of {rounds} interleaved turns; one worker each; {os.cpu_count()} cores for all, load {os.getloadavg()[0]:.1f}")
        print(f"{'prompt':>8} {'gateways':>9} {'front, us':>10} {'gateways, us':>13} {'requests/s':>11} {'one core each':>14}")
        for size in TURNS:
            for count, turns in measure(pids, fronts, size, rounds).items():
                front, gateways, rate = (statistics.median(column) for column in zip(*turns))
                # Each gateway has a core, and so has the front: the slower of the two says how many go through.
                possible = min(count * 1e6 / gateways, 1e6 / front)
                print(f"{size:>8} {count:>9} {front:>10.1f} {gateways:>13.1f} {rate:>11.0f} {possible:>14.0f}")
        print("one core each: reckoned from the processor times, not measured: what goes through where each has a core of its own")
    finally:
        for process in reversed(started):
            process.stop()


if __name__ == "__main__":
    main()
