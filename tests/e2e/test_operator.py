"""Rules of the operator, hints of trusted clients, policies and budgets of tenants, names of response headers."""

import pytest

from fallbacks import FIRST, SECOND, UPSTREAM, WIDE, Fallbacks, document
from faulty import Faulty
from gateway import stacks, user

TIERS = {"SIMPLE": [FIRST], "MEDIUM": [SECOND], "COMPLEX": [WIDE], "REASONING": [WIDE]}
EASY = "What is the capital of France?"
PROOF = "Prove the theorem step by step and derive the formal proof by contradiction."
SECRET = {"x-hint-key": "correct horse battery"}


def ruled(**more) -> dict:
    return document(
        tiers=TIERS,
        routing_rules=[
            {"name": "law", "keywords": ["NDA", "contract law"], "tier": "COMPLEX"},
            {"name": "ticket", "regex": r"(?i)ticket-\d+", "model": SECOND},
            {"name": "interns", "headers": {"x-team": ["interns"]}, "max_tier": "SIMPLE"},
        ],
        client_hints={"header": "x-hint-key", "value": SECRET["x-hint-key"]},
        tenants={"header": "x-tenant", "policies": {
            "acme": {"allow": [FIRST, SECOND]},
            "frugal": {"max_tier": "MEDIUM"},
            # Some hundred tokens at the dearest model; an answer of a thousand is assumed.
            "poor": {"daily_budget_usd": 0.02},
        }},
    ) | more


@pytest.fixture(scope="module")
def shared(gateway, tmp_path_factory):
    with Faulty() as faulty, Fallbacks(
        gateway, tmp_path_factory.mktemp("operator"), faulty, workers=2, tiergate=ruled()
    ) as running:
        yield running


@pytest.fixture
def running(shared):
    yield from shared.surviving()


def ask(running, prompt: str, headers: dict | None = None, model: str = "smart/auto"):
    body = {"model": model, "messages": user(prompt)}
    return running.client.post(f"{running.url}/v1/chat/completions", json=body, headers=headers or {})


def told(answer) -> tuple[str, str]:
    assert answer.status_code == 200, answer.text
    return answer.headers["x-tiergate-model"], answer.headers["x-tiergate-cause"]


def test_rules_on_words_and_headers(running):
    answer = ask(running, "Please review this NDA.")
    assert (told(answer), answer.headers["x-tiergate-rule"]) == ((WIDE, "rule"), "law")
    assert answer.headers["x-tiergate-tier"] == "COMPLEX"
    assert told(ask(running, "Look into TICKET-4711")) == (SECOND, "rule")
    assert told(ask(running, PROOF, {"x-team": "interns"})) == (FIRST, "rule")
    assert "x-tiergate-rule" not in ask(running, EASY).headers


def test_hints_need_trust_and_reach_nobody_behind(running):
    hint = {"x-tiergate-min-tier": "COMPLEX"}
    assert told(ask(running, EASY, hint)) == (FIRST, "score")
    assert told(ask(running, EASY, hint | {"x-hint-key": "wrong horse"})) == (FIRST, "score")
    before = len(running.faulty.asked)
    assert told(ask(running, EASY, hint | SECRET)) == (WIDE, "hint")
    assert told(ask(running, PROOF, {"x-tiergate-max-tier": "SIMPLE"} | SECRET)) == (FIRST, "hint")
    assert told(ask(running, EASY, {"x-tiergate-bias": "1"} | SECRET)) == (SECOND, "hint")
    for asked in running.faulty.asked[before:]:
        assert not {"x-hint-key", "x-tiergate-min-tier", "x-tiergate-max-tier", "x-tiergate-bias"} & set(asked.headers)


def test_networks_are_trusted(gateway, tmp_path):
    tiergate = ruled(client_hints={"networks": ["127.0.0.0/8"]})
    with Faulty() as faulty, Fallbacks(gateway, tmp_path, faulty, workers=1, tiergate=tiergate) as running:
        assert told(ask(running, EASY, {"x-tiergate-min-tier": "COMPLEX"})) == (WIDE, "hint")


def test_a_tenant_is_served_by_what_it_may_use(running):
    acme = {"x-tenant": "acme"}
    assert told(ask(running, PROOF, acme))[0] == SECOND
    refused = ask(running, EASY, acme, model=WIDE)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "model_not_allowed")
    assert told(ask(running, EASY, acme, model=FIRST)) == (FIRST, "pinned")
    assert told(ask(running, PROOF, {"x-tenant": "frugal"})) == (SECOND, "tenant")
    # Nor by another one when what it may use fails.
    running.faulty.be(**{UPSTREAM[FIRST]: "500", UPSTREAM[SECOND]: "500"})
    assert ask(running, PROOF, acme).status_code == 500


def test_a_budget_that_is_used_up_lowers_the_tier_for_all_workers(running):
    poor = {"x-tenant": "poor"}
    assert told(ask(running, PROOF, poor)) == (WIDE, "score")
    stacks.wait_until(lambda: {told(ask(running, PROOF, poor)) for _ in range(8)} == {(FIRST, "budget")}, 20,
                      "every worker knows that it is used up")
    assert told(ask(running, PROOF)) == (WIDE, "score"), "others are served as before"


def test_response_headers_have_other_names(gateway, tmp_path):
    tiergate = ruled(headers={"response": "full", "response_preset": "smart_router",
                              "response_names": {"cause": "x-why"}})
    with Faulty() as faulty, Fallbacks(gateway, tmp_path, faulty, workers=1, tiergate=tiergate) as running:
        faulty.be(**{UPSTREAM[WIDE]: "500"})
        answer = ask(running, EASY)
        assert answer.headers["x-smart-router-model"] == FIRST
        assert answer.headers["x-smart-router-tier"] == "SIMPLE"
        assert answer.headers["x-why"] == "score"
        assert not {"x-tiergate-model", "x-tiergate-tier", "x-tiergate-cause"} & set(answer.headers)
        assert ask(running, PROOF).headers["x-smart-router-model"] == SECOND, "who served in its place"
