"""Momentum in Envoy: the feed is fetched once a period whatever happens to it or to who fetches it, and it moves
candidates and nothing else."""

import os
import re
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from feed import Feed
from gateway import stacks
from momentum import FIRST, SECOND, SURGE, TOOLLESS, Momentum

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
TICK = 1.0  # seconds between a worker's looks at the clock
SLACK = 0.3  # a fetch may reach the feed so much later than another: a busy machine

BAD = {
    "500": "status", "429": "rate_limited", "html": "content_type", "ten megabytes": "too_large", "no JSON": "not_json",
    "half": "broken", "drift": "contract", "no version": "contract", "gzip": "compressed", "redirect": "redirected",
    "hang": "timeout", "down": "unavailable",
}


@pytest.fixture(scope="module")
def shared(gateway, tmp_path_factory):
    """Two workers and a feed that is asked every second."""
    with Feed(SURGE[SECOND]) as feed, Momentum(
        gateway, tmp_path_factory.mktemp("signals"), feed, authority="signals.example.com",
        query={"platform": "openrouter", "capability": "code & chat"}, headers={"authorization": "Bearer of-the-test"},
    ) as momentum:
        yield momentum


@pytest.fixture
def alive(shared):
    """The same. No test may cost it a VM."""
    yield shared
    assert shared.envoy.child.poll() is None, f"Envoy died:\n{stacks.tail(shared.envoy.log)}"
    assert shared.deaths() == 0, f"the filter's VM died:\n{stacks.tail(shared.envoy.log, 12)}"


@pytest.fixture
def momentum(alive):
    """The same, with the second candidate surging."""
    alive.surge(SECOND)
    return alive


# ---------------------------------------------------------------------------------------------------------- the order


def test_the_candidate_that_surges_goes_first(momentum):
    before = momentum.value("tiergate_signals_reordered") or 0
    assert momentum.ask() == (SECOND, "momentum")
    assert momentum.value("tiergate_signals_reordered") == before + 1
    momentum.surge(FIRST)
    after = momentum.value("tiergate_signals_reordered")
    assert momentum.ask() == (FIRST, "score")
    assert momentum.value("tiergate_signals_reordered") == after


def test_needs_come_before_momentum(momentum):
    momentum.surge(TOOLLESS)
    assert momentum.ask() == (TOOLLESS, "momentum")
    # However it surges: it takes no tools. The next by momentum is the configured first, so nothing was moved.
    assert momentum.ask(tools=[TOOL]) == (FIRST, "score")


def test_a_pinned_model_is_untouched(momentum):
    assert momentum.ask(model=FIRST) == (FIRST, "pinned")


def test_prometheus_sees_the_outcome_as_a_label(momentum):
    text = momentum.admin("/stats/prometheus")
    assert re.search(r'^tiergate_signals_fetches\{[^}]*\boutcome="updated"[^}]*\} [1-9]\d*$', text, re.M), text


def test_how_the_feed_is_asked(momentum):
    asked = momentum.feed.asked[-1]
    assert asked.path == "/v1/signals?capability=code%20%26%20chat&platform=openrouter"
    assert asked.headers["host"] == "signals.example.com"
    assert asked.headers["authorization"] == "Bearer of-the-test"
    assert asked.headers["accept-encoding"] == "identity"


# -------------------------------------------------------------------------------------------------------- bad answers


@pytest.mark.parametrize("mode", BAD)
def test_a_bad_answer_costs_nothing(alive, mode):
    """Every request is answered, in the order of the last good feed; the counter tells what was wrong; then it mends."""
    outcome = BAD[mode]
    kept, _ = last_good = alive.ask()
    before = alive.fetches(outcome)
    if mode == "down":
        alive.feed.down()
    else:
        alive.feed.be(mode)

    def failed(times: int) -> bool:
        assert alive.ask() == last_good
        return alive.fetches(outcome) >= before + times

    stacks.wait_until(lambda: failed(1), 20, f"an outcome {outcome}")
    good = alive.fetches("updated")
    stacks.wait_until(lambda: failed(2), 20, f"another outcome {outcome}")
    assert alive.fetches("updated") == good
    # Whichever candidate that was, now it is the other.
    alive.surge(FIRST if kept == SECOND else SECOND)


