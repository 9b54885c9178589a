"""Three gateways that share nothing, behind one address: one feed, one upstream, the same decisions; and none of the requests
is lost while one is killed or replaced."""

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from feed import Feed, document
from gateway import stacks, user
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


class Replica:
    """One gateway: an Envoy of its own."""

    def __init__(self, directory, number: int, recorder_port: int, feed_port: int, port: int = 0):
        self.port, self.admin = port or stacks.free_port(), stacks.free_port()
        envoy = stacks.demo_envoy(port=self.port, admin_port=self.admin, litellm_port=recorder_port,
                                  signals_port=stacks.free_port())
        listeners, clusters = envoy["static_resources"]["listeners"], envoy["static_resources"]["clusters"]
        listeners[:] = [each for each in listeners if each["name"] == "gateway"]
        stacks.set_tiergate_configuration(listeners[0], DOCUMENT)
        clusters[:] = [stacks.cluster("recorder", recorder_port), stacks.cluster("feed", feed_port)]
        self.process = stacks.envoy_process(directory, envoy, concurrency=1, name=f"replica{number}")
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self):
        self.process.start()
        return self

    def ready(self):
        self.process.wait_ready()
        return self


def front(directory, replicas):
    """The one address: an Envoy that spreads requests, leaves out who does not answer, and asks another then."""
    port, admin = stacks.free_port(), stacks.free_port()
    cluster = stacks.cluster("replicas", 1) | {
        "connect_timeout": "1s",
        "lb_policy": "ROUND_ROBIN",
        "health_checks": [{"http_health_check": {"path": "/health"}, "interval": "0.2s", "timeout": "1s",
                           "unhealthy_threshold": 2, "healthy_threshold": 1}],
        # Envoy's own limit is three retries at a time, which a dead gateway uses up at once.
        "circuit_breakers": {"thresholds": [{"retry_budget": {"budget_percent": {"value": 100},
                                                              "min_retry_concurrency": 100}}]},
        "outlier_detection": {"consecutive_local_origin_failure": 2, "split_external_local_origin_errors": True,
                              "interval": "0.5s", "base_ejection_time": "1s", "max_ejection_percent": 50},
    }
    cluster["load_assignment"]["endpoints"] = [
        {"lb_endpoints": [{"endpoint": {"address": stacks.address(each.port)}} for each in replicas]}]
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
            "clusters": [cluster]},
    }
    return stacks.envoy_process(directory, envoy, concurrency=1, name="front"), f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """The replicas, the address in front of them, and what they are made of, to make another."""
    directory = tmp_path_factory.mktemp("fleet")
    recorder = Recorder()
    with Feed(document({"mid": "stable", "mid-too": "surging"})) as feed:
        made = (directory, recorder.port, feed.port)
        replicas = [Replica(directory, number, recorder.port, feed.port).start() for number in range(REPLICAS)]
        process, url = front(directory, replicas)
        try:
            for each in replicas:
                each.ready()
            process.start()
            process.wait_ready()
            yield replicas, url, made
        finally:
            process.stop()
            for each in replicas:
                each.process.stop()
            recorder.refuse()


CLIENT = httpx.Client(trust_env=False, timeout=60)


def ask(url: str, messages, model: str = "smart/auto", client: str = "one") -> tuple[str, ...]:
    """Who was chosen, the tier, why, and how sure."""
    answer = CLIENT.post(f"{url}/v1/chat/completions", json={"model": model, "messages": messages},
                         headers={"x-test-id": uuid.uuid4().hex, "authorization": f"Bearer {client}"})
    assert answer.status_code == 200, answer.text
    return tuple(answer.headers.get(f"x-tiergate-{name}", "") for name in ("model", "tier", "cause", "confidence"))


def test_each_replica_decides_the_same(fleet):
    replicas, _, _ = fleet
    for each in replicas:  # each fetches the feed for itself; who has asked before it came is held by the other model
        stacks.wait_until(lambda each=each: ask(each.url, user(PROMPTS[4]), client=uuid.uuid4().hex)[0] == "mid-too", 60,
                          "the feed")
    for prompt in PROMPTS:
        assert len({ask(each.url, user(prompt)) for each in replicas}) == 1, prompt
    for number in range(12):
        assert len({ask(each.url, user(f"Is {number} prime?"), "several") for each in replicas}) == 1


def test_the_share_of_a_roll_out_is_the_same_conversations_everywhere(fleet):
    replicas, _, _ = fleet
    conversations = [user(f"Is {number} a prime number?") for number in range(120)]

    def routed(each):
        return {number for number, turns in enumerate(conversations) if ask(each.url, turns, "smart/part")[2] != "control"}

    first, *others = [routed(each) for each in replicas]
    assert all(each == first for each in others)
    assert 0.18 < len(first) / len(conversations) < 0.42


def test_a_conversation_that_moves_keeps_its_model(fleet):
    replicas, _, _ = fleet
    turns = user(PROOF)
    assert ask(replicas[0].url, turns)[0] == "top"
    for number, prompt in enumerate(["What is the capital of France?", "What is the capital of Italy?", "What is 2 + 2?"], 1):
        turns = [*turns, {"role": "assistant", "content": "Done."}, *user(prompt)]
        model, tier, cause, _ = ask(replicas[number % REPLICAS].url, turns)
        assert (model, tier, cause) == ("top", "REASONING", "session"), prompt


def test_none_is_lost_while_one_is_killed_and_one_is_replaced(fleet):
    replicas, url, made = fleet
    directory, recorder_port, feed_port = made
    stop, lock, lost, served = threading.Event(), threading.Lock(), [], [0]

    def load():
        with httpx.Client(trust_env=False, timeout=60) as client:
            while not stop.is_set():
                answer = client.post(f"{url}/v1/chat/completions", json={"model": "smart/auto", "messages": user("Hello!")},
                                     headers={"x-test-id": uuid.uuid4().hex})
                with lock:
                    served[0] += 1
                    if answer.status_code != 200 or json.loads(answer.content)["model"] != "low":
                        lost.append(answer.text)

    def more(count: int) -> None:
        target = served[0] + count
        stacks.wait_until(lambda: served[0] >= target, 60, f"{count} more answers")

    with ThreadPoolExecutor(4) as pool:
        loads = [pool.submit(load) for _ in range(4)]
        try:
            more(100)
            replicas[0].process.child.kill()
            more(200)
            # An update: it says first that it is going, and goes when nobody sends it anything new.
            httpx.post(f"http://127.0.0.1:{replicas[1].admin}/healthcheck/fail", trust_env=False)
            more(200)
            replicas[1].process.stop()
            replicas[1] = Replica(directory, 1, recorder_port, feed_port, replicas[1].port).start().ready()
            more(100)
        finally:
            stop.set()
        for each in loads:
            each.result()
    assert lost == [] and served[0] >= 600
