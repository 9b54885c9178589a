"""Groups of deployments, models by their own names, calls that are no conversation, and who serves when a deployment fails."""

import json
import uuid
from collections import Counter

import pytest

from fallbacks import FIRST, SECOND, UPSTREAM, WIDE, Fallbacks, document
from faulty import ERRORS, Faulty
from gateway import stacks

ONE, TWO, THREE = (UPSTREAM[name] for name in (FIRST, SECOND, WIDE))
holds = pytest.mark.skipif(stacks.envoy_version() < (1, 37), reason="Envoy 1.37 and newer")
EMBED, OTHER_EMBED = "vendor/embed-large", "embed-2"


def grouped() -> dict:
    made = document(
        groups={
            "gpt-4": {"models": [FIRST, SECOND], "strategy": "configured"},
            "ordered": [{"model": SECOND, "order": 2}, {"model": FIRST, "order": 1}],
            "spread": [FIRST, SECOND],
            "embedders": {"models": ["embed-a", "embed-b"], "strategy": "configured"},
        },
        endpoints={"/embeddings": "embedders", "/audio/transcriptions": "embedders"},
        fallbacks={"enabled": True, "next_on": [401, 403, 404], "general": {"*": [WIDE]}},
    )
    for name, upstream in {"embed-a": EMBED, "embed-b": OTHER_EMBED}.items():
        made["models"][name] = {"cluster": "faulty", "upstream_model": upstream}
    return made


@pytest.fixture(scope="module")
def shared(gateway, tmp_path_factory):
    with Faulty() as faulty, Fallbacks(
        gateway, tmp_path_factory.mktemp("groups"), faulty, workers=1, tiergate=grouped()
    ) as running:
        yield running


@pytest.fixture
def running(shared):
    yield from shared.surviving()


def told(answer) -> tuple[str, str]:
    return answer.headers["x-tiergate-model"], answer.headers["x-tiergate-cause"]


def test_a_group_is_served_by_one_of_its_deployments(running):
    answer, asked = running.send(model="gpt-4")
    assert (told(answer), [each.model for each in asked]) == ((FIRST, "group"), [ONE])
    assert "x-tiergate-tier" not in answer.headers and "x-tiergate-score" not in answer.headers
    assert answer.headers["x-tiergate-profile"] == "gpt-4"
    served = Counter(running.send(model="spread")[1][0].model for _ in range(40))
    assert set(served) == {ONE, TWO} and min(served.values()) >= 8, served


def test_the_other_deployments_serve_when_one_fails(running):
    running.faulty.be(**{ONE: "500"})
    answer, asked = running.send(model="gpt-4")
    assert (answer.status_code, told(answer)[0], [each.model for each in asked]) == (200, SECOND, [ONE, TWO])
    running.faulty.be(**{ONE: "429", TWO: "503"})
    answer, asked = running.send(model="gpt-4")
    assert (answer.status_code, [each.model for each in asked]) == (200, [ONE, TWO, THREE]), "then the chain of all"


def test_all_of_order_one_before_any_of_order_two(running):
    assert {running.send(model="ordered")[1][0].model for _ in range(20)} == {ONE}
    running.faulty.be(**{ONE: "500"})
    _, asked = running.send(model="ordered")
    assert [each.model for each in asked] == [ONE, TWO]


def test_a_pinned_model_gets_the_name_that_its_upstream_knows(running):
    answer, asked = running.send(model=SECOND)
    assert (told(answer), [each.model for each in asked]) == ((SECOND, "pinned"), [TWO])
    (length,) = asked[0].headers["content-length"]
    assert length == str(len(asked[0].body))
    running.faulty.be(**{TWO: "500"})
    answer, asked = running.send(model=SECOND)
    assert (answer.status_code, told(answer)[0], [each.model for each in asked]) == (200, WIDE, [TWO, THREE])


@pytest.mark.parametrize("mode", ["401", pytest.param("403", marks=holds), pytest.param("404", marks=holds)])
def test_the_next_is_asked_where_a_deployment_s_own_key_or_path_is_wrong(running, mode):
    running.faulty.be(**{ONE: mode})
    answer, asked = running.send(model="gpt-4")
    assert (answer.status_code, [each.model for each in asked]) == (200, [ONE, TWO])
    running.faulty.be(**{ONE: mode, TWO: mode, THREE: mode})
    answer, asked = running.send(model="gpt-4")
    assert (answer.status_code, answer.json()) == (ERRORS[mode][0], ERRORS[mode][2]), "the client's own key, then"
    assert len(asked) == 3


@pytest.mark.parametrize("model, cause", [("embedders", "group"), ("smart/auto", "side_path")])
def test_embeddings_follow_groups_and_fallbacks(running, model, cause):
    answer, asked = running.send("/v1/embeddings", model=model, input="Hello!")
    assert (told(answer), [each.model for each in asked]) == (("embed-a", cause), [EMBED])
    running.faulty.be(**{EMBED: "500"})
    answer, asked = running.send("/v1/embeddings", model=model, input="Hello!")
    assert (answer.status_code, told(answer)[0]) == (200, "embed-b")
    assert [each.model for each in asked] == [EMBED, OTHER_EMBED]
    assert [json.loads(each.body)["input"] for each in asked] == ["Hello!"] * 2


@pytest.mark.parametrize("model", ["embedders", "smart/auto", "embed-b"])
@pytest.mark.parametrize("last", [True, False], ids=["model last", "model first"])
def test_the_model_of_a_form_is_rewritten_and_nothing_else(running, model, last):
    test_id, sound = uuid.uuid4().hex, bytes(range(256)) * 40
    field = ("model", (None, model))
    file = ("file", ("model.wav", sound, "audio/wav"))
    answer = running.client.post(f"{running.url}/v1/audio/transcriptions", headers={"x-test-id": test_id},
                                 files=[file, field] if last else [field, file])
    assert answer.status_code == 200, answer.text
    (asked,) = running.faulty.of(test_id)
    assert asked.model == (OTHER_EMBED if model == "embed-b" else EMBED)
    assert sound in asked.body
    assert asked.headers["content-length"] == [str(len(asked.body))]


def test_a_form_is_sent_to_the_next_deployment(running):
    running.faulty.be(**{EMBED: "500"})
    test_id = uuid.uuid4().hex
    answer = running.client.post(f"{running.url}/v1/audio/transcriptions", headers={"x-test-id": test_id},
                                 files=[("file", ("a.wav", b"RIFF" * 100)), ("model", (None, "embedders"))])
    assert (answer.status_code, answer.headers["x-tiergate-model"]) == (200, "embed-b")
    assert [each.model for each in running.faulty.of(test_id)] == [EMBED, OTHER_EMBED]
