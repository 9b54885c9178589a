#!/usr/bin/env python3
"""Tiers of prompts that people typed: tables and plots for docs/quality.md.

    research/train.py --data DIR --real DIR --dry-run --scores left-out.jsonl
    research/real.py --real DIR --left-out left-out.jsonl [--plots docs]

The calibrated scorer is measured with weights that have not seen the prompt's source: train.py writes what they say. The
rules, other routers (research/peers.py, in the Python of --gateway-python, which has them), a length, and always one tier
learn nothing here. Needs numpy, scipy.
"""

import argparse
import glob
import itertools
import json
import pathlib
import subprocess

import numpy as np

import ordinal
import train

# What an answer costs at each tier, beside one at SIMPLE: about what the shipped table's first models cost.
PRICES = np.array([1, 3, 12, 20])
NAMED = {"cheap": 0.5, "balanced": 1.0, "careful": 2.0}
# The tiers' shares in chat traffic: what prompts of other sources, kept back by others, hold.
CHATS = (0.4, 0.54, 0.045, 0.015)
WIDTH, HEIGHT, MARGIN = 720, 460, 56
# The others whose score can be cut elsewhere, as the length can.
PLOTTED = ["rules", "LiteLLM heuristic", "LiteLLM heuristic_v2", "smart-llm-router"]
COLOURS = ["#c63", "#393", "#939", "#a80", "#666"]


def rules(binary, rows):
    lines = "\n".join(json.dumps({"id": at, "prompt": row["prompt"]}, ensure_ascii=False) for at, row in enumerate(rows))
    done = subprocess.run([binary, "score", "--scorer", "rules"], input=lines.encode(), capture_output=True, check=True)
    said = [json.loads(line) for line in done.stdout.decode().splitlines()]
    return np.array([train.TIERS.index(row["tier"]) for row in said]), np.array([row["score"] for row in said])


def abstained(binary, rows, told):
    """Of how many prompts the command says that it has nothing to judge by, and how many of them are labelled as `told` says."""
    lines = "\n".join(json.dumps({"id": at, "prompt": row["prompt"]}, ensure_ascii=False) for at, row in enumerate(rows))
    done = subprocess.run([binary, "score"], input=lines.encode(), capture_output=True, check=True)
    left = [at for at, line in enumerate(done.stdout.decode().splitlines()) if json.loads(line)["cause"] == "abstain"]
    return len(left), sum(told[at] in train.both(rows[at]) for at in left)


def peers(python, rows):
    """Tiers and scores by name, and the versions of what gave them."""
    lines = "\n".join(json.dumps({"id": at, "prompt": row["prompt"]}, ensure_ascii=False) for at, row in enumerate(rows))
    done = subprocess.run([python, train.ROOT / "research/peers.py"], input=lines.encode(), capture_output=True, check=True)
    versions, *said = [json.loads(line) for line in done.stdout.decode().splitlines()]
    names = [name for name in said[0] if name != "id"]
    of = {name: (np.array([train.TIERS.index(row[name][0]) for row in said]), np.array([row[name][1] for row in said])) for name in names}
    return of, versions["versions"]


def as_many(score, told):
    """As many prompts at each tier as `told` has, the hardest by `score` at the highest. Ties go by a fixed shuffle."""
    order = np.lexsort((np.random.default_rng(0).permutation(len(score)), score))
    tiers = np.empty(len(score), int)
    tiers[order] = np.sort(told)
    return tiers


def row(name, rows, told, score):
    numbers = train.real_numbers(rows, told, score)
    cells = [format(numbers[key], ".3f") for key in ("exact", "acceptable", "too low", "too high", "hard missed")]
    # A score that is the same for all ranks nothing.
    rank = f"{numbers['rho']:.3f}" if np.ptp(score) else "-"
    print(f"| {name} | " + " | ".join(cells) + f" | {rank} | {PRICES[told].mean():.2f} |")


def axis(low, high, length):
    return lambda value: MARGIN + (value - low) / (high - low) * (length - 2 * MARGIN)


