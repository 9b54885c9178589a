"""Fallbacks in Envoy: what fails is asked of the next model, what cannot be saved is told clearly, and nothing that is
ours leaves the gateway."""

import json
import socket
import threading
import time

import httpx
import pytest

from fallbacks import FIRST, MODELS, SECOND, UPSTREAM, WIDE, Fallbacks, document
from faulty import ERRORS, Faulty
from gateway import CANARY, stacks, user

ONE, TWO, THREE = (UPSTREAM[name] for name in (FIRST, SECOND, WIDE))
# Older ones do not survive it when a held answer is retried, so that the filter holds none there.
holds = pytest.mark.skipif(stacks.envoy_version() < (1, 37), reason="Envoy 1.37 and newer")
INTERNAL = ("x-tiergate-retry", "x-tiergate-chain", "x-tiergate-attempts")


@pytest.fixture(scope="module")
def shared(gateway, tmp_path_factory):
    with Faulty() as faulty, Fallbacks(gateway, tmp_path_factory.mktemp("fallbacks"), faulty) as running:
        yield running


@pytest.fixture
def alive(shared):
    """No test may cost it a VM."""
    yield from shared.surviving()


def served(answer: httpx.Response) -> tuple[str, str]:
    """Who the client is told has served, and with which attempt."""
    return answer.headers["x-tiergate-model"], answer.headers["x-tiergate-attempts"]


def check_attempts(asked) -> None:
    """Every attempt is a sound request, and says no more than the first would."""
    for each in asked:
        assert not [name for name in each.headers if name in INTERNAL], each.headers
        for name, value in (("x-tiergate-model", None), ("x-gateway-model-name", each.model)):
            (told,) = each.headers[name]
            assert UPSTREAM[told] == each.model if value is None else told == value
        if "content-length" in each.headers:
            assert each.headers["content-length"] == [str(len(each.body))]


# ----------------------------------------------------------------------------------------------------- what can be saved


def test_a_model_that_is_well_is_asked_once(alive):
    answer, asked = alive.send()
    assert answer.json()["choices"][0]["message"]["content"] == f"This is {ONE}."
    assert served(answer) == (FIRST, "1")
    assert [each.model for each in asked] == [ONE]
    check_attempts(asked)


@pytest.mark.parametrize("mode", ["500", "503", "429", "429 for 3 s", "hang"])
def test_the_second_model_answers_when_the_first_fails(alive, mode):
    alive.faulty.be(**{ONE: mode})
    answer, asked = alive.send()
    assert (answer.status_code, answer.json()["model"]) == (200, TWO)
    assert served(answer) == (SECOND, "2")
    assert [each.model for each in asked] == [ONE, TWO]
    check_attempts(asked)
    assert [name for name in answer.headers if name == "x-tiergate-retry"] == []


@holds
@pytest.mark.parametrize("stream", [True, False])
def test_a_stream_that_is_silent_after_its_head(alive, stream):
    """Nothing has gone to the client, so that the next model may serve."""
    alive.faulty.be(**{ONE: "silent"})
    answer, asked = alive.send(stream=stream)
    assert (answer.status_code, served(answer)) == (200, (SECOND, "2"))
    assert [each.model for each in asked] == [ONE, TWO]
    assert f'"model": "{TWO}"' in answer.text
    alive.wait_counted(0, "in_flight")


class Idle(Fallbacks):
    """An attempt may take long, but not be silent for long."""

    def change(self, envoy: dict) -> None:
        (host,) = stacks.connection_manager(stacks.listener(envoy))["route_config"]["virtual_hosts"]
        host["routes"][0]["route"]["retry_policy"]["per_try_idle_timeout"] = "0.5s"


