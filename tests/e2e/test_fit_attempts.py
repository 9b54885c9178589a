"""Requests that fit each attempt's own model, and refusals that say nothing of a model's health."""

import json

import pytest

from fallbacks import FIRST, MODELS, SECOND, UPSTREAM, WIDE, Fallbacks, document
from faulty import Faulty
from gateway import stacks

ONE, TWO, THREE = (UPSTREAM[name] for name in (FIRST, SECOND, WIDE))
FAMILIES = {FIRST: "openai-reasoning", SECOND: "mistral", WIDE: "deepseek"}
ASKED = {"temperature": 0.1, "max_tokens": 50, "seed": 7, "reasoning_effort": "medium", "logit_bias": {"50256": -100},
         "top_p": 0.5}


def fitted(**more) -> dict:
    models = {name: entry | {"cluster": "faulty", "upstream_model": UPSTREAM[name], "family": FAMILIES[name]}
              for name, entry in MODELS.items()}
    return document(models=models, **more)


def parameters(asked) -> dict:
    """What a request says besides the conversation."""
    said = json.loads(asked.body)
    return {name: value for name, value in said.items() if name not in ("model", "messages", "user")}


def test_each_attempt_fits_its_own_model(gateway, tmp_path):
    """From the client's own body: what the first model does not take, the third one gets."""
    with Faulty() as faulty, Fallbacks(gateway, tmp_path, faulty, tiergate=fitted()) as running:
        faulty.be(**{ONE: "500", TWO: "503"})
        answer, asked = running.send(**ASKED)
        assert answer.status_code == 200, answer.text
        assert [each.model for each in asked] == [ONE, TWO, THREE]
        first, second, third = map(parameters, asked)
        # It reasons: no sampling, and another name for the limit.
        assert first == {"max_completion_tokens": 50, "seed": 7, "reasoning_effort": "medium"}
        # It knows no efforts, and calls the seed by another name.
        assert second == {"temperature": 0.1, "max_tokens": 50, "random_seed": 7, "top_p": 0.5}
        assert third == {"temperature": 0.1, "max_tokens": 50, "seed": 7, "reasoning_effort": "high", "top_p": 0.5,
                         "logit_bias": {"50256": -100}}
        for each in asked:
            assert each.headers.get("content-length", [str(len(each.body))]) == [str(len(each.body))]
        assert running.deaths() == 0


def test_beta_headers_stay_as_long_as_they_are_read(gateway, tmp_path):
    tiergate = fitted()
    tiergate["models"][FIRST]["family"] = "anthropic"
    with Faulty() as faulty, Fallbacks(gateway, tmp_path, faulty, tiergate=tiergate) as running:
        running.client.headers["anthropic-beta"] = "something-2026"
        faulty.be(**{ONE: "500"})
        _, (first, second) = running.send()
        assert first.headers["anthropic-beta"] == ["something-2026"]
        assert "anthropic-beta" not in second.headers and second.model == TWO

def test_a_model_that_is_asked_again_gets_the_same(gateway, tmp_path):
    tiers = {tier: [FIRST] for tier in ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")}
    with Faulty() as faulty, Fallbacks(gateway, tmp_path, faulty, tiergate=fitted(tiers=tiers)) as running:
        faulty.be(**{ONE: "503"})
        _, asked = running.send(**ASKED)
        assert len(asked) > 1 and len({each.body for each in asked}) == 1
        assert parameters(asked[-1]) == {"max_completion_tokens": 50, "seed": 7, "reasoning_effort": "medium"}


def test_a_pinned_model_is_not_edited_in_any_attempt(gateway, tmp_path):
    with Faulty() as faulty, Fallbacks(gateway, tmp_path, faulty, tiergate=fitted()) as running:
        faulty.be(**{ONE: "503", FIRST: "503"})
        _, asked = running.send(model=FIRST, **ASKED)
        assert asked and all(parameters(each) == ASKED for each in asked)


@pytest.mark.parametrize("attempts", [True, False])
def test_a_refused_parameter_says_nothing_of_health(gateway, tmp_path, attempts):
    tiergate = fitted(fit="off", fallbacks={"enabled": attempts}, live={"allowed_fails": 0})
    with Faulty() as faulty, Fallbacks(
        gateway, tmp_path, faulty, tiergate=tiergate, attempt_position=attempts
    ) as running:
        for mode in ("400", "422"):
            faulty.be(**{ONE: mode})
            for _ in range(6):
                answer, asked = running.send(**ASKED)
                assert answer.status_code == int(mode) and [each.model for each in asked] == [ONE]
                assert answer.headers["x-tiergate-cause"] == "score"
        running.wait_counted(12, "attempts", model=FIRST, outcome="refused")
        faulty.be()
        answer, _ = running.send(**ASKED)
        assert (answer.status_code, answer.headers["x-tiergate-model"]) == (200, FIRST)
        assert running.counted("cooldowns", model=FIRST) == 0
        # That it is about health at all: a failure of the model's own does count.
        faulty.be(**{ONE: "429 for 3 s"})
        running.send(**ASKED)
        faulty.be()

        def told() -> tuple[str, str]:
            answer, _ = running.send(**ASKED)
            return answer.headers["x-tiergate-model"], answer.headers["x-tiergate-cause"]

        stacks.wait_until(lambda: told() == (SECOND, "health"), 2.5, "the model is in cooldown")


def test_usage_that_nobody_asked_for_goes_no_further_in_any_attempt(gateway, tmp_path):
    with Faulty() as faulty, Fallbacks(gateway, tmp_path, faulty, tiergate=fitted(usage="inject")) as running:
        for modes, model in [({}, ONE), ({ONE: "500"}, TWO)]:
            faulty.be(**modes)
            answer, asked = running.send(stream=True)
            assert json.loads(asked[-1].body)["stream_options"] == {"include_usage": True}
            assert asked[-1].model == model
            assert b"hello" in answer.content and b"prompt_tokens" not in answer.content
            assert answer.content.endswith(b"data: [DONE]\n\n")
        answer, _ = running.send(stream=True, stream_options={"include_usage": True})
        assert b"prompt_tokens" in answer.content
        assert running.deaths() == 0