def test_a_fault_is_logged_once(momentum):
    """By whichever worker saw it first, and once more when it is over."""
    log = momentum.envoy.log
    start = len(log.read_text(errors="replace"))
    before = momentum.fetches("contract")
    momentum.feed.be("drift")
    stacks.wait_until(lambda: momentum.fetches("contract") >= before + 3, 20, "three refusals")
    said = [line for line in log.read_text(errors="replace")[start:].splitlines() if "signals" in line]
    assert len(said) == 1, said
    assert "confidence" in said[0], said


def test_retry_after_is_respected(momentum):
    momentum.feed.be("429 in 4 s")
    before = momentum.fetches("rate_limited")
    stacks.wait_until(lambda: momentum.fetches("rate_limited") > before, 20, "an outcome rate_limited")
    count = momentum.feed.count()
    momentum.feed.be("good", SURGE[FIRST])
    *_, refused, next_ = momentum.feed.wait_asked(count + 1, 20)
    assert next_.at - refused.at >= 4 - SLACK


def test_an_answer_that_did_not_change_is_not_sent_again(momentum):
    momentum.feed.be("etag")
    before = momentum.fetches("not_modified")
    stacks.wait_until(lambda: momentum.fetches("not_modified") >= before + 2, 20, "two outcomes not_modified")
    assert momentum.ask() == (SECOND, "momentum")
    assert momentum.value("tiergate_signals_age_seconds") <= 3
    momentum.feed.be("etag", SURGE[FIRST])
    momentum.settled(FIRST)


def test_the_age_of_the_feed_is_a_gauge(momentum):
    assert momentum.value("tiergate_signals_age_seconds") <= 3
    momentum.feed.be("500")
    stacks.wait_until(lambda: momentum.value("tiergate_signals_age_seconds") >= 5, 20, "an age of 5 s")
    momentum.feed.be("good")
    stacks.wait_until(lambda: momentum.value("tiergate_signals_age_seconds") <= 2, 20, "a young feed")


# ------------------------------------------------------------------------------------------------------------ at start


def test_the_first_request_does_not_wait(gateway, tmp_path):
    """Requests are answered while the very first fetch hangs; then its answer is used."""
    with Feed(SURGE[SECOND]) as feed:
        feed.be("hang")
        with Momentum(gateway, tmp_path, feed, timeout_ms=30_000) as momentum:
            feed.wait_hanging()
            for _ in range(4):
                assert momentum.ask() == (FIRST, "score")
            assert (feed.hanging, feed.count()) == (1, 1)
            assert momentum.value("tiergate_signals_age_seconds") is None
            feed.be("good")
            momentum.settled(SECOND)
            assert momentum.ask() == (SECOND, "momentum")


def test_the_feed_is_down_at_start(gateway, tmp_path):
    feed = Feed(SURGE[SECOND])
    with Momentum(gateway, tmp_path, feed) as momentum:
        def refused() -> bool:
            assert momentum.ask() == (FIRST, "score")
            return momentum.fetches("unavailable") >= 2

        stacks.wait_until(refused, 20, "two outcomes unavailable")
        with feed:
            momentum.settled(SECOND)


def test_a_feed_that_is_too_old_is_not_used(gateway, tmp_path):
    with Feed(SURGE[SECOND]) as feed, Momentum(gateway, tmp_path, feed, stale_seconds=4) as momentum:
        momentum.settled(SECOND)
        feed.be("500")
        momentum.settled(FIRST)
        assert momentum.ask() == (FIRST, "score")
        feed.be("good")
        momentum.settled(SECOND)


# ------------------------------------------------------------------------------------------------------- many workers


