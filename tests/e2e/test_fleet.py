"""Three gateways that share nothing, each in a network namespace of its own, behind one address: one feed, one upstream, the
same decisions; and none of the requests is lost while one is killed, cut off or updated. Who may not make namespaces has them
on ports of loopback, and a warning says why. The one address is a fourth Envoy, on this side of the namespaces."""

import copy
import json
import threading
import uuid
import warnings
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from feed import Feed, document
from gateway import stacks, user
from places import Loopback, places
from recorder import Recorder

REPLICAS = 3
PROMPTS = [
    "Hello!", "What is the capital of France?", "Translate to German: good morning", "Fix the typo: teh",
    "Write a Python function that reads a CSV file and removes duplicate rows, with tests.",
    "Design a distributed rate limiter for three regions; discuss consistency and failure.",
    "Prove step by step that there are infinitely many primes, by contradiction.",
    "Summarise the causes of the First World War in two sentences.", "1+1?", "日本の首都はどこですか?",
]
PROOF = PROMPTS[6]
DOCUMENT = {
    "default_cluster": "recorder",
    "filter_state": True,
    "headers": {"response": "full"},
    "models": {name: {"input_price": 1, "output_price": 1} for name in ("low", "mid", "mid-too", "high", "top")},
    "profiles": {
        "auto": {"tiers": {"SIMPLE": "low", "MEDIUM": ["mid", "mid-too"], "COMPLEX": "high", "REASONING": "top"},
                 "strategy": "momentum"},
        "part": {"tiers": {"SIMPLE": "low", "MEDIUM": "mid", "COMPLEX": "high", "REASONING": "top"}, "percent": 30,
                 "default_model": "top"},
    },
    "groups": {"several": {"models": ["low", "mid", "high"], "strategy": "weighted"}},
    "session": {"mode": "derived"},
    "signals": {"cluster": "feed", "path": "/feed", "fresh_seconds": 300},
}


def at(host: str, port: int) -> dict:
    return {"socket_address": {"address": host, "port_value": port}}


def cluster(name: str, host: str, port: int) -> dict:
    made = stacks.cluster(name, port)
    stacks.set_upstream(made, at(host, port))
    return made


class Fleet:
    """What replicas are made of, and those that run."""

    def __init__(self, directory, place, recorder_port: int, feed_port: int):
        self.directory, self.place, self.recorder_port, self.feed_port = directory, place, recorder_port, feed_port
        self.addresses = [place.addresses(number) for number in range(REPLICAS)]
        self.replicas = [Replica(self, number, DOCUMENT, stacks.WASM).start() for number in range(REPLICAS)]
        self.url, self.admin = "", 0  # of the one in front

    def healthy(self) -> int:
        """How many replicas the one in front takes for well."""
        stats = stacks.http_get(f"http://127.0.0.1:{self.admin}/stats?filter=replicas.membership_healthy")[1]
        return int(stats.rpartition(":")[2])

    def __getitem__(self, number: int) -> "Replica":
        return self.replicas[number]

    def __iter__(self):
        return iter(self.replicas)

    def replace(self, number: int, document: dict, module) -> None:
        """Another one in the same place."""
        self.replicas[number].process.stop()
        self.replicas[number] = Replica(self, number, document, module).start().ready()


class Replica:
    """One gateway: an Envoy of its own."""

    def __init__(self, fleet: Fleet, number: int, document: dict, module):
        self.host, self.port, self.admin = fleet.addresses[number]
        envoy = stacks.demo_envoy(port=self.port, admin_port=self.admin, litellm_port=fleet.recorder_port,
                                  signals_port=stacks.free_port())
        listeners, clusters = envoy["static_resources"]["listeners"], envoy["static_resources"]["clusters"]
        listeners[:] = [each for each in listeners if each["name"] == "gateway"]
        listeners[0]["address"], envoy["admin"]["address"] = at(self.host, self.port), at(self.host, self.admin)
        stacks.set_tiergate_configuration(listeners[0], document)
        stacks.set_module(envoy, module)
        clusters[:] = [cluster("recorder", fleet.place.upstream, fleet.recorder_port),
                       cluster("feed", fleet.place.upstream, fleet.feed_port)]
        self.process = stacks.envoy_process(fleet.directory, envoy, concurrency=1, name=f"replica{number}")
        self.process.command[:0] = fleet.place.command(number)
        self.process.ready_url = f"http://{self.host}:{self.admin}/ready"
        self.url = f"http://{self.host}:{self.port}"

    def start(self):
        self.process.start()
        return self

    def ready(self):
        self.process.wait_ready()
        return self


