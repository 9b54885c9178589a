"""docs/promises.tsv: each test that a row names is there and is run, and the page is made from it."""

import re
import subprocess
import sys

import promises
from fallbacks import Fallbacks
from faulty import Faulty
from gateway import stacks

ROWS = promises.rows()
NAMED = [each for row in ROWS for each in promises.shown(row)]


def test_what_is_here_names_its_test():
    for row in ROWS:
        assert promises.shown(row) or row["state"] != "works", row["behaviour"]
        assert row["note"] or row["state"] == "works", f"{row['behaviour']}: say why not"
    assert len({(row["system"], row["behaviour"]) for row in ROWS}) == len(ROWS)
    assert {row["system"] for row in ROWS} == set(promises.SYSTEMS)


def test_pytest_collects_each_test_that_is_named():
    done = subprocess.run([sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/e2e"], cwd=stacks.ROOT,
                          capture_output=True, text=True, timeout=300)
    collected = set(re.findall(r"^(tests/e2e/\w+\.py::\w+)", done.stdout, re.M))
    wanted = {f"{file}::{name}" for file, name in NAMED if file.endswith(".py")}
    assert len(wanted) > 50 and len(collected) > 200, done.stdout[-2000:] + done.stderr
    assert wanted - collected == set()


def test_cargo_lists_each_test_that_is_named():
    done = subprocess.run(["cargo", "test", "--quiet", "--workspace", "--features", "tiergate/cli", "--", "--list"],
                          cwd=stacks.ROOT, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr[-2000:]
    listed = set(re.findall(r"^([\w:]+): test$", done.stdout, re.M))
    wanted = {(file, name) for file, name in NAMED if file.endswith(".rs")}
    assert len(wanted) > 30 and len(listed) > 500
    for file, name in wanted:
        assert re.search(rf"#\[test\]\s+fn {name}\(", (stacks.ROOT / file).read_text()), f"{file}::{name}"
        assert any(each == name or each.endswith(f"::{name}") for each in listed), f"{file}::{name} is not run"


def test_the_page_is_made_from_it():
    done = subprocess.run([sys.executable, "scripts/promises.py", "--check"], cwd=stacks.ROOT, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_counters_are_reset_by_envoys_admin_interface(gateway, tmp_path):
    with Faulty() as faulty, Fallbacks(gateway, tmp_path, faulty, workers=1) as running:
        assert running.send()[0].status_code == 200
        assert running.counted("requests") == 1
        assert running.client.post(f"{running.admin_url}/reset_counters").status_code == 200
        assert running.counted("requests") == 0
        assert running.send()[0].status_code == 200
        assert running.counted("requests") == 1