def plot(path, title, names, lines, points, limits, legend=True):
    """An SVG of lines (name, colour, places) and named points; the lines' names stand top right, or at the bottom."""
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
    for at, (name, colour, places) in enumerate(lines):
        out.append(f'<text x="{WIDTH - MARGIN - 4}" y="{MARGIN + 15 * (at + 1) if legend else HEIGHT - MARGIN - 15 * (len(lines) - at)}" text-anchor="end" fill="{colour}">{name}</text>')
        out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="' + " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in places) + '"/>')
    for name, a, b in points:
        out.append(f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="4" fill="#b33"/><text x="{x(a) + 7:.1f}" y="{y(b) + 4:.1f}">{name}</text>')
    path.write_text("\n".join([*out, "</svg>", ""]), encoding="utf8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--real", required=True)
    parser.add_argument("--left-out", required=True)
    parser.add_argument("--binary", default=str(train.ROOT / "target/release/tiergate"))
    parser.add_argument("--gateway-python", default=str(train.ROOT / ".venv/bin/python"))
    parser.add_argument("--plots", type=pathlib.Path)
    args = parser.parse_args()
    rows = [r for path in sorted(glob.glob(f"{args.real}/*.jsonl")) for r in train.rows_of(path)]
    said = {r["id"]: r for r in train.rows_of(args.left_out)}
    likely = ordinal.likelihoods(np.array([said[r["id"]]["sums"] for r in rows]))
    score = np.array([said[r["id"]]["score"] for r in rows])
    length = np.array([len(r["prompt"]) for r in rows])
    others, versions = peers(args.gateway_python, rows)
    others = {
        "rules": rules(args.binary, rows),
        **others,
        "under 60 characters SIMPLE, else MEDIUM": ((length >= 60).astype(int), length),
        **{f"always {tier}": (np.full(len(rows), at), np.zeros(len(rows))) for at, tier in enumerate(train.TIERS)},
    }
    print("; ".join(f"{name} {version}" for name, version in versions.items()) + "\n")
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
    print("\nabstained: {} prompts; the sums name the right tier of {} of them".format(*abstained(args.binary, rows, told)))
    annotators(rows)
    frontier(rows, likely, score)
    for name, bias in NAMED.items():
        print(f"as frequent as in chats, {name}: " + "exact {:.3f}, acceptable {:.3f}, too low {:.3f}".format(*as_chats(rows, ordinal.tiers(likely, train.COSTS, bias))))
    sure, right = ordinal.confidence(likely, told), told == label
    print("\n| confidence | prompts | right |\n|" + " --- |" * 3)
    bins = [(low, (sure >= low) & (sure < low + 0.1)) for low in np.arange(0.2, 1, 0.1)]
    for low, part in bins:
        if part.sum() > 20:
            print(f"| {low:.1f} to {low + 0.1:.1f} | {part.sum()} | {right[part].mean():.2f} |")
    if args.plots:
        pictures(args.plots, rows, likely, score, others)
        plot(args.plots / "quality-confidence.svg", "How often the tier is right, by confidence", ("confidence", "right"),
             [("calibrated", "#36c", [(sure[p].mean(), right[p].mean()) for _, p in bins if p.sum() > 20]),
              ("", "#999", [(0.2, 0.2), (1, 1)])], [], ((0.2, 1), (0.2, 1)), legend=False)
        confusion(args.plots / "quality-confusion.svg", np.stack([np.bincount(told[label == tier], minlength=4) for tier in range(4)]))


def annotators(rows):
    """How the second annotator's tiers do by the first one's labels, and the other way round: no scorer needs to do better."""
    twice = [r for r in rows if "a" in r]
    print(f"\n{len(twice)} prompts labelled twice:\n\n| | exact | acceptable | too low | hard missed |\n|" + " --- |" * 5)
    for name, label, said in (("the second by the first", "a", "b"), ("the first by the second", "b", "a")):
        alone = [{**r, "a": r[label], "b": r[label]} for r in twice]
        numbers = train.real_numbers(alone, np.array([train.TIERS.index(r[said]) for r in twice]), np.arange(len(twice)))
        print(f"| {name} | " + " | ".join(format(numbers[key], ".3f") for key in ("exact", "acceptable", "too low", "hard missed")) + " |")


def frontier(rows, likely, score):
    """What the costs of errors can reach at best, chosen with the labels in sight."""
    edges = (1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5)
    tried = [(costs, train.real_numbers(rows, ordinal.tiers(likely, costs), score)) for costs in itertools.product(edges, edges, (1, 2, 3.5))]
    print("\n| the most exact with | costs | exact | acceptable | too low | hard missed |\n|" + " --- |" * 6)
    for name, low, missed in (("no limit", 1, 1), ("hard missed at most 0.40", 1, 0.4), ("too low at most 0.08", 0.08, 1), ("both", 0.08, 0.4)):
        fit = [(costs, n) for costs, n in tried if n["too low"] <= low and n["hard missed"] <= missed]
        if fit:
            costs, numbers = max(fit, key=lambda each: each[1]["exact"])
            cells = [format(numbers[key], ".3f") for key in ("exact", "acceptable", "too low", "hard missed")]
            print(f"| {name} | {', '.join(f'{c:g}' for c in costs)} | " + " | ".join(cells) + " |")


def as_chats(rows, told):
    """The same, weighed so that the tiers are as frequent as in chats."""
    label = np.array([train.both(r)[0] for r in rows])
    weight = (np.array(CHATS) / np.bincount(label, minlength=4) * len(rows))[label]
    pairs = np.array([train.both(r) for r in rows])
    fine = [train.TIERS[t] in {train.TIERS[a], train.TIERS[b], *(r.get("beside") or [])} for t, (a, b), r in zip(told, pairs, rows)]
    same = pairs[:, 0] == pairs[:, 1]
    return (np.average((told == label)[same], weights=weight[same]), np.average(fine, weights=weight),
            np.average(told < pairs.min(1), weights=weight))


def pictures(folder, rows, likely, score, others):
    """Cost against acceptable tiers and against hard prompts that are missed, as bias moves; the others with as many prompts at
    each tier, so that they cost the same."""
    biases = np.geomspace(0.05, 20, 40)
    told = [ordinal.tiers(likely, train.COSTS, bias) for bias in biases]
    curves = [("calibrated", "#36c", told)]
    for (name, by), colour in zip([*((n, others[n][1]) for n in PLOTTED), ("length", others["under 60 characters SIMPLE, else MEDIUM"][1])], COLOURS):
        curves.append((name, colour, [as_many(by, tiers) for tiers in told]))
    for file, title, key, limits in (
        ("quality-bias.svg", "Cost against acceptable tiers, as bias moves", "acceptable", (0.2, 1.0)),
        ("quality-hard.svg", "Cost against hard prompts sent too low, as bias moves", "hard missed", (0.0, 1.0)),
    ):
        def place(tiers):
            return PRICES[tiers].mean(), train.real_numbers(rows, tiers, score)[key]
        lines = [(name, colour, [place(tiers) for tiers in each]) for name, colour, each in curves]
        points = [(name, *place(ordinal.tiers(likely, train.COSTS, bias))) for name, bias in NAMED.items()]
        points += [(name.split(",")[0], *place(tiers)) for name, (tiers, _) in others.items()]
        plot(folder / file, title, ("cost of an answer (SIMPLE is 1)", key), lines, [p for p in points if p[1] <= 14], ((1, 14), limits))


def confusion(path, counts):
    """An SVG of which tiers are taken for which: rows are what people say."""
    side, left, top = 96, 100, 70
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + 4 * side + 20} {top + 4 * side + 20}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="{left + 2 * side}" y="22" text-anchor="middle">What people say (rows) and the scorer (columns), balanced</text>']
    for row, shares in enumerate(counts / counts.sum(1, keepdims=True)):
        out.append(f'<text x="{left - 8}" y="{top + (row + 0.5) * side}" text-anchor="end">{train.TIERS[row]}</text>')
        out.append(f'<text x="{left + (row + 0.5) * side}" y="{top - 10}" text-anchor="middle">{train.TIERS[row]}</text>')
        for column, share in enumerate(shares):
            x, y = left + column * side, top + row * side
            out.append(f'<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="#36c" fill-opacity="{share:.2f}" stroke="#ddd"/>')
            colour = "white" if share > 0.5 else "black"
            out.append(f'<text x="{x + side / 2}" y="{y + side / 2}" text-anchor="middle" fill="{colour}">{100 * share:.0f} % ({counts[row, column]})</text>')
    path.write_text("\n".join([*out, "</svg>", ""]), encoding="utf8")


if __name__ == "__main__":
    main()
