#!/usr/bin/env python3
"""Writes the tables of docs/compared.md from docs/promises.tsv.

    python scripts/promises.py           writes them; `make docs` does that too
    python scripts/promises.py --check   says whether they are in step
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA, PAGE = ROOT / "docs" / "promises.tsv", ROOT / "docs" / "compared.md"
COLUMNS = ["system", "behaviour", "whose", "state", "shown by", "note"]
BEGIN, END = "<!-- begin: made by scripts/promises.py from promises.tsv -->\n", "<!-- end -->\n"
SYSTEMS = {
    "momentum": "A plugin of LiteLLM's that ranks by adoption",
    "rules": "smart-llm-router: rules over keywords",
    "LiteLLM Router": "LiteLLM's Router",
    "completion": "A router by predicted completion",
    "hybrid": "A router of heuristics over discovered models",
}
STATES = {"works": "yes", "partly": "partly", "no": "no"}


def rows() -> list[dict[str, str]]:
    lines = [line for line in DATA.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert lines[0].split("\t") == COLUMNS, lines[0]
    made = []
    for line in lines[1:]:
        cells = line.split("\t")
        assert len(cells) == len(COLUMNS), f"{len(cells)} columns: {line}"
        row = dict(zip(COLUMNS, cells))
        assert row["system"] in SYSTEMS and row["state"] in STATES, line
        assert row["whose"] in ("tiergate", "Envoy", "LiteLLM", "nobody"), line
        made.append(row)
    return made


def shown(row: dict[str, str]) -> list[tuple[str, str]]:
    """The tests of a row: file and name."""
    return [tuple(each.split("::", 1)) for each in row["shown by"].split() if each != "-"]


def tables() -> str:
    all_rows, text = rows(), ""
    for system, title in SYSTEMS.items():
        mine = [row for row in all_rows if row["system"] == system]
        text += f"\n### {title}\n\n| behaviour | here | whose | shown by | to know |\n| --- | --- | --- | --- | --- |\n"
        for row in mine:
            tests = ", ".join(f"[{name}](../{file})" for file, name in shown(row))
            text += f"| {row['behaviour']} | {STATES[row['state']]} | {row['whose']} | {tests or '-'} | {row['note']} |\n"
    count = {state: sum(row["state"] == state for row in all_rows) for state in STATES}
    head = (f"\n{len(all_rows)} behaviours: {count['works']} are here, {count['partly']} partly, {count['no']} not.\n")
    return head + text + "\n"


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    new = before + BEGIN + tables() + END + after
    if "--check" in sys.argv[1:]:
        sys.exit(0 if new == page else f"{PAGE} is out of step with {DATA}: run `make docs`")
    PAGE.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
