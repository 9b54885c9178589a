"""Fallbacks across two providers: examples/providers/envoy.yaml with a faulty upstream for each."""

import uuid

import pytest

from faulty import ERRORS, Asked, Faulty
from gateway import stacks, user
from momentum import Running

EXAMPLE = stacks.ROOT / "examples" / "providers" / "envoy.yaml"
pytestmark = pytest.mark.skipif(stacks.envoy_version() < (1, 37), reason="composite clusters")


class Providers(Running):
    """The example, with these two as its providers."""

    def __init__(self, directory, first: Faulty, second: Faulty, change=lambda document: None):
        self.providers = {"first": first, "second": second}
        envoy = stacks.load_yaml(EXAMPLE)
        stacks.set_port(envoy["admin"], stacks.free_port())
        stacks.set_port(stacks.listener(envoy), stacks.free_port())
        stacks.set_module(envoy, stacks.WASM)
        for each in envoy["static_resources"]["clusters"]:
            for name, upstream in self.providers.items():
                if each["name"] == f"{name}-provider":
                    stacks.set_upstream(each, stacks.address(upstream.port))
        documents = [stacks.tiergate_configuration(stacks.listener(envoy))]
        documents += [each["configuration"]["value"] for each in stacks.attempt_plugins(envoy)]
        for each in documents:
            change(each)
        super().__init__(directory, envoy, workers=2)

    def ask(self, **more):
        """The answer, and what each provider was asked."""
        test_id = uuid.uuid4().hex
        body = {"model": "smart/auto", "messages": user("Hello!")} | more
        answer = self.client.post(f"{self.url}/v1/chat/completions", json=body, headers={"x-test-id": test_id})
        return answer, {name: provider.of(test_id) for name, provider in self.providers.items()}


def models(asked: dict[str, list[Asked]]) -> dict[str, list[str]]:
    return {name: [each.model for each in requests] for name, requests in asked.items()}


@pytest.fixture(scope="module")
def providers(tmp_path_factory):
    with Faulty() as first, Faulty() as second, Providers(tmp_path_factory.mktemp("providers"), first, second) as running:
        yield running
        assert running.deaths() == 0


@pytest.fixture(autouse=True)
def well(providers):
    for each in providers.providers.values():
        each.be()


def test_each_model_is_asked_of_its_own_provider(providers):
    answer, asked = providers.ask()
    assert (answer.json()["model"], models(asked)) == ("small", {"first": ["small"], "second": []})
    answer, asked = providers.ask(model="other-large")
    assert (answer.json()["model"], models(asked)) == ("other-large", {"first": [], "second": ["other-large"]})


@pytest.mark.parametrize("mode", ["500", "429", "reset", "context", "policy"])
def test_the_other_provider_answers(providers, mode):
    providers.providers["first"].be(small=mode)
    answer, asked = providers.ask()
    model = "other-large" if mode == "context" else "other-small"
    assert (answer.status_code, answer.json()["model"]) == (200, model)
    assert models(asked) == {"first": ["small"], "second": [model]}
    assert answer.headers["x-tiergate-model"] == model
    assert answer.headers["x-tiergate-attempts"] == "2"
    (second,) = asked["second"]
    assert second.headers["host"] == ["second.example"], "each provider is asked by its own name"


def test_a_provider_that_is_gone_altogether(providers):
    providers.providers["first"].be(**{name: "500" for name in ("small", "large")})
    for prompt in ("Hello!", "Prove step by step that there are infinitely many primes."):
        answer, asked = providers.ask(messages=user(prompt))
        assert answer.status_code == 200
        assert all(model.startswith("other") for model in models(asked)["second"])
        assert len(asked["second"]) == 1


def test_four_attempts_alternate_and_no_provider_sees_a_model_of_the_other(providers):
    for each in providers.providers.values():
        each.be(**{name: "500" for name in ("small", "large", "other-small", "other-large")})
    answer, asked = providers.ask()
    assert (answer.status_code, answer.json()) == (500, ERRORS["500"][2])
    seen = models(asked)
    assert [len(each) for each in seen.values()] == [2, 2]
    assert set(seen["first"]) <= {"small", "large"} and set(seen["second"]) <= {"other-small", "other-large"}


def test_a_model_that_is_asked_again_is_asked_as_at_first(tmp_path):
    def change(document: dict) -> None:
        document["tiers"] = {tier: ["small", "other-small"] for tier in document["tiers"]}

    with Faulty() as first, Faulty() as second, Providers(tmp_path, first, second, change) as running:
        first.be(small="500")
        second.be(**{"other-small": "503"})
        answer, asked = running.ask()
        assert models(asked) == {"first": ["small", "small"], "second": ["other-small", "other-small"]}
        for each in asked["first"] + asked["second"]:
            assert each.headers["content-length"] == [str(len(each.body))]
            assert each.headers["x-tiergate-model"] == [each.model]
        once, again = asked["first"]
        assert once.body == again.body
        assert (answer.status_code, answer.headers["x-tiergate-model"]) == (503, "other-small")
        assert answer.headers["x-tiergate-attempts"] == "4"
        assert running.deaths() == 0


def test_where_the_next_provider_has_no_model_for_it_the_client_is_told(tmp_path):
    """The next attempt would reach a provider that has none of the request's models: the first one's error is the answer."""
    def change(document: dict) -> None:
        document["tiers"] = {tier: ["small", "large"] for tier in document["tiers"]}

    with Faulty() as first, Faulty() as second, Providers(tmp_path, first, second, change) as running:
        first.be(small="500")
        answer, asked = running.ask()
        assert (answer.status_code, answer.json()["error"]["message"]) == (500, "oops")
        assert models(asked) == {"first": ["small"], "second": []}
        first.be()
        assert running.ask()[0].json()["model"] == "small"
        assert running.deaths() == 0
