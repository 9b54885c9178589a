"""The command reads the access log that the real Envoy wrote, and shows progress on a terminal alone."""

import json
import os
import pty
import select
import subprocess
import time

import pytest

from gateway import stacks, user

PROOF = "Prove the theorem by induction, step by step, and derive the contradiction."


def decided(gateway):
    """The decisions in the log so far."""
    lines = [json.loads(line) for line in gateway.envoy.out.read_text().splitlines() if line.startswith("{")]
    return [(line, json.loads(line["tiergate"])) for line in lines if line["tiergate"]]


@pytest.fixture
def log(gateway, client, tmp_path):
    """The log, with at least one request of each kind."""
    url = f"{gateway.url}/v1/chat/completions"
    answers = [client.post(url, json={"model": model, "messages": user(text)})
               for model, text in [("smart/auto", "Hello!"), ("smart/auto", PROOF), ("smart/recorded", "Hello!")]]
    answers.append(client.get(f"{gateway.url}/v1/models"))
    for answer in answers:
        gateway.access_line(answer.headers["x-request-id"])
    copy = tmp_path / "access.log"
    copy.write_text(gateway.envoy.out.read_text())
    return copy


def replay(command, *arguments):
    done = subprocess.run([command, "replay", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_log_of_the_real_envoy(command, gateway, log, tmp_path):
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    decisions = [(line, json.loads(line["tiergate"])) for line in lines if line["tiergate"]]
    page = tmp_path / "page.html"
    report = json.loads(replay(command, "--json", "--html", page, log))
    assert (report["total"]["requests"], report["broken"]["lines"]) == (len(decisions), 0)
    assert report["other_requests"] == len(lines) - len(decisions) >= 1
    both = [d for _, d in decisions if d.get("cost") is not None and d.get("baseline_cost") is not None]
    assert len(both) >= 3
    assert report["total"]["cost_usd"] == pytest.approx(sum(d["cost"] for d in both), rel=1e-6)
    assert report["total"]["savings"] == pytest.approx(
        1 - sum(d["cost"] for d in both) / sum(d["baseline_cost"] for d in both), abs=1e-5)
    mean = sum(line["duration_ms"] for line, _ in decisions) / len(decisions)
    assert report["total"]["duration_ms"]["mean"] == pytest.approx(mean, abs=0.06)
    tiers = {row["name"]: row["requests"] for row in report["by"]["tier"]}
    assert tiers["REASONING"] == sum(d["tier"] == "REASONING" for _, d in decisions)
    models = {row["name"] for row in report["by"]["model"]}
    assert {"recorded-small"} <= models
    assert page.read_text().startswith("<!doctype html>")
    assert replay(command, log).startswith(f"{len(decisions)} requests")


def test_the_log_tells_what_a_replay_needs(gateway, log):
    _, decision = next(pair for pair in decided(gateway) if pair[1]["model"] == "recorded-small")
    # 1 USD a million in, 2 out; an answer of a thousand tokens.
    assert decision["output_tokens"] == 1000
    assert decision["cost"] == pytest.approx((decision["input_tokens"] * 1 + 1000 * 2) / 1e6)


def test_a_replay_with_the_configuration_that_wrote_the_log_changes_nothing(command, gateway, log, tmp_path):
    document = stacks.tiergate_configuration(stacks.listener(gateway.envoy_configuration))
    config = tmp_path / "same.json"
    config.write_text(json.dumps(document))
    changes = json.loads(replay(command, "--json", "--config", config, log))["with_config"]
    assert changes["compared"] >= 3
    assert changes["tier_changes"] == 0, changes
    document["profiles"]["recorded"]["tiers"] = document["profiles"]["recorded"]["tiers"] | {"SIMPLE": "recorded-large"}
    config.write_text(json.dumps(document))
    changes = json.loads(replay(command, "--json", "--config", config, log))["with_config"]
    moved = [(one["from"], one["to"]) for one in changes["models"]]
    assert ("recorded-small", "recorded-large") in moved


def on_terminal(arguments, stdout_too):
    """What a command writes to a terminal of its own: to its standard error, and to its output if that is one too."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stderr=theirs,
                             stdout=theirs if stdout_too else subprocess.DEVNULL, env=os.environ | {"TERM": "xterm"})
    os.close(theirs)
    written, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                piece = b""
            if not piece:
                break
            written += piece
    os.close(ours)
    assert child.wait(60) == 0, written
    return written.decode(errors="replace")


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """Prompts that take a second or more."""
    file = tmp_path_factory.mktemp("big") / "prompts.jsonl"
    line = {"prompt": "Explain how a hash table works, and prove the bound on its expected cost. " * 40, "tier": "COMPLEX"}
    file.write_text("".join(json.dumps({"id": number} | line) + "\n" for number in range(1500)))
    return file


@pytest.mark.parametrize(("arguments", "stdout_too"), [
    (["score"], False), (["eval", "--rounds", "0"], False), (["eval", "--rounds", "0"], True), (["replay"], True)])
def test_long_work_shows_progress_on_a_terminal(command, log, big, tmp_path, arguments, stdout_too):
    file = big
    if arguments[0] == "replay":
        file = tmp_path / "long.log"
        file.write_text(log.read_text() * (1 + 60_000_000 // max(1, log.stat().st_size)))
    shown = on_terminal([command, *arguments, file], stdout_too)
    assert " % " in shown and "/s" in shown, shown[:500]
    # It goes away again.
    assert "\x1b[2K" in shown.rsplit(" % ", 1)[-1] or "\r" in shown.rsplit(" % ", 1)[-1]


@pytest.mark.parametrize("arguments", [["score"], ["eval", "--rounds", "0"]])
def test_progress_is_quiet_where_nobody_looks(command, big, arguments):
    done = subprocess.run([command, *arguments, big], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\x1b" not in done.stdout
    # Answers of `score` go to a terminal as they come: no bar is drawn into them.
    if arguments == ["score"]:
        assert "\x1b" not in on_terminal([command, "score", big], True)