@pytest.mark.parametrize("attempts", [True, False], ids=["both positions", "router only"])
def test_a_silent_stream_ends_where_nobody_else_may_serve(gateway, tmp_path, attempts):
    with Faulty() as faulty, Idle(gateway, tmp_path, faulty, attempt_position=attempts, per_try="60s") as running:
        faulty.be(**{ONE: "silent"})
        try:
            # The head may have gone to the client: then the answer breaks off.
            assert running.send(model=FIRST, stream=True)[0].status_code in (502, 503, 504)
        except httpx.RemoteProtocolError:
            pass
        stacks.wait_until(lambda: running.counted("attempts", model=FIRST) >= 1, 20, "the attempt is counted")
        failed = ("no_answer", "broken", "timeout")
        assert sum(running.counted("attempts", model=FIRST, outcome=each) for each in failed) \
            == running.counted("attempts", model=FIRST)


def test_a_connection_that_is_lost_says_nothing_of_the_model(alive):
    """Servers close connections that a proxy is about to use again; it is asked once more, whoever closed it."""
    alive.faulty.be(**{ONE: "reset, once"})
    answer, asked = alive.send()
    assert (answer.status_code, answer.json()["model"], served(answer)) == (200, ONE, (FIRST, "2"))
    assert [each.model for each in asked] == [ONE, ONE]
    check_attempts(asked)


def test_a_model_that_loses_each_connection_is_left(alive):
    alive.faulty.be(**{ONE: "reset"})
    answer, asked = alive.send()
    assert (answer.status_code, served(answer)) == (200, (SECOND, "3"))
    assert [each.model for each in asked] == [ONE, ONE, TWO]
    check_attempts(asked)
    alive.faulty.be(**{ONE: "reset", TWO: "reset"})
    answer, asked = alive.send()
    assert (answer.status_code, served(answer)) == (200, (WIDE, "4"))
    assert [each.model for each in asked] == [ONE, ONE, TWO, THREE], "one connection more, not one for each model"


def test_a_model_that_breaks_off_after_a_while_is_left_at_once(gateway, tmp_path):
    with Faulty() as faulty, Fallbacks(gateway, tmp_path, faulty, per_try="20s") as running:
        faulty.be(**{ONE: "reset, late"})
        answer, asked = running.send()
        assert (answer.status_code, [each.model for each in asked]) == (200, [ONE, TWO])


def test_the_third_model_answers_when_two_fail(alive):
    alive.faulty.be(**{ONE: "500", TWO: "503"})
    answer, asked = alive.send()
    assert (answer.json()["model"], served(answer)) == (THREE, (WIDE, "3"))
    assert [each.model for each in asked] == [ONE, TWO, THREE]
    check_attempts(asked)


def test_only_the_model_changes_from_attempt_to_attempt(alive):
    alive.faulty.be(**{ONE: "500", TWO: "429"})
    body = {"temperature": 0.10, "messages": user("ü \" \\ " + "x" * 5000), "stop": None, "user": "someone"}
    _, (first, *others) = alive.send(**body)
    assert len(others) == 2
    for each in others:
        assert each.body == first.body.replace(json.dumps(ONE).encode(), json.dumps(each.model).encode())


