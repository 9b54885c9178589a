"""One client that means harm, one other that must not notice. The kinds of harm, and where each has its tests:

| kind | tests |
| --- | --- |
| a body that takes long to judge (open markers, escapes, tiny parts) | here; every shape of a grammar: tests/linear |
| a conversation of another client: its ids, its first words | here; evictions: src/core/live/tests/sessions.rs |
| a second model behind what a strict parser stops at (deep nesting, NaN) | test_litellm_reads, a_second_model_… |
| a model in the query or the path that the upstream prefers | test_litellm_reads, a_model_in_the_path |
| requests that are cancelled, over HTTP/1 and HTTP/2, with any code | test_blame, test_abuse |
| one request that the upstream answers with 500, again and again | test_abuse, one_request_that_litellm_answers_with_500 |
| more requests than the cluster takes | test_blame, limits_of_the_cluster; test_abuse, requests_over_the_limits |
| a key that a provider limits, or a wrong one | test_credentials |
| malformed bodies, wrong paths, uploads that break off, readers that stop, forged sessions | test_abuse |
| bodies that cost memory | tests/module/refusing.rs |
"""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fallbacks import FIRST, SECOND, WIDE, Fallbacks, document
from faulty import Faulty
from gateway import user
from test_production import PROOF

BYTES = 512 * 1024


def filled(unit: str, before: str = "", after: str = "") -> str:
    return before + unit * ((BYTES - len(before) - len(after)) // len(unit)) + after


def chat_of(content: str) -> str:
    return f'{{"model": "smart/auto", "messages": [{{"role": "user", "content": {content}}}]}}'


SLOW = {
    "open markers, one close": chat_of('"' + filled("<reminder>", "a", "</reminder>") + '"'),
    "open markers of two kinds": chat_of('"' + filled("<reminder><user_info>", "a", "</reminder></user_info>") + '"'),
    "markers in many parts": chat_of('[' + filled('{"type": "text", "text": "a<reminder><reminder>b</reminder>"},', "",
                                                  '{"type": "text", "text": "a"}') + ']'),
    "escaped blanks": chat_of('"' + filled("\\u0020") + '"'),
    "backslashes": chat_of('"' + filled("\\\\") + '"'),
    "ends of lines": chat_of('"' + filled("\\n> ") + '"'),
    "open tags": chat_of('"' + filled("<reminder a='\\n", "x") + '"'),
    "turns": '{"model": "smart/auto", "messages": [' + filled('{"role": "user", "content": "<rules>\\n"},', "",
                                                             '{"role": "user", "content": "a"}') + ']}',
}


@pytest.fixture(scope="module")
def shared(gateway, tmp_path_factory):
    """One worker: whatever it does, all wait for it."""
    with Faulty() as faulty, Fallbacks(gateway, tmp_path_factory.mktemp("hostile"), faulty, workers=1, per_try="20s") as running:
        yield running


@pytest.fixture
def alive(shared):
    yield from shared.surviving()


@pytest.mark.parametrize("kind", SLOW)
def test_no_body_holds_the_worker(alive, kind):
    """Four clients send it over and over while another one says hello."""
    headers = {"content-type": "application/json"}

    def attack(_) -> int:
        return alive.client.post(f"{alive.url}/v1/chat/completions", content=SLOW[kind].encode(), headers=headers).status_code

    slowest = 0.0
    with ThreadPoolExecutor(4) as pool:
        attacks = [pool.submit(attack, number) for number in range(12)]
        for _ in range(12):
            start = time.monotonic()
            answer, _ = alive.send()
            slowest = max(slowest, time.monotonic() - start)
            assert (answer.status_code, answer.headers["x-tiergate-model"]) == (200, FIRST)
        assert [each.result() for each in attacks] == [200] * 12
    # It was seconds a body; on a machine that is busy with builds a request may take some tenths.
    assert slowest < 3.0, slowest


@pytest.fixture(scope="module")
def pinned(gateway, tmp_path_factory):
    tiers = {"SIMPLE": FIRST, "MEDIUM": FIRST, "COMPLEX": WIDE, "REASONING": WIDE}
    tiergate = document(session={"mode": "pinned"}, tiers=tiers)
    with Faulty() as faulty, Fallbacks(gateway, tmp_path_factory.mktemp("pinned"), faulty, tiergate=tiergate) as running:
        yield running


@pytest.mark.parametrize(("name", "value"), [("user", "alice"), ("prompt_cache_key", "k-1"), ("metadata", {"session_id": "s-1"}),
                                             (None, None)])
def test_nobody_moves_another_s_conversation(pinned, name, value):
    """Whatever ids or first words it says, with another credential or with none."""
    same = {name: value} if name else {}

    def ask(key, *texts):
        turns = [turn for text in texts[:-1] for turn in (*user(text), {"role": "assistant", "content": "Yes."})]
        headers = {"authorization": f"Bearer {key}"} if key else {}
        body = {"model": "smart/auto", "messages": [*turns, *user(texts[-1])]} | same
        return pinned.client.post(f"{pinned.url}/v1/chat/completions", json=body, headers=headers).headers

    opening = f"Hello, {name}!"
    assert ask("sk-alice", opening)["x-tiergate-model"] == FIRST
    for other in ("sk-mallory", None):
        assert ask(other, opening, PROOF)["x-tiergate-model"] == WIDE
    assert ask("sk-alice", opening, "What is the capital of France?")["x-tiergate-model"] == FIRST
    # Its own are held.
    assert ask("sk-mallory", opening, "What is the capital of France?")["x-tiergate-cause"] == "session"


def test_what_grows_by_its_model_s_name_over_the_limit(alive):
    """As many keys as there may be, in a body of exactly the limit: Envoy refuses it, and that says nothing of the model."""
    limit = 33_554_432  # envoy/demo.yaml

    def body(keys: int) -> bytes:
        head = "{" + f'"model": "{SECOND}", ' * keys + '"messages": [{"role": "user", "content": "'
        return (head + "x" * (limit - len(head) - 4) + '"}]}').encode()

    def post(keys: int):
        content = body(keys)
        assert len(content) == limit
        return alive.client.post(f"{alive.url}/v1/chat/completions", content=content,
                                 headers={"content-type": "application/json", "x-test-id": f"grows-{keys}"})

    answer = post(16)
    assert answer.status_code == 413 and "error" in answer.json()
    assert not alive.faulty.of("grows-16"), "the model is not asked"
    alive.wait_counted(1, "attempts", model=SECOND, outcome="gateway")
    assert alive.counted("attempts", model=SECOND) == 1, "it is no failure of the model's"
    assert post(17).status_code == 400, "refused before anything is decided"
