"""Strategies that go by real answers, and conversations that keep their model, over several workers."""

import contextlib
import threading
from collections import Counter

import httpx
import pytest

from fallbacks import FIRST, MODELS, SECOND, UPSTREAM, WIDE, Fallbacks, document
from faulty import Faulty
from gateway import stacks, user

ONE, TWO, THREE = (UPSTREAM[name] for name in (FIRST, SECOND, WIDE))
TIERS = ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")
PROOF = "Prove the theorem step by step and derive the formal proof by contradiction."
EASY = "What is the capital of France?"


def by(strategy: str, *names: str, **entries: dict) -> dict:
    """A document whose candidates are these, with more keys of their entries."""
    made = document(profiles={"auto": {"strategy": strategy, "tiers": {tier: list(names) for tier in TIERS}}})
    del made["tiers"]
    for name, more in entries.items():
        made["models"][name] |= more
    return made


def asked(running: Fallbacks, count: int) -> Counter:
    return Counter(running.send()[1][0].model for _ in range(count))


def test_least_busy(gateway, tmp_path):
    """Two workers: a request of one counts for the other within a second or two."""
    with Faulty() as faulty, Fallbacks(
        gateway, tmp_path, faulty, tiergate=by("least_busy", FIRST, SECOND), per_try="60s"
    ) as running:
        assert set(asked(running, 4)) == {ONE}, "of equals the first"
        faulty.be(**{ONE: "hang"})
        clients = [threading.Thread(target=_ignored, args=(running.url,), daemon=True) for _ in range(1)]
        for each in clients:
            each.start()
        faulty.wait_waiting(1)
        running.wait_counted(1, "in_flight", model=FIRST)
        faulty.be()
        stacks.wait_until(lambda: set(asked(running, 8)) == {TWO}, 20, "the busy one is left alone by both workers")


def _ignored(url: str) -> None:
    with httpx.Client(trust_env=False, timeout=60) as client:
        try:
            client.post(f"{url}/v1/chat/completions", json={"model": "smart/auto", "messages": user("Hello!")})
        except httpx.HTTPError:
            pass


def test_lowest_latency(gateway, tmp_path):
    with Faulty() as faulty, Fallbacks(
        gateway, tmp_path, faulty, workers=4, tiergate=by("lowest_latency", FIRST, SECOND)
    ) as running:
        faulty.be(**{ONE: "late"})
        stacks.wait_until(lambda: set(asked(running, 16)) == {TWO}, 30, "the fast one serves")
        assert {each.model for each in faulty.asked} == {ONE, TWO}, "each is measured once at least"


def test_usage_goes_by_the_tokens_of_answers(gateway, tmp_path):
    limits = {FIRST: {"tokens_per_minute": 1000}, SECOND: {"tokens_per_minute": 3000}}
    tiergate = by("usage", FIRST, SECOND, **limits) | {"default_output_tokens": 1}
    with Faulty() as faulty, Fallbacks(gateway, tmp_path, faulty, workers=1, tiergate=tiergate) as running:
        shares = asked(running, 40)
        # Fifteen tokens an answer: as 1 to 3. By estimates alone the second would always have the smaller share.
        assert 8 <= shares[ONE] <= 12, shares


def test_over_its_limit_a_model_is_passed_over(gateway, tmp_path):
    limits = {FIRST: {"requests_per_minute": 3}, SECOND: {"requests_per_minute": 3}, WIDE: {"requests_per_minute": 900}}
    tiergate = by("usage", FIRST, SECOND, WIDE, **limits)
    with Faulty() as faulty, Fallbacks(gateway, tmp_path, faulty, workers=1, tiergate=tiergate) as running:
        shares = asked(running, 60)
        # Twice as many where a minute ends in between.
        assert shares[ONE] <= 6 and shares[TWO] <= 6 and shares[THREE] >= 48, shares


@contextlib.contextmanager
def holding(gateway, directory):
    """A gateway that pins conversations, of four workers."""
    tiers = {"SIMPLE": [FIRST, SECOND], "MEDIUM": [SECOND], "COMPLEX": [WIDE], "REASONING": [WIDE]}
    session = {"mode": "pinned", "header": "x-session"}
    # A cooldown of longer than the tests take.
    live = {"allowed_fails": 0, "cooldown_time": 200}
    tiergate = document(tiers=tiers, session=session, live=live)
    with Faulty() as faulty, Fallbacks(gateway, directory, faulty, workers=4, tiergate=tiergate) as running:
        yield running
        assert running.deaths() == 0


