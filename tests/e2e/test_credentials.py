"""Limits that a provider has for one key: whose they are, and whom they move."""

import pytest

from fallbacks import FIRST, SECOND, UPSTREAM, Fallbacks, document
from faulty import Faulty
from gateway import stacks, user

ONE = UPSTREAM[FIRST]
LIMITED, OTHER, THIRD = "sk-limited", "sk-other", "sk-third"


def start(gateway, tmp_path, faulty, *, attempts=True, workers=2, credentials=None, fallbacks=None, **live) -> Fallbacks:
    section = {"allowed_fails": 3, "cooldown_time": 60} | live
    if credentials:
        section["credentials"] = credentials
    tiergate = document(live=section, fallbacks={"enabled": attempts} | (fallbacks or {}))
    return Fallbacks(gateway, tmp_path, faulty, tiergate=tiergate, attempt_position=attempts, workers=workers)


def ask(running, key: str | None, text: str = "Hello!", **more):
    headers = {"authorization": f"Bearer {key}"} if key else {}
    body = {"model": "smart/auto", "messages": user(text)} | more
    return running.client.post(f"{running.url}/v1/chat/completions", json=body, headers=headers)


def models(running, key: str | None, often: int) -> set[tuple[int, str]]:
    """The status and the model of so many requests, of different conversations."""
    answers = [ask(running, key, f"Hello, this is number {number}!") for number in range(often)]
    return {(answer.status_code, answer.headers["x-tiergate-model"]) for answer in answers}


@pytest.mark.parametrize("attempts", [True, False], ids=["both positions", "router only"])
@pytest.mark.parametrize("mode", ["429 for 60 s", "429", "no money", "no model"])
def test_a_limit_of_one_key_moves_nobody_else(gateway, tmp_path, attempts, mode):
    with Faulty() as faulty, start(gateway, tmp_path, faulty, attempts=attempts) as running:
        faulty.keys[LIMITED] = {ONE: mode}
        for number in range(12):
            ask(running, LIMITED, f"Write a haiku about {number}.")
            for key in (OTHER, None):
                answer = ask(running, key, f"Hello {number}!")
                assert (answer.status_code, answer.headers["x-tiergate-model"]) == (200, FIRST), (number, key)
        assert running.counted("cooldowns") == 0
        assert running.deaths() == 0


def test_the_client_itself_waits_in_every_worker(gateway, tmp_path):
    with Faulty() as faulty, start(gateway, tmp_path, faulty, workers=4) as running:
        faulty.keys[LIMITED] = {ONE: "429 for 60 s"}
        answer = ask(running, LIMITED)
        assert (answer.headers["x-tiergate-model"], answer.headers["x-tiergate-attempts"]) == (SECOND, "2")
        running.wait_counted(1, "credential_limits", model=FIRST, outcome="rate_limited")
        # Each worker has read it by now.
        stacks.wait_until(lambda: models(running, LIMITED, 8) == {(200, SECOND)}, 10, "it is asked of the next model")
        faulty.asked.clear()
        assert models(running, LIMITED, 20) == {(200, SECOND)}
        assert {each.model for each in faulty.asked} == {UPSTREAM[SECOND]}, "no worker asks the first one meanwhile"
        assert ask(running, LIMITED).headers["x-tiergate-cause"] == "health"
        assert models(running, OTHER, 20) == {(200, FIRST)}
        assert 'is left alone for 60 s by one client' in running.envoy.log.read_text()
        assert LIMITED not in running.envoy.log.read_text()


def test_a_limit_that_two_clients_meet_is_everybody_s(gateway, tmp_path):
    """As where LiteLLM has one key of the provider for all."""
    with Faulty() as faulty, start(gateway, tmp_path, faulty, workers=1) as running:
        faulty.be(**{ONE: "429 for 60 s"})
        assert ask(running, OTHER).headers["x-tiergate-attempts"] == "2"
        assert ask(running, THIRD).headers["x-tiergate-attempts"] == "2"
        faulty.asked.clear()
        assert models(running, "sk-fourth", 5) == {(200, SECOND)} == models(running, None, 5)
        assert {each.model for each in faulty.asked} == {UPSTREAM[SECOND]}
        running.wait_counted(1, "cooldowns", model=FIRST)


def test_two_limited_keys_move_nobody_who_is_served(gateway, tmp_path):
    with Faulty() as faulty, start(gateway, tmp_path, faulty, workers=1) as running:
        for key in (LIMITED, THIRD):
            faulty.keys[key] = {ONE: "429 for 60 s"}
        assert models(running, OTHER, 10) == {(200, FIRST)}
        for key in (LIMITED, THIRD):
            ask(running, key)
            assert models(running, OTHER, 5) == {(200, FIRST)}


def test_with_keys_of_their_own_no_number_of_clients_moves_another(gateway, tmp_path):
    with Faulty() as faulty, start(gateway, tmp_path, faulty, workers=1, credentials="own") as running:
        for number in range(20):
            faulty.keys[f"sk-{number}"] = {ONE: "429 for 60 s"}
            ask(running, f"sk-{number}")
        assert models(running, OTHER, 5) == {(200, FIRST)}


@pytest.mark.parametrize(("credentials", "key"), [("shared", LIMITED), (None, None)], ids=["shared", "no credential"])
def test_a_shared_key_s_limit_is_everybody_s_at_once(gateway, tmp_path, credentials, key):
    with Faulty() as faulty, start(gateway, tmp_path, faulty, workers=1, credentials=credentials) as running:
        faulty.be(**{ONE: "429 for 60 s"})
        ask(running, key)
        faulty.be()
        assert models(running, OTHER, 5) == {(200, SECOND)}
        running.wait_counted(1, "cooldowns", model=FIRST)


def test_a_wrong_key_of_one_client(gateway, tmp_path):
    """With `next_on` another model serves it; that says nothing of the first one for other keys."""
    with Faulty() as faulty, start(
        gateway, tmp_path, faulty, workers=1, fallbacks={"next_on": [401, 403]}
    ) as running:
        faulty.keys[LIMITED] = {ONE: "401"}
        for number in range(8):
            answer = ask(running, LIMITED, f"Hello for the {number}. time!")
            assert (answer.status_code, answer.headers["x-tiergate-model"]) == (200, SECOND)
            assert ask(running, OTHER, f"Hello {number}!").headers["x-tiergate-model"] == FIRST
        assert running.counted("cooldowns") == 0
