#!/usr/bin/env python3
"""Tiers of prompts that people typed: tables and plots for docs/quality.md.

    scripts/train.py --data DIR --real DIR --dry-run --scores left-out.jsonl
    scripts/real.py --real DIR --left-out left-out.jsonl [--plots docs]

The calibrated scorer is measured with weights that have not seen the prompt's source: train.py writes what they say. The
rules, a length, and always one tier learn nothing here. Needs numpy, scipy.
"""

import argparse
import glob
import json
import pathlib
import subprocess

import numpy as np

import ordinal
import train

# What an answer costs at each tier, beside one at SIMPLE: about what the shipped table's first models cost.
PRICES = np.array([1, 3, 12, 20])
NAMED = {"cheap": 0.5, "balanced": 1.0, "careful": 2.0}
WIDTH, HEIGHT, MARGIN = 560, 360, 56


def rules(binary, rows):
    lines = "\n".join(json.dumps({"id": at, "prompt": row["prompt"]}, ensure_ascii=False) for at, row in enumerate(rows))
    done = subprocess.run([binary, "score", "--scorer", "rules"], input=lines.encode(), capture_output=True, check=True)
    said = [json.loads(line) for line in done.stdout.decode().splitlines()]
    return np.array([train.TIERS.index(row["tier"]) for row in said]), np.array([row["score"] for row in said])


def row(name, rows, told, score):
    numbers = train.real_numbers(rows, told, score)
    cells = [format(numbers[key], ".3f") for key in ("exact", "acceptable", "too low", "too high", "hard missed")]
    print(f"| {name} | " + " | ".join(cells) + f" | {numbers['rho']:.3f} | {PRICES[told].mean():.2f} |")


def axis(low, high, length):
    return lambda value: MARGIN + (value - low) / (high - low) * (length - 2 * MARGIN)


def plot(path, title, names, lines, points, limits):
    """An SVG of lines (colour, places) and named points."""
    (left, right), (low, high) = limits
    x, up = axis(left, right, WIDTH), axis(low, high, HEIGHT)
    y = lambda value: HEIGHT - up(value)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/><text x="{WIDTH / 2}" y="20" text-anchor="middle">{title}</text>',
           f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">{names[0]}</text>',
           f'<text transform="translate(14 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">{names[1]}</text>']
    for part in np.linspace(0, 1, 6):
        across, upward = left + part * (right - left), low + part * (high - low)
        out.append(f'<text x="{x(across):.1f}" y="{HEIGHT - MARGIN + 18}" text-anchor="middle">{across:.2g}</text>')
        out.append(f'<text x="{MARGIN - 6}" y="{y(upward) + 4:.1f}" text-anchor="end">{upward:.2f}</text>')
        out.append(f'<path d="M{MARGIN} {y(upward):.1f}H{WIDTH - MARGIN}" stroke="#ddd"/>')
    for colour, places in lines:
        out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="' + " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in places) + '"/>')
    for name, a, b in points:
        out.append(f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="4" fill="#b33"/><text x="{x(a) + 7:.1f}" y="{y(b) + 4:.1f}">{name}</text>')
    path.write_text("\n".join([*out, "</svg>", ""]), encoding="utf8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--real", required=True)
    parser.add_argument("--left-out", required=True)
    parser.add_argument("--binary", default=str(train.ROOT / "target/release/tiergate"))
    parser.add_argument("--plots", type=pathlib.Path)
    args = parser.parse_args()
    rows = [r for path in sorted(glob.glob(f"{args.real}/*.jsonl")) for r in train.rows_of(path)]
    said = {r["id"]: r for r in train.rows_of(args.left_out)}
    likely = ordinal.likelihoods(np.array([said[r["id"]]["sums"] for r in rows]))
    score = np.array([said[r["id"]]["score"] for r in rows])
    length = np.array([len(r["prompt"]) for r in rows])
    others = {
        "rules": rules(args.binary, rows),
        "under 60 characters SIMPLE, else MEDIUM": ((length >= 60).astype(int), length),
        "always MEDIUM": (np.ones(len(rows), int), length),
    }
    print("| | exact | acceptable | too low | too high | hard missed | rho with hardness | cost |\n|" + " --- |" * 8)
    for name, bias in NAMED.items():
        row(f"calibrated, {name}", rows, ordinal.tiers(likely, train.COSTS, bias), score)
    for name, (told, by) in others.items():
        row(name, rows, told, by)
    label = np.array([train.both(r)[0] for r in rows])
    told = ordinal.tiers(likely, train.COSTS)
    print("\n| | said SIMPLE | MEDIUM | COMPLEX | REASONING |\n|" + " --- |" * 5)
    for tier, name in enumerate(train.TIERS):
        print(f"| {name} | " + " | ".join(str(n) for n in np.bincount(told[label == tier], minlength=4)) + " |")
    sure, right = ordinal.confidence(likely, told), told == label
    print("\n| confidence | prompts | right |\n|" + " --- |" * 3)
    bins = [(low, (sure >= low) & (sure < low + 0.1)) for low in np.arange(0.2, 1, 0.1)]
    for low, part in bins:
        if part.sum() > 20:
            print(f"| {low:.1f} to {low + 0.1:.1f} | {part.sum()} | {right[part].mean():.2f} |")
    if args.plots:
        def place(told):
            return PRICES[told].mean(), train.real_numbers(rows, told, score)["acceptable"]
        curve = [place(ordinal.tiers(likely, train.COSTS, bias)) for bias in np.geomspace(0.05, 20, 40)]
        points = [(name, *place(ordinal.tiers(likely, train.COSTS, bias))) for name, bias in NAMED.items()]
        points += [(name.split(",")[0], *place(told)) for name, (told, _) in others.items()]
        plot(args.plots / "quality-bias.svg", "Cost against acceptable tiers, as bias moves", ("cost of an answer (SIMPLE is 1)", "acceptable"),
             [("#36c", curve)], points, ((1, 14), (0.3, 1.0)))
        plot(args.plots / "quality-confidence.svg", "How often the tier is right, by confidence", ("confidence", "right"),
             [("#999", [(0.2, 0.2), (1, 1)]), ("#36c", [(sure[p].mean(), right[p].mean()) for _, p in bins if p.sum() > 20])], [], ((0.2, 1), (0.2, 1)))


if __name__ == "__main__":
    main()