@pytest.mark.parametrize(("workers", "fresh", "fetches"), [(2, 1, 6), (4, 2, 4)])
def test_one_fetch_a_period_over_all_workers(gateway, tmp_path, workers, fresh, fetches):
    with Feed(SURGE[SECOND]) as feed, Momentum(
        gateway, tmp_path, feed, workers=workers, fresh_seconds=fresh
    ) as momentum:
        for count in range(1, fetches + 1):
            feed.wait_asked(count, fresh + TICK + 15)
            for _ in range(2 * workers):
                momentum.post()
        asked = feed.wait_asked(fetches, 0)
        gaps = [later.at - earlier.at for earlier, later in zip(asked, asked[1:])]
        assert min(gaps) >= 0.9 * fresh - SLACK, gaps
        # None is left out: what is due is fetched at the next tick of some worker.
        assert sum(gaps) <= len(gaps) * (fresh + TICK + SLACK), gaps
        # What the workers counted, all together, is what the feed saw.
        stacks.wait_until(lambda: momentum.fetches("updated") >= fetches, 20, "every fetch is counted")
        assert momentum.fetches("updated") <= feed.count()
        assert momentum.deaths() == 0


@pytest.fixture(scope="session")
def probe():
    """The module with the feature `probe`, in which a worker can be told to die. Built where no file is named."""
    named = os.environ.get("TIERGATE_PROBE_WASM")
    if named:
        return Path(named)
    built = stacks.ROOT / ".run" / "probe.wasm"
    built.parent.mkdir(exist_ok=True)
    done = subprocess.run(
        ["scripts/wasm.sh", "build", "--features", "probe"], cwd=stacks.ROOT, capture_output=True, text=True,
        env=os.environ | {"TIERGATE_WASM_OUT": str(built), "CARGO_TARGET_DIR": "target/probe"})
    assert done.returncode == 0, done.stderr
    return built


@pytest.mark.parametrize("workers", [2, 4])
def test_another_worker_takes_over_from_one_that_died(gateway, tmp_path, probe, workers):
    """A worker that serves requests dies of fetching. Its lease ends by itself, and within a tick of that another
    fetches."""
    timeout, lease = 1.0, 2.0
    with Feed(SURGE[SECOND]) as feed, Momentum(
        gateway, tmp_path, feed, workers=workers, wasm=probe, query={"probe": "die"}, timeout_ms=int(1000 * timeout)
    ) as momentum:
        statuses = []

        def asked_once() -> None:
            # An answer that the dying VM was in the middle of is cut off: its head was sent, and its body can't follow.
            try:
                statuses.append(momentum.post().status_code)
            except httpx.RemoteProtocolError:
                statuses.append("cut")

        def dead() -> bool:
            asked_once()
            return momentum.deaths() > 0

        stacks.wait_until(dead, 20, "the worker that fetches dies")
        died = time.monotonic()

        def fetched() -> bool:
            asked_once()
            return momentum.fetches("updated") > 0

        stacks.wait_until(fetched, 20, "another worker fetches")
        # The call that the dead worker had begun may or may not have reached the feed; nobody else asks before the end.
        asked = [each.at - died for each in feed.wait_asked(1, 0)]
        assert sum(at < lease / 2 for at in asked) <= 1, asked
        assert min(at for at in asked if at >= lease / 2) <= lease + TICK + 2 * SLACK, asked
        # A dead VM's worker answers 503 until it has a new one (FAIL_RELOAD); the others go on.
        assert 200 in statuses and set(statuses) <= {200, 503, "cut"}, statuses
        assert statuses.count("cut") <= 1, statuses
        assert momentum.deaths() == 1
        stacks.wait_until(lambda: [momentum.post().status_code for _ in range(16)] == [200] * 16, 20, "all is well")
        momentum.settled(SECOND)
        count = feed.count()
        gaps = [b.at - a.at for a, b in zip(feed.wait_asked(count + 2, 20)[count - 1:], feed.asked[count:])]
        assert min(gaps) >= 0.9 - SLACK, gaps
