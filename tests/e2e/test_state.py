"""Requests that go on from an answer that its provider keeps, over several workers."""

import pytest

from fallbacks import FIRST, SECOND, UPSTREAM, WIDE, Fallbacks, document
from faulty import Faulty

PROOF = "Prove the theorem step by step and derive the formal proof by contradiction."
ALICE, MALLORY = ({"authorization": f"Bearer sk-{name}"} for name in ("alice", "mallory"))


@pytest.fixture(scope="module")
def running(gateway, tmp_path_factory):
    tiers = {"SIMPLE": [FIRST, WIDE], "MEDIUM": [SECOND], "COMPLEX": [WIDE], "REASONING": [WIDE, SECOND]}
    tiergate = document(tiers=tiers)
    tiergate["fallbacks"]["general"] = {FIRST: [WIDE]}
    with Faulty() as faulty, Fallbacks(
        gateway, tmp_path_factory.mktemp("state"), faulty, workers=4, tiergate=tiergate
    ) as running:
        yield running
        assert running.deaths() == 0


def ask(running: Fallbacks, headers: dict, **fields) -> tuple[int, str, str, str]:
    """Status, id, model, cause."""
    answer = running.client.post(f"{running.url}/v1/responses", json={"model": "smart/auto"} | fields, headers=headers)
    told = {name: answer.headers.get(f"x-tiergate-{name}") for name in ("model", "cause")}
    return answer.status_code, answer.json().get("id"), told["model"], told["cause"]


def tool_answer(previous: str) -> dict:
    output = [{"type": "function_call_output", "call_id": "c", "output": "42"}]
    return {"previous_response_id": previous, "input": output}


def test_what_goes_on_from_an_answer_goes_to_its_model_in_every_worker(running):
    running.faulty.be()
    _, hard, model, cause = ask(running, ALICE, input=PROOF)
    assert (model, cause) == (WIDE, "score")
    _, easy, model, _ = ask(running, ALICE, input="Hello!")
    assert model == FIRST
    for _ in range(8):
        assert ask(running, ALICE, input="go on", previous_response_id=hard)[2:] == (WIDE, "state")
        assert ask(running, ALICE, **tool_answer(hard))[2:] == (WIDE, "state")
        assert ask(running, ALICE, **tool_answer(easy))[2:] == (FIRST, "state")
    _, on, model, _ = ask(running, ALICE, **tool_answer(hard))
    assert ask(running, ALICE, **tool_answer(on))[2:] == (WIDE, "state"), "and so on"


def test_it_goes_to_the_model_that_served_and_to_no_other_provider(running):
    running.faulty.be(**{UPSTREAM[FIRST]: "500"})
    _, answer, model, _ = ask(running, ALICE, input="Hello!")
    assert model == WIDE, "its fallback"
    running.faulty.be()
    assert ask(running, ALICE, **tool_answer(answer))[2:] == (WIDE, "state")
    _, answer, model, _ = ask(running, ALICE, input="Hello!")
    assert model == FIRST
    running.faulty.be(**{UPSTREAM[FIRST]: "500"})
    status, *_ = ask(running, ALICE, **tool_answer(answer))
    assert status == 500, "nobody else knows it, whatever chain is configured"


def test_another_client_s_answers_are_not_known(running):
    running.faulty.be()
    _, hard, *_ = ask(running, ALICE, input=PROOF)
    assert ask(running, MALLORY, **tool_answer(hard))[2:] == (SECOND, "unknown_state"), "the default model"
