"""examples/train as it ships: weights from a team's own lines, before and after on lines left out."""

import json
import re
import subprocess
import sys

import pytest

from gateway import stacks

LINES = stacks.ROOT / "examples" / "train" / "support.jsonl"


def learn(command, *arguments):
    return subprocess.run([sys.executable, stacks.ROOT / "scripts" / "learn.py", "--binary", command, *arguments],
                          capture_output=True, text=True, timeout=60)


def shares(name, text):
    """As said, too low, too high."""
    return [float(number) for number in re.findall(r"\d\.\d+", re.search(rf"^{name} .*$", text, re.M).group())]


def test_weights_learnt_from_own_lines_say_more_of_what_was_said(command, tmp_path):
    out = tmp_path / "weights.tsv"
    done = learn(command, LINES, "--out", out)
    assert done.returncode == 0, done.stderr
    before, after = shares("before", done.stdout), shares("after", done.stdout)
    # Of lines that were left out: the example's team draws the boundaries elsewhere than the rubric does.
    assert after[0] >= before[0] + 0.1
    assert after[1] < before[1]

    # The command reads them, and a question like those that the team calls SIMPLE is SIMPLE now.
    ask = json.dumps({"id": 1, "prompt": "How do I get the invoice of last month to another e-mail address?"})
    def tier(*options):
        told = subprocess.run([command, "score", *options], input=ask, capture_output=True, text=True, check=True)
        return json.loads(told.stdout)["tier"]
    assert tier() == "MEDIUM"
    assert tier("--weights", out) == "SIMPLE"

    # So does a gateway's configuration.
    document = tmp_path / "tiergate.json"
    document.write_text(json.dumps({"calibrated": {"weights": out.read_text()}}))
    checked = subprocess.run([command, "check", document], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_same_lines_give_the_same_weights(command, tmp_path):
    written = []
    for name in ("one.tsv", "two.tsv"):
        assert learn(command, LINES, "--out", tmp_path / name).returncode == 0
        written.append((tmp_path / name).read_text())
    assert written[0] == written[1]


def test_lines_that_agree_with_the_weights_leave_them_as_they_are(command, tmp_path):
    asks = [json.loads(line)["prompt"] for line in LINES.read_text().splitlines()]
    lines = "\n".join(json.dumps({"id": at, "prompt": ask}) for at, ask in enumerate(asks))
    told = subprocess.run([command, "score"], input=lines, capture_output=True, text=True, check=True).stdout
    tiers = [json.loads(line)["tier"] for line in told.splitlines()]
    own = tmp_path / "own.jsonl"
    own.write_text("".join(json.dumps({"prompt": ask, "tier": tier}) + "\n" for ask, tier in zip(asks, tiers)))
    done = learn(command, own, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert shares("before", done.stdout)[0] == 1
    assert not list(tmp_path.glob("*.tsv"))


@pytest.mark.parametrize("line, says", [
    ('{"prompt": "hi", "tier": "EASY"}', "`tier` must be one of"),
    ('{"prompt": "hi", "routed": "SIMPLE", "feedback": "bad"}', "`feedback` must be"),
    ('{"tier": "SIMPLE"}', "`prompt` is missing"),
    ("not json", "line 3"),
])
def test_a_wrong_line_is_named(command, tmp_path, line, says):
    own, out = tmp_path / "own.jsonl", tmp_path / "weights.tsv"
    own.write_text('{"prompt": "hello", "tier": "SIMPLE"}\n\n' + line + "\n")
    done = learn(command, own, "--out", out)
    assert done.returncode != 0
    assert says in done.stderr and "line 3" in done.stderr
    assert not out.exists()


def test_too_few_lines_teach_nothing(command, tmp_path):
    own, out = tmp_path / "own.jsonl", tmp_path / "weights.tsv"
    own.write_text('{"prompt": "hello", "tier": "SIMPLE"}\n' * 3)
    done = learn(command, own, "--out", out)
    assert done.returncode != 0 and "too few" in done.stderr
    assert not out.exists()