def test_every_way_to_ask(alive):
    """Streams, other dialects, chunked bodies and large ones."""
    alive.faulty.be(**{ONE: "500"})
    answer, asked = alive.send(stream=True)
    assert [each.model for each in asked] == [ONE, TWO]
    assert f'"model": "{TWO}"' in answer.text and answer.text.endswith("data: [DONE]\n\n")
    answer, asked = alive.send("/v1/messages", max_tokens=10)
    assert (answer.json()["model"], len(asked)) == (TWO, 2)
    answer, asked = alive.send("/v1/completions", prompt="Hello!")
    assert (answer.json()["model"], len(asked)) == (TWO, 2)
    answer, asked = alive.send("/v1beta/models/smart/auto:generateContent?key=1", contents=[{"parts": [{"text": "Hi"}]}])
    assert [each.path for each in asked] == [f"/v1beta/models/{model}:generateContent?key=1" for model in (ONE, TWO)]
    assert served(answer) == (SECOND, "2")
    # Not text, so that it does not count against the window.
    # Envoy 1.36 and 1.37 retry bodies of up to half the limit.
    size = 3_000_000 if stacks.envoy_version() >= (1, 39) else 1_500_000
    answer, asked = alive.send(metadata={"padding": "x" * size})
    assert (answer.json()["model"], len(asked)) == (TWO, 2)
    check_attempts(asked)

    def pieces():
        for piece in (b'{"model": "smart/auto", "messages": [{"role": "user", ', b'"content": "Hello!"}]', b"}"):
            yield piece

    answer = alive.client.post(f"{alive.url}/v1/chat/completions", content=pieces(),
                               headers={"content-type": "application/json", "x-test-id": "chunked"})
    assert answer.json()["model"] == TWO
    assert [json.loads(each.body)["model"] for each in alive.faulty.of("chunked")] == [ONE, TWO]


# ---------------------------------------------------------------------------------------------- what another model may do


@holds
@pytest.mark.parametrize("mode", [
    "context", "context, Anthropic", "context, 422", "context, 413", "context, text", "context, gzip"])
def test_a_request_that_is_too_long_goes_to_the_next_larger_window(alive, mode):
    alive.faulty.be(**{ONE: mode})
    answer, asked = alive.send()
    assert (answer.status_code, answer.json()["model"], served(answer)) == (200, THREE, (WIDE, "2"))
    assert [each.model for each in asked] == [ONE, THREE], "the second has no larger window"
    check_attempts(asked)


@holds
@pytest.mark.parametrize("mode", ["policy", "policy, 403", "no model", "no money", "foreign"])
def test_what_one_model_does_not_serve_another_may(alive, mode):
    alive.faulty.be(**{ONE: mode})
    answer, asked = alive.send()
    assert (answer.status_code, answer.json()["model"], served(answer)) == (200, TWO, (SECOND, "2"))
    assert [each.model for each in asked] == [ONE, TWO]


@holds
def test_reasons_change_from_attempt_to_attempt(alive):
    alive.faulty.be(**{ONE: "policy", TWO: "context"})
    answer, asked = alive.send()
    assert (answer.json()["model"], [each.model for each in asked]) == (THREE, [ONE, TWO, THREE])
    alive.faulty.be(**{ONE: "hang", TWO: "policy"})
    answer, asked = alive.send()
    assert (answer.json()["model"], [each.model for each in asked]) == (THREE, [ONE, TWO, THREE])


# ------------------------------------------------------------------------------------------------- what cannot be saved


@pytest.mark.parametrize("mode", [
    "400", "401", "403", "404", "422", "echo", "context, large", *([] if stacks.envoy_version() >= (1, 37) else ["context", "policy"])])
def test_any_other_refusal_goes_to_the_client_as_it_came(alive, mode):
    alive.faulty.be(**{ONE: mode})
    status, _, error = ERRORS[mode]
    answer, asked = alive.send()
    assert (answer.status_code, answer.json()) == (status, error)
    assert answer.content == json.dumps(error).encode()
    assert len(asked) == 1
    assert served(answer) == (FIRST, "1")
    assert "x-tiergate-retry" not in answer.headers


def test_a_mark_of_the_upstream_s_own_means_nothing(alive):
    alive.faulty.be(**{ONE: "context, marked"})
    answer, asked = alive.send()
    assert (answer.status_code, len(asked)) == (400, 1)
    assert "x-tiergate-retry" not in answer.headers


@holds
@pytest.mark.parametrize("mode", ["context", "policy"])
def test_where_nobody_is_left_the_client_gets_the_refusal(alive, mode):
    alive.faulty.be(**{ONE: mode, TWO: mode, THREE: mode})
    answer, asked = alive.send()
    assert (answer.status_code, answer.json()) == (400, ERRORS[mode][2])
    assert [each.model for each in asked] == ([ONE, THREE] if mode == "context" else [ONE, TWO, THREE])
    assert "x-tiergate-retry" not in answer.headers


