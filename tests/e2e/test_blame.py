"""Whose fault it was: clients that go away and Envoy's own limits say nothing of a model."""

import contextlib
import json
import socket

import h2.config
import h2.connection
import h2.errors
import httpx
import pytest

from fallbacks import FIRST, UPSTREAM, Fallbacks, document
from faulty import Faulty
from gateway import stacks, user

ONE = UPSTREAM[FIRST]
POSITIONS = pytest.mark.parametrize("attempts", [True, False], ids=["both positions", "router only"])


def blamed(**live) -> dict:
    """A document with which one failure is enough for a cooldown."""
    return document(live={"allowed_fails": 0, "cooldown_time": 60} | live)


def start(gateway, tmp_path, faulty: Faulty, *, attempts: bool, kind=Fallbacks, **more) -> Fallbacks:
    tiergate = blamed() if attempts else blamed() | {"fallbacks": {"enabled": False}}
    return kind(gateway, tmp_path, faulty, tiergate=tiergate, attempt_position=attempts, **{"per_try": "60s"} | more)


class Http2:
    """A client over HTTP/2 that sends whole requests and then does as it likes."""

    def __init__(self, url: str):
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self.tcp = socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), 20)
        self.connection.initiate_connection()

    def send(self) -> int:
        stream = self.connection.get_next_available_stream_id()
        self.connection.send_headers(stream, [
            (":method", "POST"), (":path", "/v1/chat/completions"), (":scheme", "http"), (":authority", "gateway"),
            ("content-type", "application/json")])
        body = {"model": "smart/auto", "messages": user(f"Hello {stream}!"), "stream": True}
        self.connection.send_data(stream, json.dumps(body).encode(), end_stream=True)
        self.flush()
        return stream

    def flush(self) -> None:
        self.tcp.sendall(self.connection.data_to_send())


@POSITIONS
@pytest.mark.parametrize("mode", ["hang", "slow"])
def test_a_client_that_goes_away_over_http_2(gateway, tmp_path, attempts, mode):
    """Before the head of the answer and in the middle of it, for any reason that it gives, one stream or all of them."""
    codes = [h2.errors.ErrorCodes.NO_ERROR, h2.errors.ErrorCodes.CANCEL, h2.errors.ErrorCodes.INTERNAL_ERROR,
             h2.errors.ErrorCodes.REFUSED_STREAM, h2.errors.ErrorCodes.ENHANCE_YOUR_CALM]
    with Faulty() as faulty, start(gateway, tmp_path, faulty, attempts=attempts) as running:
        faulty.be(**{ONE: mode})
        clients = [Http2(running.url) for _ in [*codes, None]]
        streams = [each.send() for each in clients]
        clients[-1].send()  # two that go with their connection
        faulty.wait_waiting(len(codes) + 2)
        running.wait_counted(len(codes) + 2, "in_flight", model=FIRST)
        for client, stream, code in zip(clients, streams, codes, strict=False):
            client.connection.reset_stream(stream, error_code=code)
            client.flush()
        clients[-1].connection.close_connection(error_code=h2.errors.ErrorCodes.NO_ERROR)
        clients[-1].flush()
        clients[-1].tcp.close()
        running.wait_counted(len(codes) + 2, "attempts", model=FIRST)
        assert running.counted("attempts", model=FIRST, outcome="cancelled") == len(codes) + 2
        assert running.counted("cooldowns") == 0
        assert running.deaths() == 0


class Narrow(Fallbacks):
    """The cluster takes three requests at a time and lets one wait."""

    def change(self, envoy: dict) -> None:
        (faulty,) = (each for each in envoy["static_resources"]["clusters"] if each["name"] == "faulty")
        (threshold,) = faulty["circuit_breakers"]["thresholds"]
        threshold |= {"max_requests": 3, "max_pending_requests": 1, "max_connections": 3}


@POSITIONS
def test_limits_of_the_cluster_are_no_failure_of_a_model(gateway, tmp_path, attempts):
    with Faulty() as faulty, start(gateway, tmp_path, faulty, attempts=attempts, kind=Narrow, workers=1) as running:
        faulty.be(**{ONE: "hang"})
        clients = [Http2(running.url) for _ in range(12)]
        for each in clients:
            each.send()
        stacks.wait_until(lambda: running.counted("attempts", model=FIRST) >= 8, 20, "the others are refused")
        assert running.counted("attempts", model=FIRST, outcome="gateway") == running.counted("attempts", model=FIRST)
        assert running.counted("cooldowns") == 0
        for each in clients:
            each.tcp.close()
        running.wait_counted(12, "attempts", model=FIRST)
        assert running.counted("attempts", model=FIRST, outcome="cancelled") <= 4
        assert running.deaths() == 0


class Gone(Fallbacks):
    """The cluster has no host."""

    def change(self, envoy: dict) -> None:
        (faulty,) = (each for each in envoy["static_resources"]["clusters"] if each["name"] == "faulty")
        faulty["load_assignment"]["endpoints"] = []


@POSITIONS
def test_a_cluster_without_a_host_that_is_well(gateway, tmp_path, attempts):
    with Faulty() as faulty, start(gateway, tmp_path, faulty, attempts=attempts, kind=Gone) as running:
        assert running.send()[0].status_code == 503
        running.wait_counted(1, "attempts", model=FIRST, outcome="gateway")
        assert running.counted("cooldowns") == 0


@POSITIONS
@pytest.mark.parametrize(("mode", "outcome"), [("die", "broken"), ("reset", "no_answer"), ("hang", None)])
def test_a_model_that_breaks_off_is_no_client_that_went_away(gateway, tmp_path, attempts, mode, outcome):
    # Envoy does not say in the attempt position why it has given up.
    outcome = outcome or ("no_answer" if attempts else "timeout")
    with Faulty() as faulty, start(gateway, tmp_path, faulty, attempts=attempts, per_try="0.5s") as running:
        faulty.be(**{ONE: mode})
        with contextlib.suppress(httpx.RemoteProtocolError):
            running.send(stream=True)
        running.wait_counted(1, "attempts", model=FIRST, outcome=outcome)
