#!/usr/bin/env python3
"""What a second opinion gains: the tables of docs/second-opinion.md.

    research/opinion.py --real FILE [--scored FILE] [--share 0.2]

FILE holds prompts with tiers, one JSON object a line: `id`, `prompt`, the tiers `a` and `b` of two annotators, and
`beside`, tiers that they hesitated about. They are judged by `tiergate score`, or were (`--scored`: its output). Of the least
sure ones, as `classifier` of the configuration picks them, a classifier of ours says the tier: one that is always right, one
that is right four times in five and else a tier beside, one that guesses, and two that are hostile. Random ones are the mean
of 20 rounds.
"""

import argparse
import json
import random
import subprocess
import sys

TIERS = ["SIMPLE", "MEDIUM", "COMPLEX", "REASONING"]
PRICES = [1, 3, 12, 20]  # of an answer at each tier, as in docs/quality.md
ROUNDS = 20
RIGHT = 0.8


def beside(tier, chance):
    return chance.choice([t for t in (tier - 1, tier + 1) if 0 <= t < len(TIERS)])


CLASSIFIERS = {
    "perfect": lambda right, chance: right,
    "right four times in five": lambda right, chance: right if chance.random() < RIGHT else beside(right, chance),
    "guesses": lambda right, chance: chance.randrange(len(TIERS)),
    "hostile: as wrong as can be": lambda right, chance: 0 if right >= 2 else len(TIERS) - 1,
    "hostile: always SIMPLE": lambda right, chance: 0,
}


def scored(binary, rows):
    lines = "".join(json.dumps({"id": row["id"], "prompt": row["prompt"]}) + "\n" for row in rows)
    done = subprocess.run([binary, "score"], input=lines, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def numbers(rows, told):
    pairs = [sorted((TIERS.index(row["a"]), TIERS.index(row["b"]))) for row in rows]
    same = [tier == low for (low, high), tier in zip(pairs, told) if low == high]
    fine = [TIERS[tier] in {row["a"], row["b"], *row.get("beside", [])} for row, tier in zip(rows, told)]
    hard = [tier < 2 for (low, _), tier in zip(pairs, told) if low >= 2]
    mean = lambda values: sum(values) / max(len(values), 1)  # noqa: E731
    return [mean(same), mean(fine), mean([t < low for (low, _), t in zip(pairs, told)]),
            mean([t > high for (_, high), t in zip(pairs, told)]), mean(hard), mean([PRICES[t] for t in told])]


def least_sure(said, share):
    """The places of what is asked about, and the band that picks them: what the scorer abstained from, then the lowest
    confidence."""
    open_ = [at for at, one in enumerate(said) if one["cause"] in ("score", "abstain", "ambiguous")]
    order = sorted(open_, key=lambda at: (said[at]["cause"] == "score", said[at]["confidence"]))
    asked = order[:round(share * len(said))]
    return set(asked), max((said[at]["confidence"] for at in asked if said[at]["cause"] == "score"), default=0.0)


def line(name, values):
    print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in values[:-1]) + f" | {values[-1]:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--real", required=True, metavar="FILE")
    parser.add_argument("--scored", metavar="FILE")
    parser.add_argument("--binary", default="target/release/tiergate")
    parser.add_argument("--share", type=float, action="append", help="of the prompts; may be repeated (0.1, 0.2, 0.3)")
    options = parser.parse_args()
    with open(options.real, encoding="utf8") as file:
        rows = [row for row in map(json.loads, file) if "a" in row and "b" in row]
    if options.scored:
        with open(options.scored, encoding="utf8") as file:
            lines = file.read().splitlines()
    else:
        lines = scored(options.binary, rows)
    by_id = {one["id"]: one for one in map(json.loads, lines)}
    missing = [row["id"] for row in rows if row["id"] not in by_id]
    if missing:
        sys.exit(f"not scored: {missing[0]} and {len(missing) - 1} more")
    said = [by_id[row["id"]] for row in rows]
    told = [TIERS.index(one["tier"]) for one in said]
    # What is right is the label of the first annotator.
    right = [TIERS.index(row["a"]) for row in rows]
    print("| classifier | exact | acceptable | too low | too high | hard missed | cost |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    line("none", numbers(rows, told))
    for share in options.share or (0.1, 0.2, 0.3):
        asked, band = least_sure(said, share)
        wrong = sum(told[at] != right[at] for at in asked) / max(len(asked), 1)
        print(f"share {share}: {len(asked)} prompts, band {band:.3f}, the scorer is wrong about {wrong:.2f} of them", file=sys.stderr)
        for name, says in CLASSIFIERS.items():
            rounds = []
            for seed in range(ROUNDS):
                chance = random.Random(seed)
                rounds.append(numbers(rows, [says(right[at], chance) if at in asked else told[at] for at in range(len(rows))]))
            line(f"{share:.0%} asked, {name}", [sum(values) / ROUNDS for values in zip(*rounds)])


if __name__ == "__main__":
    main()