def test_where_all_fail_the_client_gets_one_clear_error(alive):
    alive.faulty.be(**{ONE: "500", TWO: "503", THREE: "500"})
    answer, asked = alive.send()
    assert (answer.status_code, answer.json()) == (500, ERRORS["500"][2])
    assert [each.model for each in asked] == [ONE, TWO, THREE, THREE], "the last one is asked again"
    assert served(answer) == (WIDE, "4")
    alive.faulty.be(**{ONE: "hang", TWO: "hang", THREE: "hang"})
    answer, asked = alive.send()
    assert (answer.status_code, len(asked)) == (504, 4)


def test_an_answer_that_dies_is_not_begun_anew(alive):
    alive.faulty.be(**{ONE: "die"})
    before = alive.counted("attempts", model=FIRST, outcome="broken")
    with pytest.raises(httpx.RemoteProtocolError):
        alive.send(stream=True, user="dies")
    asked = [each for each in alive.faulty.asked if b'"dies"' in each.body]
    assert [each.model for each in asked] == [ONE], "the client has had a byte of it"
    alive.wait_counted(before + 1, "attempts", model=FIRST, outcome="broken")


def test_a_pinned_model_is_not_replaced(alive):
    alive.faulty.be(**{ONE: "500"})
    answer, asked = alive.send(model=FIRST)
    assert answer.status_code == 500
    assert {json.loads(each.body)["model"] for each in asked} == {ONE}, "the name that its upstream knows"
    assert served(answer) == (FIRST, "2"), "once more, and no oftener"


# ---------------------------------------------------------------------------------------------------------- configuration


@holds
def test_chains_that_are_configured(gateway, tmp_path):
    chains = {"enabled": True, "general": {FIRST: [WIDE, SECOND]}, "context_window": {SECOND: [WIDE]},
              "content_policy": {FIRST: [WIDE]}}
    with Faulty() as faulty, Fallbacks(gateway, tmp_path, faulty, tiergate=document(fallbacks=chains)) as running:
        faulty.be(**{ONE: "500"})
        assert served(running.send()[0]) == (WIDE, "2")
        faulty.be(**{ONE: "500", THREE: "500"})
        assert served(running.send()[0]) == (SECOND, "3")
        faulty.be(**{ONE: "policy"})
        assert served(running.send()[0]) == (WIDE, "2")
        # A chain that somebody wrote down for it is a pinned model's too.
        faulty.be(**{ONE: "500"})
        answer, _ = running.send(model=FIRST)
        assert (answer.json()["model"], served(answer)) == (THREE, (WIDE, "2"))
        assert running.deaths() == 0


@pytest.mark.parametrize(("model", "reason"), [("unwell", None), ("crowded", None),
                                               pytest.param("short", WIDE, marks=holds), pytest.param("strict", None, marks=holds)])
def test_litellm_s_errors(gateway, tmp_path_factory, model, reason):
    """LiteLLM behind it: its own exceptions, as its clients get them."""
    running = _litellm(gateway, tmp_path_factory)
    answer = running.post(model=f"smart/{model}")
    assert answer.status_code == 200, answer.text
    expected = "gpt-5.4-mini" if reason is None else "gpt-5.4"
    assert (answer.json()["model"], answer.headers["x-tiergate-model"]) == (expected, expected)
    assert answer.headers["x-tiergate-attempts"] == "2"


