"""Rows of the tables of errors that name LiteLLM's code as their source are in the pinned LiteLLM."""

import re
from pathlib import Path

import litellm
import pytest

from gateway import stacks

TABLES = Path(stacks.ROOT) / "src/core/chat/answer"
# Issues say what LiteLLM passed on, not what it writes.
ISSUE = re.compile(r"#\d")


@pytest.fixture(scope="module")
def code() -> str:
    files = sorted(Path(litellm.__file__).parent.rglob("*.py"))
    return "\n".join(file.read_text(errors="replace") for file in files).lower()


def rows(table: str, wording: int) -> list[str]:
    lines = (TABLES / table).read_text().splitlines()[1:]
    cells = [line.split("\t") for line in lines if line]
    return [cell[wording] for cell in cells if "BerriAI/litellm" in cell[-1] and not ISSUE.search(cell[-1])]


@pytest.mark.parametrize(("table", "wording"), [("refusals.tsv", 2), ("one_key.tsv", 0)])
def test_litellm_knows_each_wording(code, table, wording):
    wordings = rows(table, wording)
    assert len(wordings) > 10
    unknown = [each for each in wordings if not known(each, code)]
    assert unknown == []


def known(pattern: str, code: str) -> bool:
    """`*` stands for anything; `^` for the beginning of a message. Some messages are put together of two."""
    made = "rate limit exceeded for "
    if pattern.startswith(made):
        return made in code and f'"{pattern.removeprefix(made)}' in code
    parts = [re.escape(part) for part in pattern.removeprefix("^").split("*") if part]
    return re.search(".{0,200}?".join(parts), code) is not None
