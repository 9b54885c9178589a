#!/usr/bin/env python3
"""How often a tier changes when an ask only changes its clothes (research/perturb.py): typos, case, white space,
courtesies, markdown, other words for the same.

    research/robustness.py FILE.jsonl… [--scorer calibrated] [--sample 400]

FILE holds {"id", "prompt", "lang"?, "system"?, "history"?} a line.
"""

import argparse
import collections
import json
import pathlib
import random
import subprocess

import perturb

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIERS = ["SIMPLE", "MEDIUM", "COMPLEX", "REASONING"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--scorer", default="calibrated")
    parser.add_argument("--sample", type=int, default=400, help="prompts a file")
    parser.add_argument("--binary", default=str(ROOT / "target/release/tiergate"))
    args = parser.parse_args()
    for path in args.files:
        with open(path, encoding="utf8") as file:
            rows = [json.loads(line) for line in file if line.strip()]
        rows = random.Random(1).sample(rows, min(args.sample, len(rows)))
        asks = []
        for at, row in enumerate(rows):
            rest = {key: row[key] for key in ("system", "history") if key in row}
            changed = perturb.variants(row["prompt"], row.get("lang", "en"), at)
            for kind, prompt in [("", row["prompt"]), *changed.items()]:
                asks.append({"id": [at, kind], "prompt": prompt, **rest})
        lines = "\n".join(json.dumps(ask, ensure_ascii=False) for ask in asks)
        command = [args.binary, "score", "--scorer", args.scorer]
        done = subprocess.run(command, input=lines.encode(), capture_output=True, check=True)
        told = [json.loads(line) for line in done.stdout.decode().splitlines()]
        plain = {row["id"][0]: TIERS.index(row["tier"]) for row in told if not row["id"][1]}
        moved = collections.defaultdict(list)
        for row in told:
            at, kind = row["id"]
            if kind:
                moved[kind].append(abs(TIERS.index(row["tier"]) - plain[at]))
        every = [move for moves in moved.values() for move in moves]
        share = lambda moves, least: sum(move >= least for move in moves) / len(moves)
        print(f"{path}: {share(every, 1):.3f} change, {share(every, 2):.4f} by two, of {len(every)}")
        print("  " + "  ".join(f"{kind} {share(moves, 1):.3f}" for kind, moves in sorted(moved.items())))


if __name__ == "__main__":
    main()
