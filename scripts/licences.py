"""Licences of everything that is linked into the module, with their texts:  scripts/licences.py > dist/THIRD-PARTY.txt

What is linked is what `cargo tree` lists for wasm32-wasip1, without what runs at build time. A package without a licence, or without its text, is an error: the release waits for a person.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = "wasm32-wasip1"
TEXTS = re.compile(r"^(licen[cs]e|copying|copyright|notice|unlicense)", re.I)
# Where a package gives a choice, the first of these is taken.
ACCEPTED = ["Apache-2.0", "MIT", "BSD-3-Clause", "BSD-2-Clause", "ISC", "Zlib", "Unicode-3.0", "Unlicense", "CC0-1.0"]

TOOLCHAIN = """Rust's standard library (MIT OR Apache-2.0), used here under Apache-2.0
wasi-libc (Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT), used here under Apache-2.0; it has parts of musl (MIT)
The prices, windows and capabilities in src/core/config/catalogue.json are from LiteLLM's cost map (MIT)
"""


def cargo(*arguments: str) -> str:
    return subprocess.run(["cargo", *arguments, "--locked"], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def linked() -> list[dict]:
    """The packages that are linked, without tiergate itself, by name."""
    tree = cargo("tree", "--package", "tiergate", "--target", TARGET, "--edges", "normal,no-proc-macro", "--prefix", "none",
                 "--format", "{p}")
    names = {tuple(line.split()[:2]) for line in tree.splitlines()}
    packages = json.loads(cargo("metadata", "--format-version", "1", "--filter-platform", TARGET))["packages"]
    found = [each for each in packages if (each["name"], f"v{each['version']}") in names]
    assert len(found) == len(names), "cargo tree and cargo metadata disagree"
    # A package without a source is of this workspace.
    return sorted((each for each in found if each["source"]), key=lambda package: package["name"])


def chosen(expression: str | None) -> str | None:
    """The licence of an SPDX expression that is made use of; None where a person has to look."""
    if expression is None:
        return None
    # All of an AND hold; of an OR one is enough.
    parts = re.split(r"\s+AND\s+", expression)
    if len(parts) > 1:
        taken = [chosen(part) for part in parts]
        return " AND ".join(taken) if all(taken) else None
    alternatives = [part.strip(" ()") for part in re.split(r"\s+OR\s+|/", expression)]
    return next((licence for licence in ACCEPTED if licence in alternatives), None)


def texts(package: dict) -> list[Path]:
    home = Path(package["manifest_path"]).parent
    return sorted(path for path in home.iterdir() if path.is_file() and TEXTS.match(path.name))


def main() -> int:
    packages = linked()
    faults = []
    print("What tiergate.wasm is made of besides tiergate, and under which licences.\n")
    for package in packages:
        licence = chosen(package["license"])
        if licence is None:
            faults.append(f"{package['name']} {package['version']}: licence {package['license']!r} is not among the accepted")
        if not texts(package):
            faults.append(f"{package['name']} {package['version']}: no text of its licence in the package")
        print(f"{package['name']} {package['version']}  {package['license']}  {package['repository'] or ''}".rstrip())
    print(f"\n{TOOLCHAIN}")
    for package in packages:
        for path in texts(package):
            print("-" * 100)
            print(f"{package['name']} {package['version']}: {path.name}\n")
            print(path.read_text(errors="replace").strip() + "\n")
    for fault in faults:
        print(f"licences: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