@pytest.mark.parametrize(("path", "body"), [
    ("/v1/chat/completions", {"messages": user("Hello!")}),
    ("/v1/chat/completions", {"messages": user("Hello!"), "stream": True}),
    ("/v1/messages", {"messages": user("Hello!"), "max_tokens": 10}),
], ids=["chat", "stream", "messages"])
def test_litellm_asks_the_others_itself(gateway, tmp_path, path, body):
    """`fallbacks.litellm`: one attempt of the gateway's, and LiteLLM's Router asks the second model. Its mocks of the
    responses dialect raise no exceptions, so that this is not tested there."""
    tiergate = document(fallbacks={"litellm": True}, models={name: {} for name in ("unwell", "gpt-5.4-mini")})
    tiergate["tiers"] = {tier: ["unwell", "gpt-5.4-mini"] for tier in tiergate["tiers"]}
    with Fallbacks(gateway, tmp_path, Faulty(), tiergate=tiergate, attempt_position=False, per_try="20s") as running:
        answer = running.client.post(f"{running.url}{path}", json={"model": "smart/auto"} | body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-tiergate-model"] == "unwell", "the gateway does not learn who served"
        assert answer.headers["x-litellm-attempted-fallbacks"] == "1"
        assert "This is gpt-5.4-mini." in answer.text or body.get("stream")


_started: list[Fallbacks] = []


def _litellm(gateway, tmp_path_factory) -> Fallbacks:
    if not _started:
        profiles = {name: {"tiers": {tier: [name, "gpt-5.4-mini", "gpt-5.4"] for tier in
                                     ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")}}
                    for name in ("unwell", "crowded", "short", "strict")}
        models = {name: {"context_window": 300_000} for name in profiles}
        models |= {"gpt-5.4-mini": {"context_window": 300_000}, "gpt-5.4": {"context_window": 900_000}}
        tiergate = document(profiles=profiles, models=models)
        del tiergate["tiers"]
        running = Fallbacks(gateway, tmp_path_factory.mktemp("litellm"), Faulty(), tiergate=tiergate, per_try="20s")
        _started.append(running.__enter__())
    return _started[0]


@pytest.fixture(scope="module", autouse=True)
def stop_litellm():
    yield
    while _started:
        _started.pop().__exit__()


# -------------------------------------------------------------------------------------------------------------- cooldowns


def cooling(**live) -> dict:
    return document(live={"allowed_fails": 3, "cooldown_time": 3} | live)


@pytest.mark.parametrize("attempts", [True, False], ids=["both positions", "router only"])
def test_four_workers_see_the_same_cooldown(gateway, tmp_path, attempts):
    tiergate = cooling() if attempts else cooling() | {"fallbacks": {"enabled": False}}
    with Faulty() as faulty, Fallbacks(
        gateway, tmp_path, faulty, workers=4, tiergate=tiergate, attempt_position=attempts
    ) as running:
        def first() -> set[str]:
            """The models that were asked first."""
            return {asked[0].model for _, asked in (running.send() for _ in range(16))}

        assert first() == {ONE}
        faulty.be(**{ONE: "500"})
        # Each worker fails less often than is allowed.
        for _ in range(6):
            running.send()
        stacks.wait_until(lambda: first() == {TWO}, 10, "the first model is left alone")
        assert first() == {TWO}, "by every worker"
        assert running.counted("cooldowns", model=FIRST) in (0, 1)
        faulty.be()
        stacks.wait_until(lambda: first() == {ONE}, 20, "the first model serves again")
        assert running.counted("cooldowns", model=FIRST, outcome="server_error") >= 1
        assert running.deaths() == 0


def test_one_request_at_a_time_tries_a_model_again(gateway, tmp_path):
    with Faulty() as faulty, Fallbacks(gateway, tmp_path, faulty, workers=4, tiergate=cooling()) as running:
        faulty.be(**{ONE: "500"})
        asked = lambda: sum(each.model == ONE for each in faulty.asked)  # noqa: E731
        end = time.monotonic() + 12
        while time.monotonic() < end:
            answer, _ = running.send()
            assert answer.status_code == 200
        # Four failures, some that were under way or not heard of yet, and then one in three seconds.
        assert 4 + 2 <= asked() <= 4 + 20 + 4, asked()
        assert len(faulty.asked) > 200


@pytest.mark.parametrize("mode", ["429 for 3 s", pytest.param("429, 3 s in the body", marks=holds)])
def test_a_server_says_how_long_it_wants_to_be_left_alone(gateway, tmp_path, mode):
    with Faulty() as faulty, Fallbacks(
        gateway, tmp_path, faulty, workers=1, tiergate=cooling(allowed_fails=0, cooldown_time=1)
    ) as running:
        faulty.be(**{ONE: mode})
        running.send()
        start = time.monotonic()
        faulty.be()
        stacks.wait_until(lambda: running.send()[1][0].model == ONE, 20, "the first model serves again")
        assert time.monotonic() - start >= 2.8


def test_where_all_are_in_cooldown_none_is(gateway, tmp_path):
    with Faulty() as faulty, Fallbacks(
        gateway, tmp_path, faulty, workers=1, tiergate=cooling(allowed_fails=0, cooldown_time=60)
    ) as running:
        faulty.be(**{ONE: "500", TWO: "500", THREE: "500"})
        assert running.send()[0].status_code == 500
        faulty.be()
        assert running.send()[0].status_code == 200


# -------------------------------------------------------------------------------------------------------------- in flight


@pytest.mark.parametrize("attempts", [True, False], ids=["both positions", "router only"])
@pytest.mark.parametrize("mode", ["hang", "slow"])
def test_requests_in_flight_return_to_zero(gateway, tmp_path, attempts, mode):
    """Clients that go away, upstreams that break off, answers that end."""
    tiergate = document() if attempts else document(fallbacks={"enabled": False})
    with Faulty() as faulty, Fallbacks(
        gateway, tmp_path, faulty, tiergate=tiergate, per_try="60s", attempt_position=attempts
    ) as running:
        faulty.be(**{ONE: mode})
        body = json.dumps({"model": "smart/auto", "messages": user("Hello!"), "stream": True}).encode()
        head = (f"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\n\r\n").encode()
        port = int(running.url.rsplit(":", 1)[1])
        clients = []
        for _ in range(20):
            clients.append(socket.create_connection(("127.0.0.1", port), 20))
            clients[-1].sendall(head + body)
        faulty.wait_waiting(20)
        running.wait_counted(20, "in_flight", model=FIRST)
        for each in clients[:10]:
            each.close()
        running.wait_counted(10, "in_flight", model=FIRST)
        for each in clients[10:]:
            each.close()
        running.wait_counted(0, "in_flight", model=FIRST)
        running.wait_counted(20, "attempts", model=FIRST, outcome="cancelled")
        assert running.counted("cooldowns") == 0, "that clients went away is no failure"
        faulty.be(**{ONE: "die"})
        for _ in range(5):
            with pytest.raises(httpx.RemoteProtocolError):
                running.send(stream=True)
        running.wait_counted(5, "attempts", model=FIRST, outcome="broken")
        running.wait_counted(0, "in_flight", model=FIRST)
        assert running.deaths() == 0


# ---------------------------------------------------------------------------------------------------------------- metrics


def test_tokens_and_money_are_counted(gateway, tmp_path):
    with Faulty() as faulty, Fallbacks(gateway, tmp_path, faulty) as running:
        running.send()
        running.send()
        faulty.be(**{ONE: "good, gzip"})
        answer, _ = running.send()
        assert (answer.headers["content-encoding"], answer.json()["model"]) == ("gzip", ONE)
        running.send(stream=True)
        faulty.be(**{ONE: "500"})
        running.send()
        running.wait_counted(40, "tokens", model=FIRST, direction="input")
        running.wait_counted(20, "tokens", model=FIRST, direction="output")
        running.wait_counted(10, "tokens", model=SECOND, direction="input")
        # Ten tokens at 1 USD a million and five at 2 are 20 millionths of a USD; at 3 and 4 they are 50.
        running.wait_counted(4 * 20, "spend_micro_usd", model=FIRST)
        running.wait_counted(50, "spend_micro_usd", model=SECOND)
        running.wait_counted(4, "attempts", model=FIRST, outcome="ok")
        running.wait_counted(1, "attempts", model=FIRST, outcome="server_error")
        running.wait_counted(1, "attempts", model=SECOND, outcome="ok")


def test_the_router_alone_learns_as_much(gateway, tmp_path):
    """Without fallbacks, and where they are configured but the cluster has no filter."""
    for enabled in (False, True):
        tiergate = document(fallbacks={"enabled": enabled})
        with Faulty() as faulty, Fallbacks(
            gateway, tmp_path, faulty, tiergate=tiergate, attempt_position=False
        ) as running:
            answer, asked = running.send()
            assert not [name for name in asked[0].headers if name in INTERNAL]
            assert ("x-tiergate-attempts" in answer.headers) is False
            running.send(stream=True)
            running.wait_counted(20, "tokens", model=FIRST, direction="input")
            running.wait_counted(40, "spend_micro_usd", model=FIRST)
            running.wait_counted(2, "attempts", model=FIRST, outcome="ok")
            faulty.be(**{ONE: "400"})
            running.send()
            running.wait_counted(1, "attempts", model=FIRST, outcome="refused")
            faulty.be(**{ONE: "hang"})
            assert running.send()[0].status_code == 504
            running.wait_counted(1, "attempts", model=FIRST, outcome="timeout")
            assert running.deaths() == 0


def test_an_upstream_that_refuses_connections(gateway, tmp_path):
    with Faulty() as faulty:
        faulty.refuse()
        with Fallbacks(gateway, tmp_path, faulty) as running:
            answer, _ = running.send()
            assert (answer.status_code, served(answer)) == (503, (WIDE, "4"))
            running.wait_counted(2, "attempts", model=FIRST, outcome="no_answer")


def test_the_access_log_tells_who_served(alive):
    alive.faulty.be(**{ONE: "500"})
    answer, _ = alive.send()
    def line():
        lines = alive.envoy.out.read_text(errors="replace").splitlines()
        return next((json.loads(each) for each in lines if answer.headers["x-request-id"] in each), None)

    decision = json.loads(stacks.wait_until(line, 10, "an access log line")["tiergate"])
    assert (decision["model"], decision["served"], decision["attempts"]) == (FIRST, SECOND, 2)


@holds
def test_prompts_and_answers_are_nowhere(alive):
    alive.faulty.be(**{ONE: "context"})
    answer, _ = alive.send(messages=user(f"Hello! {CANARY}"), user=CANARY)
    assert answer.status_code == 200
    told = alive.envoy.log.read_text(errors="replace") + alive.envoy.out.read_text(errors="replace")
    assert CANARY not in told + alive.admin("/stats") + str(answer.headers)


@holds
def test_many_at_once(alive):
    """Requests of all kinds side by side: nobody gets another's answer."""
    alive.faulty.be(**{ONE: "500", TWO: "policy"})
    wrong = []

    def ask(number: int) -> None:
        try:
            with httpx.Client(trust_env=False, timeout=60) as client:
                for turn in range(10):
                    stream = (number + turn) % 3 == 0
                    answer = client.post(f"{alive.url}/v1/chat/completions", json={
                        "model": "smart/auto", "messages": user("Hello!"), "stream": stream})
                    if answer.status_code != 200 or served(answer) != (WIDE, "3") or f'"{THREE}"' not in answer.text:
                        wrong.append((answer.status_code, dict(answer.headers), answer.text))
        except Exception as error:  # noqa: BLE001 (whatever it is, it is wrong)
            wrong.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == []
    for name in MODELS:
        alive.wait_counted(0, "in_flight", model=name)