def front(directory, replicas):
    """The one address: an Envoy that spreads requests, leaves out who does not answer, and asks another then."""
    port, admin = stacks.free_port(), stacks.free_port()
    upstream = stacks.cluster("replicas", 1) | {
        "connect_timeout": "1s",
        "lb_policy": "ROUND_ROBIN",
        "health_checks": [{"http_health_check": {"path": "/health"}, "interval": "0.2s", "timeout": "1s",
                           "unhealthy_threshold": 2, "healthy_threshold": 1}],
        # Who is cut off refuses nothing: requests under way there would wait for their whole timeout. HTTP/2 asks whether
        # the other side is there, also while an answer is awaited.
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {"connection_keepalive": {"interval": "1s", "timeout": "2s"}}}}},
        # Envoy's own limit is three retries at a time, which a dead gateway uses up at once.
        "circuit_breakers": {"thresholds": [{"retry_budget": {"budget_percent": {"value": 100},
                                                              "min_retry_concurrency": 100}}]},
        "outlier_detection": {"consecutive_local_origin_failure": 2, "split_external_local_origin_errors": True,
                              "interval": "0.5s", "base_ejection_time": "1s", "max_ejection_percent": 50},
    }
    upstream["load_assignment"]["endpoints"] = [
        {"lb_endpoints": [{"endpoint": {"address": at(each.host, each.port)}} for each in replicas]}]
    route = {"cluster": "replicas", "timeout": "30s", "retry_policy": {
        "retry_on": "connect-failure,refused-stream,reset", "num_retries": 4,
        "retry_host_predicate": [{"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"}}],
        "host_selection_retry_max_attempts": 5}}
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "front",
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"],
                                            "routes": [{"match": {"prefix": "/"}, "route": route}]}]},
    }
    envoy = {
        "admin": {"address": stacks.address(admin)},
        "static_resources": {
            "listeners": [{"name": "front", "address": stacks.address(port), "filter_chains": [
                {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}],
            "clusters": [upstream]},
    }
    return stacks.envoy_process(directory, envoy, concurrency=1, name="front"), f"http://127.0.0.1:{port}", admin


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    directory = tmp_path_factory.mktemp("fleet")
    place, why = places(REPLICAS)
    if why:
        warnings.warn(f"the fleet runs on {place.what}: {why}", stacklevel=1)
    recorder = Recorder(place.upstream)
    try:
        with Feed(document({"mid": "stable", "mid-too": "surging"}), place.upstream) as feed:
            made = Fleet(directory, place, recorder.port, feed.port)
            process, made.url, made.admin = front(directory, made.replicas)
            try:
                for each in made:
                    each.ready()
                process.start()
                process.wait_ready()
                yield made
            finally:
                process.stop()
                for each in made:
                    each.process.stop()
    finally:
        recorder.refuse()
        place.close()


CLIENT = httpx.Client(trust_env=False, timeout=60)


def ask(url: str, messages, model: str = "smart/auto", client: str = "one") -> tuple[str, ...]:
    """Who was chosen, the tier, why, and how sure."""
    answer = CLIENT.post(f"{url}/v1/chat/completions", json={"model": model, "messages": messages},
                         headers={"x-test-id": uuid.uuid4().hex, "authorization": f"Bearer {client}"})
    assert answer.status_code == 200, answer.text
    return tuple(answer.headers.get(f"x-tiergate-{name}", "") for name in ("model", "tier", "cause", "confidence"))


def test_each_replica_decides_the_same(fleet):
    for each in fleet:  # each fetches the feed for itself; who has asked before it came is held by the other model
        stacks.wait_until(lambda each=each: ask(each.url, user(PROMPTS[4]), client=uuid.uuid4().hex)[0] == "mid-too", 60,
                          "the feed")
    for prompt in PROMPTS:
        urls = [*(each.url for each in fleet), *[fleet.url] * REPLICAS]
        assert len({ask(url, user(prompt)) for url in urls}) == 1, prompt
    for number in range(12):
        assert len({ask(each.url, user(f"Is {number} prime?"), "several") for each in fleet}) == 1


def test_the_share_of_a_roll_out_is_the_same_conversations_everywhere(fleet):
    conversations = [user(f"Is {number} a prime number?") for number in range(120)]

    def routed(each):
        return {number for number, turns in enumerate(conversations) if ask(each.url, turns, "smart/part")[2] != "control"}

    first, *others = [routed(each) for each in fleet]
    assert all(each == first for each in others)
    assert 0.18 < len(first) / len(conversations) < 0.42


def test_a_conversation_that_moves_keeps_its_model(fleet):
    turns = user(PROOF)
    assert ask(fleet[0].url, turns)[0] == "top"
    for number, prompt in enumerate(["What is the capital of France?", "What is the capital of Italy?", "What is 2 + 2?"], 1):
        turns = [*turns, {"role": "assistant", "content": "Done."}, *user(prompt)]
        model, tier, cause, _ = ask(fleet[number % REPLICAS].url, turns)
        assert (model, tier, cause) == ("top", "REASONING", "session"), prompt


class Load:
    """Four clients that ask the one address without a pause, each in turns, and what came of it."""

    def __init__(self, url: str):
        self.url, self.stop, self.lock = url, threading.Event(), threading.Lock()
        self.lost, self.served, self.slowest = [], {}, 0.0

    def __enter__(self):
        self.pool = ThreadPoolExecutor(4)
        self.clients = [self.pool.submit(self.client) for _ in range(4)]
        return self

    def __exit__(self, *_):
        self.stop.set()
        for each in self.clients:
            each.result()
        self.pool.shutdown()

    def client(self):
        with httpx.Client(trust_env=False, timeout=60) as client:
            while not self.stop.is_set():
                answer = client.post(f"{self.url}/v1/chat/completions",
                                     json={"model": "smart/auto", "messages": user("Hello!")},
                                     headers={"x-test-id": uuid.uuid4().hex})
                model = json.loads(answer.content)["model"] if answer.status_code == 200 else ""
                with self.lock:
                    self.served[model] = self.served.get(model, 0) + 1
                    self.slowest = max(self.slowest, answer.elapsed.total_seconds())
                    if model not in ("low", "newer"):
                        self.lost.append(answer.text)

    def more(self, count: int, model: str = "low") -> None:
        """Waits until so many more have been served by this model."""
        target = self.served.get(model, 0) + count
        stacks.wait_until(lambda: self.served.get(model, 0) >= target, 60, f"{count} more answers of {model}")


def leave(replica: Replica) -> None:
    """It says that it is going; who asks for its health hears it, and sends nothing new."""
    httpx.post(f"http://{replica.host}:{replica.admin}/healthcheck/fail", trust_env=False).raise_for_status()


def test_none_is_lost_when_one_is_cut_off(fleet):
    if isinstance(fleet.place, Loopback):
        pytest.skip("on loopback there is no cable to pull")
    with Load(fleet.url) as load:
        load.more(200)
        fleet.place.unplug(2)
        load.more(400)
    assert load.lost == []
    # A question of HTTP/2 is not answered, and those that had asked there ask another: long before their own 30 s.
    assert load.slowest < 25
    fleet.place.plug(2)
    stacks.wait_until(lambda: fleet.healthy() == REPLICAS, 60, "the return of the one that was cut off")


def test_none_is_lost_while_one_is_killed_and_one_is_updated(fleet):
    # An update of both: another table, and another module, as Envoy tells modules apart: by their bytes.
    newer = copy.deepcopy(DOCUMENT)
    newer["models"]["newer"] = {"input_price": 1, "output_price": 1}
    newer["profiles"]["auto"]["tiers"]["SIMPLE"] = "newer"
    module = fleet.directory / "newer.wasm"
    module.write_bytes(stacks.WASM.read_bytes() + b"\x00\x06\x05newer")  # an empty section of its own
    with Load(fleet.url) as load:
        load.more(100)
        fleet[0].process.child.kill()
        load.more(200)
        leave(fleet[1])
        load.more(200)
        fleet.replace(1, newer, module)
        load.more(100, "newer")
        load.more(100, "low")
    assert load.lost == []
