"""The shipped catalogue is that of the pinned LiteLLM."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_catalogue_is_in_step_with_the_pinned_cost_map():
    command = [sys.executable, ROOT / "scripts/catalogue.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
