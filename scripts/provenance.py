"""How what is released was made, as an in-toto statement with SLSA's predicate:

    scripts/provenance.py FOLDER FILE... > FOLDER/tiergate.provenance.json

It says which commit, which toolchain and which script made which bytes. It is a claim of whoever runs it; SHA256SUMS.sig,
where there is a key, says who that is.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def said(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def statement(folder: Path, names: list[str]) -> dict:
    commit = said("git", "rev-parse", "HEAD")
    changed = bool(said("git", "status", "--porcelain"))
    locks = ["Cargo.lock", "requirements.txt", "rust-toolchain.toml"]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest(folder / name)}} for name in names],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "scripts/release.sh of tiergate",
                "externalParameters": {"commit": commit, "changed": changed},
                "internalParameters": {"rustc": said("rustc", "--version"), "cargo": said("cargo", "--version")},
                "resolvedDependencies": [
                    {"name": "source", "digest": {"gitCommit": commit}},
                    *({"name": name, "digest": {"sha256": digest(ROOT / name)}} for name in locks),
                ],
            },
            # No time of the run: the same commit gives the same statement.
            "runDetails": {"builder": {"id": "scripts/release.sh, run by a person"}},
        },
    }


if __name__ == "__main__":
    print(json.dumps(statement(Path(sys.argv[1]), sys.argv[2:]), indent=1))