@pytest.fixture(scope="module")
def pinned(gateway, tmp_path_factory):
    with holding(gateway, tmp_path_factory.mktemp("pinned")) as running:
        yield running


def say(running: Fallbacks, prompt: str, session: str | None = None, headers: dict | None = None, **more) -> tuple[str, str]:
    headers = (headers or {}) | ({} if session is None else {"x-session": session})
    body = {"model": "smart/auto", "messages": user(prompt)} | more
    answer = running.client.post(f"{running.url}/v1/chat/completions", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.headers["x-tiergate-model"], answer.headers["x-tiergate-cause"]


def test_a_conversation_keeps_its_model_in_every_worker(pinned):
    pinned.faulty.be()
    assert say(pinned, EASY, "one") == (FIRST, "score")
    assert say(pinned, PROOF, "one") == (WIDE, "score")
    assert {say(pinned, EASY, "one") for _ in range(16)} == {(WIDE, "session")}
    assert say(pinned, EASY, "two") == (FIRST, "score"), "another conversation"
    assert {say(pinned, EASY) for _ in range(4)} == {(FIRST, "score")}, "none that is told"
    assert say(pinned, PROOF, prompt_cache_key="three") == (WIDE, "score")
    assert {say(pinned, EASY, prompt_cache_key="three") for _ in range(8)} == {(WIDE, "session")}
    assert say(pinned, PROOF, metadata={"session_id": "four"}) == (WIDE, "score")
    assert say(pinned, EASY, metadata={"session_id": "four"}) == (WIDE, "session")


def test_a_conversation_is_told_by_how_it_begins(pinned):
    pinned.faulty.be()
    opening = [{"role": "system", "content": "You are brief."}, {"role": "user", "content": PROOF}]
    reply = [{"role": "assistant", "content": "Done."}, {"role": "user", "content": EASY}]
    assert say(pinned, "", messages=opening) == (WIDE, "score")
    assert say(pinned, "", messages=opening + reply) == (WIDE, "session")
    other = [{"role": "user", "content": "Prove by induction, step by step, that the formal theorem holds."}]
    assert say(pinned, "", messages=other + reply) == (FIRST, "score")


def test_nobody_moves_another_client_s_conversation(pinned):
    """Forged ids, the same opening words, and ten thousand made-up conversations of one client."""
    pinned.faulty.be()
    alice, mallory = ({"authorization": f"Bearer sk-{name}"} for name in ("alice", "mallory"))
    hello, moved = user("Hello!"), [*user("Hello!"), {"role": "assistant", "content": "Hi."}, *user(PROOF)]
    for more in ({}, {"user": "alice"}, {"metadata": {"session_id": "alice's"}}, {"prompt_cache_key": "alice's"}):
        assert say(pinned, "", headers=alice, messages=hello, **more) == (FIRST, "score")
        assert say(pinned, "", headers=mallory, messages=moved, **more) == (WIDE, "score")
        assert say(pinned, "", headers=alice, messages=hello, **more) == (FIRST, "score"), more
    held = [f"held-{n}" for n in range(50)]
    for session in held:
        assert say(pinned, PROOF, session, headers=alice) == (WIDE, "score")
    crowd = [threading.Thread(target=_crowd, args=(pinned.url, mallory, part)) for part in range(4)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    assert {say(pinned, EASY, session, headers=alice) for session in held} == {(WIDE, "session")}


def _crowd(url: str, headers: dict, part: int) -> None:
    with httpx.Client(trust_env=False, timeout=60) as client:
        for n in range(part, 10_000, 4):
            body = {"model": "smart/auto", "messages": user("Hello!"), "user": f"user-{n}"}
            client.post(f"{url}/v1/chat/completions", json=body, headers=headers)


def test_a_model_in_cooldown_is_left_and_the_conversation_does_not_return(gateway, tmp_path):
    """On a gateway of its own: one failure is a large share only of few answers."""
    with holding(gateway, tmp_path) as pinned:
        assert say(pinned, EASY, "five") == (FIRST, "score")
        pinned.faulty.be(**{ONE: "500"})
        assert say(pinned, EASY, "five")[0] == SECOND, "its fallback"
        pinned.faulty.be()
        stacks.wait_until(lambda: {say(pinned, EASY, "five")[0] for _ in range(8)} == {SECOND}, 20, "it moved")
        assert {say(pinned, EASY, "five")[1] for _ in range(8)} <= {"health", "session"}
