"""Which model serves what: profiles, capabilities, overrides, promotions, pinned names."""

import json

import pytest

from gateway import RECORDED, user

GREETING = "Hello!"
PROOF = "Prove the theorem by induction, step by step, and derive the contradiction."
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}


def upstream(name):
    return RECORDED[name]["upstream_model"]


@pytest.mark.parametrize(("virtual", "profile", "model"), [
    ("smart/auto", "auto", "gpt-5.4-nano"),
    ("smart/eco", "eco", "gpt-5-nano"),
    ("smart/agentic", "agentic", "gpt-5.4-mini"),
    # Not defined: each tier has what auto has for the next higher one.
    ("smart/premium", "premium", "deepseek/deepseek-v4-pro"),
])
def test_a_profile_has_its_own_table(gateway, client, virtual, profile, model):
    answer = client.post(f"{gateway.url}/v1/chat/completions", json={"model": virtual, "messages": user(GREETING)})
    assert answer.json()["model"] == model
    assert answer.headers["x-tiergate-profile"] == profile


CALL = {"role": "assistant", "content": None, "tool_calls": [
    {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}
ANSWER = {"role": "tool", "tool_call_id": "c", "content": "42"}


@pytest.mark.parametrize(("messages", "profile", "model"), [
    # Some front ends offer tools with every chat.
    (user(GREETING), "auto", "gpt-5.4-nano"),
    # One run of tools keeps its profile, and with it its model.
    ([*user(GREETING), CALL, ANSWER], "auto", "gpt-5.4-nano"),
    ([*user(GREETING), CALL, ANSWER, {"role": "assistant", "content": "Done."}, *user(GREETING)], "agentic", "gpt-5.4-mini"),
])
def test_tools_that_were_used_make_auto_agentic(gateway, client, messages, profile, model):
    body = {"model": "smart/auto", "messages": messages, "tools": [TOOL]}
    answer = client.post(f"{gateway.url}/v1/chat/completions", json=body)
    assert answer.headers["x-tiergate-profile"] == profile
    assert answer.json()["model"] == model


def test_an_agentic_task_makes_auto_agentic(gateway, client):
    prompt = "Read the file, edit the config, run the tests, fix the failing ones, commit and deploy."
    answer = client.post(f"{gateway.url}/v1/chat/completions", json={"model": "smart/auto", "messages": user(prompt)})
    assert answer.headers["x-tiergate-profile"] == "agentic"
    assert answer.json()["model"] == answer.headers["x-tiergate-model"]


def test_a_profile_and_a_name_of_ones_own(send):
    for_profile, _ = send({"model": "my-router", "messages": user(GREETING)})
    assert for_profile.headers["x-tiergate-profile"] == "recorded"
    assert for_profile.headers["x-tiergate-model"] == "recorded-small"


@pytest.mark.parametrize(("more", "model"), [
    ({"tools": [TOOL]}, "recorded-medium"),  # recorded-small takes no tools
    ({"messages": user([{"type": "text", "text": GREETING}, IMAGE])}, "recorded-large"),  # nobody below sees
])
def test_a_model_that_cannot_do_it_is_passed_over(send, more, model):
    answer, request = send({"model": "smart/recorded", "messages": user(GREETING)} | more)
    assert answer.headers["x-tiergate-model"] == model
    assert json.loads(request.body)["model"] == upstream(model)
    assert answer.headers["x-tiergate-cause"] == "capability"


def test_a_proof_is_reasoning(send):
    answer, request = send({"model": "smart/recorded", "messages": user(PROOF)})
    assert answer.headers["x-tiergate-tier"] == "REASONING"
    assert answer.headers["x-tiergate-cause"] == "score"
    assert 0.5 < float(answer.headers["x-tiergate-confidence"]) <= 1
    # The name needs escaping inside JSON; the upstream reads it as it is configured.
    assert json.loads(request.body)["model"] == upstream("recorded-thinker")


def test_a_long_context_gives_complex(send):
    history = [{"role": "user", "content": "word " * 120_000}, {"role": "assistant", "content": "I see."}]
    answer, _ = send({"model": "smart/recorded", "messages": history + user(GREETING)})
    assert answer.headers["x-tiergate-tier"] == "COMPLEX"
    assert answer.headers["x-tiergate-cause"] == "override_context"


@pytest.mark.parametrize("more", [
    {"messages": [{"role": "system", "content": "Answer in JSON only."}, *user(GREETING)]},
    {"messages": user(GREETING), "response_format": {"type": "json_object"}},
])
def test_structured_output_is_at_least_medium(send, more):
    answer, _ = send({"model": "smart/recorded"} | more)
    assert answer.headers["x-tiergate-tier"] == "MEDIUM"
    assert answer.headers["x-tiergate-cause"] == "floor_structured"


def test_the_newest_ask_is_judged(send):
    answer, _ = send({"model": "smart/recorded", "messages": [
        *user(PROOF), {"role": "assistant", "content": "Q.E.D."}, *user("Thanks!")]})
    assert answer.headers["x-tiergate-tier"] == "SIMPLE"


def test_a_promotion_holds_in_its_window_only(send):
    answer, request = send({"model": "smart/recorded", "messages": user(GREETING),
                            "response_format": {"type": "json_object"}}, listener="basic")
    assert answer.headers["x-tiergate-tier"] == "MEDIUM"
    assert answer.headers["x-tiergate-model"] == "promoted"
    assert json.loads(request.body)["model"] == "promoted"


def test_a_promotion_that_is_over_changes_nothing(send):
    answer, _ = send({"model": "smart/recorded", "messages": user(GREETING)}, listener="basic")
    assert answer.headers["x-tiergate-model"] == "recorded-small"


@pytest.mark.parametrize("name", ["house", "our-model"])
def test_a_pinned_model_finds_its_cluster(send, name):
    """The default cluster is LiteLLM here; the recorder got it, so the table was used. The body is the client's but for the
    name, which is the upstream's."""
    body = json.dumps({"model": name, "messages": user(PROOF)}).encode()
    answer, request = send(body)
    assert request.body == body.replace(name.encode(), b"house-upstream")
    assert request.one("x-tiergate-cluster") == "recorder"
    assert answer.headers["x-tiergate-cause"] == "pinned"
    assert "x-tiergate-tier" not in answer.headers


def test_a_pinned_model_that_nobody_knows_goes_to_the_default_cluster(send):
    answer, request = send({"model": "somebody-elses-model", "messages": user(GREETING)}, listener="basic")
    assert answer.headers["x-tiergate-cause"] == "pinned"
    assert request.one("x-tiergate-cluster") == "recorder"


def test_savings_are_told_against_the_baseline(send):
    small, _ = send({"model": "smart/recorded", "messages": user(GREETING)})
    assert 0.8 < float(small.headers["x-tiergate-savings"]) < 1.0
    assert 0 <= float(small.headers["x-tiergate-score"]) < 0.5
