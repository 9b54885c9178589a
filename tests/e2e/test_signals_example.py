"""examples/signals as it ships: the nightly job, and the Envoy that serves what it makes to its own filter."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway import EXAMPLE, stacks
from momentum import Running

HERE = EXAMPLE.parent
# A greeting that asks for JSON is MEDIUM, whose candidates have different fortunes in the shipped history.
MEDIUM = {"response_format": {"type": "json_object"}}
CONFIGURED, YESTERDAY, TODAY = "deepseek/deepseek-v4-pro", "zai/glm-5.3-flash", "moonshot/kimi-k2.7-code"


@pytest.fixture
def nightly(command, tmp_path):
    """The job on a copy of the shipped history: its result, history and feed."""
    history, feed = tmp_path / "history.csv", tmp_path / "served" / "signals.json"
    shutil.copy(HERE / "history.csv", history)
    feed.parent.mkdir()

    def nightly(*counts: Path) -> subprocess.CompletedProcess:
        return subprocess.run([HERE / "nightly.sh", *counts], capture_output=True, text=True, timeout=60,
                              env=os.environ | {"TIERGATE": command, "HISTORY": history, "FEED": feed})

    nightly.history, nightly.feed = history, feed
    return nightly


def test_the_document_for_the_command_is_envoys():
    envoy = stacks.load_yaml(EXAMPLE)
    document = json.loads((HERE / "tiergate.json").read_text())
    assert document.pop("$schema"), "for editors"
    assert document == stacks.tiergate_configuration(stacks.listener(envoy))


def test_the_shipped_feed_is_that_of_the_shipped_history(nightly):
    done = nightly()
    assert done.returncode == 0, done.stderr
    assert nightly.history.read_text() == (HERE / "history.csv").read_text()
    assert nightly.feed.read_text() == (HERE / "served" / "signals.json").read_text()


@pytest.mark.parametrize("counts", [
    "2026-11-21,gpt-5.4,tokens,1\n",
    "date,model,source,count\n2026-11-31,gpt-5.4,tokens,1\n",
    "date,model,source,count\n2026-11-21,gpt-5.4,tokens,many\n",
])
def test_wrong_counts_change_nothing(nightly, tmp_path, counts):
    assert nightly().returncode == 0
    history, feed = nightly.history.read_text(), nightly.feed.read_text()
    (tmp_path / "counts.csv").write_text(counts)
    done = nightly(tmp_path / "counts.csv")
    assert done.returncode != 0
    assert done.stderr
    assert (nightly.history.read_text(), nightly.feed.read_text()) == (history, feed)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["counts.csv", "history.csv", "served"]


def test_the_job_moves_candidates_of_a_running_envoy(gateway, nightly, tmp_path):
    envoy = stacks.demo_envoy(port=stacks.free_port(), admin_port=stacks.free_port(),
                              litellm_port=gateway.litellm_port, signals_port=stacks.free_port(), shipped=EXAMPLE)
    configured = stacks.tiergate_configuration(stacks.listener(envoy))
    assert configured["tiers"]["MEDIUM"][0] == CONFIGURED
    configured["signals"]["fresh_seconds"] = 1
    stacks.serve_signals(envoy, nightly.feed)
    assert nightly().returncode == 0
    with Running(tmp_path, envoy, workers=2) as running:
        running.settled(YESTERDAY, **MEDIUM)
        assert running.ask(**MEDIUM) == (YESTERDAY, "momentum")

        assert nightly(HERE / "today.csv").returncode == 0
        running.settled(TODAY, **MEDIUM)
        assert running.ask(**MEDIUM) == (TODAY, "momentum")
        assert running.fetches("updated") >= 2

        # Once more with the same counts: nothing changes.
        history, feed = nightly.history.read_text(), nightly.feed.read_text()
        assert len(history.splitlines()) == 1 + 220 + 22
        assert nightly(HERE / "today.csv").returncode == 0
        assert (nightly.history.read_text(), nightly.feed.read_text()) == (history, feed)
