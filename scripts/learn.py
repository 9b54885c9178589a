#!/usr/bin/env python3
"""Fits the tiers of `scorer: calibrated` to one's own prompts: what people said of them, or how the routed answers did.

    scripts/learn.py MINE.jsonl… --out weights.tsv
    scripts/learn.py MINE.jsonl… --dry-run            measures only

A line each, of labels and of feedback, mixed as they come; `system` and `history` as for `tiergate score`:
    {"prompt": "…", "tier": "MEDIUM"}                                  the tier that it needs
    {"prompt": "…", "routed": "SIMPLE", "feedback": "too_low"}         what was answered at that tier was not good enough
    {"prompt": "…", "routed": "COMPLEX", "feedback": "too_high"}       a cheaper model would have done
    {"prompt": "…", "routed": "MEDIUM", "feedback": "right"}           just that

It starts from the weights of --from (the shipped ones) and moves them as far as the lines give reason to: how far is chosen
over lines that were left out. Printed is how the tiers do before and after, on lines that neither the weights nor that choice
have seen. Where it does not pay, the boundaries move and nothing else, or nothing at all. The difficulty, the costs of an error and
`calibrated.bias` stay what they are. Needs the command, `tiergate`, and numpy. No chance in it: same lines, same weights.

The file that it writes is the value of `calibrated.weights`, and what `tiergate score --weights` and `tiergate explain
--weights` read. The prompts themselves are not in it.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import numpy as np

from progress import steps

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIERS = ["SIMPLE", "MEDIUM", "COMPLEX", "REASONING"]
EDGES = 3
SCALE = 65_536
# A file of fewer lines says too little to measure anything by.
FEWEST = 30
FOLDS = 5
# How much is paid for every step away from the weights that it starts from. At the last only the boundaries move; without
# any, nothing does.
RIDGES = [1.0, 5.0, 25.0, 125.0, np.inf, None]
# Concepts of a short reply, which is judged by the work before it.
REPLIES = {"continuation", "reply"}


class Weights:
    """A file of weights: the sums of the three boundaries by feature, and the rest as it stands."""

    def __init__(self, path):
        self.lines = path.read_text(encoding="utf8").splitlines()
        self.sums, self.bias, self.costs = {}, None, None
        for line in self.lines:
            key, *cells = line.split("\t")
            if key == "feature":
                self.sums[cells[0]] = np.array(cells[2:5], float) / SCALE
            elif key == "bias":
                self.bias = np.array(cells[1:4], float) / SCALE / 256
            elif key == "costs":
                self.costs = np.array(cells, float)
        if self.bias is None or self.costs is None:
            sys.exit(f"{path} is no file of weights")

    def write(self, path, names, moved, begin):
        """The same, with the sums moved."""
        moved = dict(zip(names, moved))
        def whole(values):
            return [str(round(float(value) * SCALE)) for value in values]
        out = []
        for line in self.lines:
            key, *cells = line.split("\t")
            if key == "bias":
                line = "\t".join([key, cells[0], *whole(256 * (self.bias + begin))])
            elif key == "feature" and cells[0] in moved:
                line = "\t".join([key, *cells[:2], *whole(self.sums[cells[0]] + moved.pop(cells[0])), *cells[5:]])
            out.append(line)
        new = [f"feature\t{name}\t0\t" + "\t".join(whole(values)) + "\t0" for name, values in moved.items() if values.any()]
        path.write_text("\n".join(out + new) + "\n", encoding="utf8")


def read(paths):
    rows = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf8").splitlines(), 1):
            if line.strip():
                try:
                    row = json.loads(line)
                    rows.append((row, *said_of(row)))
                except (ValueError, KeyError, TypeError) as error:
                    sys.exit(f"{path}, line {number}: {error}")
    if len(rows) < FEWEST:
        sys.exit(f"{len(rows)} lines are too few to learn from and to measure by: {FEWEST} are the least")
    return rows


def said_of(row):
    """The lowest and the highest tier that the line leaves open."""
    if not isinstance(row, dict) or not isinstance(row.get("prompt"), str):
        raise ValueError("`prompt` is missing")
    def tier(key):
        if row.get(key) not in TIERS:
            raise ValueError(f"`{key}` must be one of {', '.join(TIERS)}")
        return TIERS.index(row[key])
    if "feedback" not in row:
        return tier("tier"), tier("tier")
    routed, top = tier("routed"), len(TIERS) - 1
    match row["feedback"]:
        case "right":
            return routed, routed
        case "too_low":
            return min(routed + 1, top), top
        case "too_high":
            return 0, max(routed - 1, 0)
    raise ValueError("`feedback` must be too_low, right or too_high")


def features(binary, rows):
    keys = ("prompt", "system", "history")
    lines = "\n".join(json.dumps({"id": i, **{k: r[k] for k in keys if k in r}}, ensure_ascii=False) for i, r in enumerate(rows))
    done = subprocess.run([binary, "features"], input=lines.encode(), capture_output=True)
    if done.returncode:
        sys.exit(f"{binary} features: {done.stderr.decode()[-300:]}")
    told = [json.loads(line) for line in done.stdout.decode().splitlines()]
    wrong = next((row["error"] for row in told if "error" in row), None)
    if wrong:
        sys.exit(f"{binary} features: {wrong}")
    return [row["features"] for row in told]


def likely(sums):
    return np.minimum.accumulate(1 / (1 + np.exp(-np.clip(sums, -50, 50))), 1)


def tiers(sums, costs):
    return np.minimum.accumulate(likely(sums) >= 1 / (1 + costs), 1).sum(1)


def loss(sums, low, high):
    """How unlikely the lines are, a line."""
    above = np.hstack([np.ones((len(sums), 1)), likely(sums), np.zeros((len(sums), 1))])
    rows = np.arange(len(sums))
    return -np.log(np.maximum(above[rows, low] - above[rows, high + 1], 1e-4))


def fit(x, start, low, high, ridge):
    """What is added to the weights and the beginnings of each boundary: Newton's method on a logistic regression that begins at
    `start` and pays `ridge` for the square of what it adds, over the lines, not over the features."""
    moved, begin = np.zeros((x.shape[1], EDGES)), np.zeros(EDGES)
    if ridge is None:
        return moved, begin
    # Where a boundary begins may move freely: as a feature that all have, which costs next to nothing.
    inner = np.zeros((len(x), len(x))) if np.isinf(ridge) else x @ x.T / ridge
    for edge in range(EDGES):
        known = (low > edge) | (high <= edge)
        y = (low > edge)[known].astype(float)
        if not known.any():
            continue
        k = inner[np.ix_(known, known)] + 1.0
        sums, dual = start[known, edge].copy(), np.zeros(known.sum())
        for _ in range(12):
            p = 1 / (1 + np.exp(-np.clip(sums, -30, 30)))
            w = np.maximum(p * (1 - p), 1e-3)
            aim = sums + (y - p) / w - start[known, edge]
            dual = np.linalg.solve(k + np.diag(1 / w), aim)
            sums = start[known, edge] + k @ dual
        begin[edge] = dual.sum()
        if not np.isinf(ridge):
            moved[:, edge] = x[known].T @ dual / ridge
    return moved, begin


def best(x, start, low, high, folds):
    """The ridge at which lines that were left out are likeliest."""
    def lost(ridge):
        total = 0.0
        for fold in range(folds):
            out = np.arange(len(x)) % folds == fold
            moved, begin = fit(x[~out], start[~out], low[~out], high[~out], ridge)
            total += loss(start[out] + x[out] @ moved + begin, low[out], high[out]).sum()
        return total
    return min(RIDGES, key=lost)


def line(name, told, low, high):
    print(f"{name:7s} as said {np.mean((told >= low) & (told <= high)):.3f}   too low {np.mean(told < low):.3f}   too high {np.mean(told > high):.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    parser.add_argument("--from", dest="start", type=pathlib.Path, default=ROOT / "src/core/score/weights.tsv", help="weights to start from")
    parser.add_argument("--out", type=pathlib.Path, help="where the new weights go")
    parser.add_argument("--dry-run", action="store_true", help="measure only")
    parser.add_argument("--binary", default=str(ROOT / "target/release/tiergate"), help="the command")
    args = parser.parse_args()
    if not args.out and not args.dry_run:
        parser.error("say where the weights go: --out FILE, or --dry-run")
    weights, rows = Weights(args.start), read(args.files)
    found = features(args.binary, [row for row, _, _ in rows])
    low, high = (np.array([row[at] for row in rows]) for at in (1, 2))
    names = sorted({name for row in found for name in row} - REPLIES - {f"short:{name}" for name in REPLIES})
    raw = np.array([[row.get(name, 0.0) for name in names] for row in found])
    start = raw @ np.array([weights.sums.get(name, np.zeros(EDGES)) for name in names]) + weights.bias
    scale = np.maximum(raw.std(0), 0.1)
    x = (raw - raw.mean(0)) / scale
    # Lines beside each other are often alike: every fifth is left out, in an order that says nothing.
    order = np.random.default_rng(0).permutation(len(rows))
    x, start, low, high, = x[order], start[order], low[order], high[order]
    after = start.copy()
    for fold in steps(range(FOLDS), "rows left out"):
        out = np.arange(len(x)) % FOLDS == fold
        rest = x[~out], start[~out], low[~out], high[~out]
        moved, begin = fit(*rest, best(*rest, 3))
        after[out] = start[out] + x[out] @ moved + begin
    print(f"{len(rows)} lines; each was measured with weights that have not seen it")
    line("before", tiers(start, weights.costs), low, high)
    line("after", tiers(after, weights.costs), low, high)
    ridge = best(x, start, low, high, FOLDS)
    moved, begin = fit(x, start, low, high, ridge)
    print({None: "nothing is gained: the weights stay what they are", np.inf: "only the boundaries move"}.get(
        ridge, f"weights move at a ridge of {ridge:g}"))
    if not args.dry_run:
        moved = moved / scale[:, None]
        weights.write(args.out, names, moved, begin - raw.mean(0) @ moved)
        print(f"wrote {args.out}")


if __name__ == "__main__":
    main()
