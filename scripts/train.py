#!/usr/bin/env python3
"""Fits the weights of `scorer: calibrated` and writes src/score/weights.tsv.

    cargo build --release --features cli
    scripts/train.py --data DIR              fits, measures, writes; labelled prompts are tests/data/corpus*.jsonl
    scripts/train.py --data DIR --dry-run    fits and measures

DIR holds JSONL files of prompts with the results of models: {"id", "prompt", "lang", "domain"?, "models": {name: 0..1}},
and may hold one of translations: {"id", "prompt", "lang", "group"}. Which of them train is told by TRAIN and PARALLEL;
all others in DIR are only measured. Features come from `tiergate features`, so they are those of the filter.

The shipped weights were fitted to these public data (none of it is in this repository):
    routellm_mmlu, routellm_gsm8k   lm-sys/RouteLLM, Apache-2.0; MMLU and GSM8K, MIT
    gaokao                          OpenLMLab/GAOKAO-Bench, Apache-2.0
    shaberi_ja                      shisa-ai/shaberi, Apache-2.0
    m_arena_hard_parallel           zeppombal/arena-hard-auto, Apache-2.0; prompts only: what a translation must not change
    tests/data/corpus*.jsonl        this project's own, Apache-2.0

Two models over the same features. The difficulty, a ridge regression, learns in each file apart how the file's prompts
rank by how many models fail. The tier, a network of 16 hidden units, learns the corpus' labels. Both pay for every difference between a prompt and its
translation, and between a prompt and the same prompt with typos, courtesies or markdown. Weights of the difficulty
are drawn towards PRIOR rather than towards nothing: what is known of subjects before seeing any data.

Everything that is printed of a file was predicted by a model that has not seen the file; for the corpus, by one that has
not seen the prompt's kind. Needs numpy, scipy. Same input, same output: there is no chance in it but fixed seeds.
"""

import argparse
import collections
import glob
import hashlib
import json
import os
import pathlib
import subprocess
import sys

# Sums that threads share come out differently each time, and so would the weights.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import numpy as np
from scipy.stats import rankdata, spearmanr

import net
import perturb

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIERS = ["SIMPLE", "MEDIUM", "COMPLEX", "REASONING"]
TRAIN = ["routellm_mmlu", "routellm_gsm8k", "gaokao", "shaberi_ja"]
PARALLEL = "m_arena_hard_parallel"
# The lexicon's languages; the others are measured too, but prompts in them have fewer concepts.
NINE = {"en", "zh", "ja", "ko", "ru", "de", "es", "pt", "ar"}
SCALE = 65_536
# Concepts of a short reply: it is judged by the work before it, and alone it says nothing.
REPLIES = {"continuation", "reply"}

# What is fitted with. Chosen by the measures that are printed, over files that are left out.
RIDGE = 1.0
INVARIANCE = 60.0
PERTURBATION = 2.0
PRIOR_STRENGTH = 3.0
CORPUS_IN_DIFFICULTY = 0.2
TIER_IN_SCORE = 0.5
LENGTH_BALANCE = 0.3
FLOOR = 0.1
TOO_LOW = 1.6
PARTED = 1.0
FILE_POWER = 0.5

# What is held of subjects and shapes before any data: by how many standard deviations a concept, or 1 more of a feature,
# makes an ask harder. Material (a long ask, most of it quoted) is held to make the question about it easier.
PRIOR_BY_WEIGHT = {
    0.8: "abstract_algebra",
    0.7: "puzzle",
    0.6: "calculus linear_algebra higher_math",
    0.5: "school_algebra geometry trigonometry sequences_series number_theory formal_logic mechanics "
         "argue_proof prove derivation theorem",
    0.4: "chance data_statistics electricity accounting_finance compute suppose game_theory thermodynamics "
         "complexity_bound",
    0.3: "light_and_atoms heat_and_gas chemical_substances judge_statements engineering system_design tax "
         "regex concurrency algorithm joke",
    0.25: "times_as_many",
    0.2: "law_case exactly name_a_fact several_numbers greek",
    0.15: "speed_and_time commands",
    0.1: "counting_things money patient_case clinical_findings grammar_words entertainment sports "
         "negated_choice poem must numbers variables decimals",
    0.08: "number_rate signs",
    0.06: "operators long_numbers",
    0.05: "percent",
    -0.08: "lettered_length years",
    -0.1: "astronomy evolution_ecology symptoms_disease public_health history_modern ethics_philosophy",
    -0.15: "length_over_256",
    -0.2: "rewrite business government geography cooking travel home_and_pets school_and_job compare "
         "article_essay causes thanks what_is meaning_of",
    -0.3: "reading_text plan psychology society feelings_relations letter explain greeting define",
    -0.4: "examples_list length_over_512",
    -0.5: "summarise length_over_1k cut long_words",
}
PRIOR = {name: weight for weight, names in PRIOR_BY_WEIGHT.items() for name in names.split()}


def rows_of(path):
    with open(path, encoding="utf8") as file:
        return [json.loads(line) for line in file if line.strip()]


def features_of(binary, rows):
    """One dict a row."""
    keys = ("prompt", "system", "history")
    lines = (json.dumps({"id": i, **{k: r[k] for k in keys if k in r}}, ensure_ascii=False) for i, r in enumerate(rows))
    done = subprocess.run([binary, "features"], input="\n".join(lines).encode(), capture_output=True, check=True)
    return [json.loads(line)["features"] for line in done.stdout.decode().splitlines()]


def difficulty(rows):
    """1 - mean score over models that cover nearly all rows and are neither hopeless nor perfect."""
    scores = collections.defaultdict(list)
    for row in rows:
        for model, value in row["models"].items():
            scores[model].append(value)
    panel = [m for m, v in scores.items() if len(v) >= 0.95 * len(rows) and 0.1 <= np.mean(v) <= 0.99]
    return np.array([1 - np.mean([r["models"][m] for m in panel if m in r["models"]]) for r in rows])


def gain(rows):
    """How much a strong model does better than a weak one: the best against the worst quarter of the models."""
    mean = collections.defaultdict(list)
    for row in rows:
        for model, value in row["models"].items():
            mean[model].append(value)
    order = sorted(mean, key=lambda m: np.mean(mean[m]))
    some = max(1, len(order) // 4)
    def of(row, models):
        return np.mean([row["models"][m] for m in models if m in row["models"]] or [0.5])
    return np.array([of(r, order[-some:]) - of(r, order[:some]) for r in rows])


def standard(values):
    return (values - values.mean()) / (values.std() + 1e-9)


def rho(a, b):
    return float(spearmanr(a, b).statistic)


class Data:
    """Features and targets of all files."""

    def __init__(self, binary, folder, corpus):
        self.rows = {pathlib.Path(p).stem: rows_of(p) for p in sorted(glob.glob(f"{folder}/*.jsonl"))}
        # Where there is a history, the ask whose features are told depends on the weights: nothing to fit weights to.
        self.rows["corpus"] = [row for path in corpus for row in rows_of(path) if not row.get("history")]
        found = {name: features_of(binary, rows) for name, rows in self.rows.items()}
        changed, origin = [], []
        for at, row in enumerate(self.rows["corpus"]):
            for kind, text in perturb.variants(row["prompt"], row["lang"], row["id"]).items():
                changed.append({**row, "prompt": text})
                origin.append(at)
        found["changed"] = features_of(binary, changed)
        self.origin = np.array(origin)
        dressed, self.plain = [], []
        for name in [*TRAIN, PARALLEL]:
            rows = self.rows.get(name, [])
            for at in range(0, len(rows), max(1, len(rows) // 200)):
                for kind, text in perturb.variants(rows[at]["prompt"], rows[at]["lang"], rows[at]["id"]).items():
                    dressed.append({**rows[at], "prompt": text})
                    self.plain.append((name, at))
        found["dressed"] = features_of(binary, dressed)
        self.names = sorted({name for rows in found.values() for row in rows for name in row} - REPLIES)
        place = {name: at for at, name in enumerate(self.names)}
        self.raw = {}
        for name, rows in found.items():
            matrix = np.zeros((len(rows), len(self.names)))
            for at, row in enumerate(rows):
                for feature, value in row.items():
                    if feature in place:
                        matrix[at, place[feature]] = value
            self.raw[name] = matrix
        spread = np.concatenate([self.raw[n] - self.raw[n].mean(0) for n in [*TRAIN, "corpus"] if n in self.raw]).std(0)
        self.scale = np.where(spread > 0, np.maximum(spread, FLOOR), np.inf)
        self.x = {name: matrix / self.scale for name, matrix in self.raw.items()}
        self.targets = {}
        for name in TRAIN:
            if name in self.rows:
                rows = self.rows[name]
                self.targets[name] = standard(standard(rankdata(difficulty(rows))) + 0.3 * standard(gain(rows)))
        self.tier = np.array([TIERS.index(row["tier"]) for row in self.rows["corpus"]], float)
        self.row = self.balance()
        rows = self.rows.get(PARALLEL, [])
        english = {r["group"]: i for i, r in enumerate(rows) if r["lang"] == "en"}
        self.translated = [(i, english[r["group"]]) for i, r in enumerate(rows) if r["lang"] != "en"]
        self.hold_equal(self.translated)
        self.prior = np.array([PRIOR.get(n, 0.0) for n in self.names]) * np.where(np.isinf(self.scale), 0, self.scale)

    def hold_equal(self, translated):
        """From here on, fits hold these pairs of translations equal."""
        x = self.x.get(PARALLEL)
        delta = np.array([x[i] - x[e] for i, e in translated] or [np.zeros(len(self.names))])
        self.equal, self.translation = translated, delta.T @ delta / len(delta)

    def balance(self):
        """Row weights for the corpus under which length tells less of the tier: people write long what is hard, but
        what is short is not easy for it."""
        length = self.raw["corpus"][:, self.names.index("length")]
        bins = np.searchsorted(np.quantile(length, np.arange(0.1, 1, 0.1)), length)
        table = np.zeros((10, 4))
        for b, t in zip(bins, self.tier.astype(int)):
            table[b, t] += 1
        expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / table.sum()
        weight = ((expected + 3) / (table + 3)) ** LENGTH_BALANCE
        return np.minimum(weight[bins, self.tier.astype(int)], 8)

    def perturbation(self, keep):
        """Mean outer product of what a change of clothes does to the features, over rows of the corpus to keep."""
        use = keep[self.origin]
        delta = self.x["changed"][use] - self.x["corpus"][self.origin[use]]
        return delta.T @ delta / max(1, len(delta))

    def solve(self, parts, keep, prior):
        """Ridge over centred parts (rows, target, weight, row weights), each with an intercept of its own."""
        size = len(self.names)
        gram, moment, total = np.zeros((size, size)), np.zeros(size), 0.0
        for x, y, weight, row in parts:
            row = row / row.sum()
            centred = x - row @ x
            gram += weight * (centred * row[:, None]).T @ centred
            moment += weight * (centred * row[:, None]).T @ (y - row @ y)
            total += weight
        gram = gram / total + INVARIANCE * self.translation + PERTURBATION * self.perturbation(keep)
        ridge = RIDGE
        return np.linalg.solve(gram + ridge * np.eye(size), moment / total + ridge * prior)

    def fit_difficulty(self, files, keep):
        parts = [(self.x[n], self.targets[n], (len(self.rows[n]) / 1000) ** FILE_POWER, np.ones(len(self.rows[n]))) for n in files]
        parts.append((self.x["corpus"][keep], standard(self.tier[keep]), CORPUS_IN_DIFFICULTY, self.row[keep]))
        return self.solve(parts, keep, PRIOR_STRENGTH * self.prior)

    def fit_tier(self, keep):
        """The network that tells the tier."""
        use = keep[self.origin]
        place = np.cumsum(keep) - 1
        here = np.array([self.x[PARALLEL][i] for i, _ in self.equal] + list(self.x["dressed"]))
        there = np.array([self.x[PARALLEL][e] for _, e in self.equal] + [self.x[n][at] for n, at in self.plain])
        x, changed = self.x["corpus"][keep], self.x["changed"][use]
        return net.fit(x, self.tier[keep], self.row[keep], changed, place[self.origin[use]], here, there)

    def score(self, files, tier):
        """Weights, intercept and share of the tier that make the difficulty: brought to a usual spread of 1.3."""
        x = self.x["corpus"]
        told = tier(x)
        hard = self.fit_difficulty(files, np.ones(len(x), bool))
        hard, share = hard / (x @ hard).std(), TIER_IN_SCORE / told.std()
        mixed = x @ hard + share * told
        scale = 1.3 / mixed.std()
        return scale * hard, -scale * mixed.mean(), scale * share


def folds(rows, count):
    """A fold for each row: rows of one kind share it, kinds are spread by the size they bring."""
    sizes = collections.Counter(row["kind"] for row in rows).most_common()
    load, fold = [0] * count, {}
    for kind, size in sizes:
        at = load.index(min(load))
        fold[kind], load[at] = at, load[at] + size
    return np.array([fold[row["kind"]] for row in rows])


def boundaries_of(at, tier, pairs=()):
    """The three boundaries that cost least: a tier too low costs more than one too high, and so does every pair of
    sums, of a prompt and its translation, that they part."""
    def cost(edges):
        told = np.searchsorted(edges, at, side="right")
        off = told - tier
        parted = np.mean(np.diff(np.searchsorted(edges, pairs, side="right"), axis=0) != 0) if len(pairs) else 0
        return np.mean(np.where(off < 0, -TOO_LOW * off, off) + 0.2 * (off != 0) + 1.0 * (abs(off) > 1)) + PARTED * parted
    edges = [0.5, 1.5, 2.5]
    grid = np.arange(0.0, 3.0, 0.02)
    for _ in range(4):
        for place in range(3):
            def with_edge(value):
                return [value if p == place else e for p, e in enumerate(edges)]
            options = [v for v in grid if with_edge(v) == sorted(with_edge(v))]
            edges[place] = float(min(options, key=lambda v: cost(with_edge(v))))
        edges = sorted(edges)
    return [edges[0], max(edges[1], edges[0] + 0.02), max(edges[2], edges[1] + 0.04)]


def confidence(at, edges, steepness):
    above = 1 / (1 + np.exp(-steepness * (at[:, None] - np.array(edges))))
    full = np.hstack([np.ones((len(at), 1)), above, np.zeros((len(at), 1))])
    told = np.searchsorted(edges, at, side="right")
    rows = np.arange(len(at))
    return told, np.maximum(0.25, full[rows, told] - full[rows, told + 1])


def calibration_error(sure, right, bins=10):
    """Expected calibration error over bins of equal width."""
    bin_of = np.minimum((sure * bins).astype(int), bins - 1)
    return sum(abs(sure[bin_of == b].mean() - right[bin_of == b].mean()) * (bin_of == b).mean() for b in set(bin_of))


def steepness_of(at, tier, edges):
    """The steepness whose confidence is calibrated best."""
    def error(steepness):
        told, sure = confidence(at, edges, steepness)
        return calibration_error(sure, told == tier)
    return float(min(np.arange(0.8, 8, 0.1), key=error))


def tiers_line(told, tier):
    off = told - tier
    return f"exact {np.mean(off == 0):.3f}  within one {np.mean(abs(off) <= 1):.3f}  too low {np.mean(off < 0):.3f}  too high {np.mean(off > 0):.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True, help="folder of datasets")
    parser.add_argument("--corpus", nargs="+", default=[str(ROOT / f"tests/data/corpus{part}.jsonl") for part in ("", "-terse")], help="labelled prompts")
    parser.add_argument("--binary", default=str(ROOT / "target/release/tiergate"))
    parser.add_argument("--out", default=str(ROOT / "src/score/weights.tsv"))
    parser.add_argument("--scores", help="write the left-out predictions, for the datasets' own metrics script")
    parser.add_argument("--left-out", help="folder for weights fitted without each of the training files, NAME.tsv")
    parser.add_argument("--dry-run", action="store_true", help="measure only")
    parser.add_argument("--set", nargs="*", default=[], help="NAME=VALUE of a constant above")
    args = parser.parse_args()
    for setting in args.set:
        name, value = setting.split("=")
        globals()[name] = float(value)
    data = Data(args.binary, args.data, args.corpus)
    rows = data.rows["corpus"]
    every = np.ones(len(rows), bool)

    fold = folds(rows, 6)
    left_out, changed = np.zeros(len(rows)), np.zeros(len(data.origin))
    for which in sorted(set(fold)):
        keep = fold != which
        tier = data.fit_tier(keep)
        left_out[~keep] = tier(data.x["corpus"][~keep])
        mine = ~keep[data.origin]
        changed[mine] = tier(data.x["changed"][mine])
    tier = data.fit_tier(every)
    files = [n for n in TRAIN if n in data.targets]
    weights, bias, share = data.score(files, tier)
    # Prompts that are held equal prove nothing: each half is measured with what was fitted to the other.
    rows = data.rows.get(PARALLEL, [])
    half = np.array([int(hashlib.sha256(str(row["group"]).encode()).hexdigest(), 16) % 2 for row in rows])
    translated_at, translated_score = np.zeros(len(rows)), np.zeros(len(rows))
    for which in (0, 1) if data.translated else ():
        data.hold_equal([pair for pair in data.translated if half[pair[0]] != which])
        other = data.fit_tier(every)
        part, here = data.score(files, other), half == which
        translated_at[here] = other(data.x[PARALLEL][here])
        translated_score[here] = data.x[PARALLEL][here] @ part[0] + part[1] + part[2] * translated_at[here]
    data.hold_equal(data.translated)
    edges = boundaries_of(left_out, data.tier, np.array([[translated_at[i], translated_at[e]] for i, e in data.translated]).T)
    steepness = steepness_of(left_out, data.tier, edges)
    told, sure = confidence(left_out, edges, steepness)
    print(f"corpus, kinds left out: {tiers_line(told, data.tier)}  rho {rho(left_out, data.tier):.3f}")
    print(f"  expected calibration error {calibration_error(sure, told == data.tier):.3f}, boundaries {edges}")
    moved = np.searchsorted(edges, changed, side="right") - told[data.origin]
    print(f"  in other clothes: {np.mean(moved != 0):.3f} of tiers change, {np.mean(abs(moved) > 1):.4f} by two")

    scores = {}
    means = []
    for name in [n for n in data.rows if n not in ("corpus", PARALLEL)]:
        at = tier(data.x[name])
        part = data.score([n for n in files if n != name], tier) if name in files else (weights, bias, share)
        score = data.x[name] @ part[0] + part[1] + part[2] * at
        told, sure = confidence(at, edges, steepness)
        for row, s, t in zip(data.rows[name], score, told):
            scores[row["id"]] = {"id": row["id"], "score": 1 / (1 + np.exp(-s)), "tier": TIERS[t]}
        if "models" in data.rows[name][0]:
            means.append(rho(score, difficulty(data.rows[name])))
            print(f"{name:24s} rho {means[-1]:+.3f}   tiers {np.bincount(told, minlength=4) / len(told)}")
        elif "label" in data.rows[name][0]:
            label = np.array([TIERS.index(row["label"]) for row in data.rows[name]])
            print(f"{name:24s} {tiers_line(told, label)}  rho {rho(score, label):.3f}  calibration {calibration_error(sure, told == label):.3f}")
    print(f"mean rho, files left out {np.mean(means):.3f}")

    if data.translated:
        told = np.searchsorted(edges, translated_at, side="right")
        rows, score = data.rows[PARALLEL], translated_score
        for row, s, t in zip(rows, score, told):
            scores[row["id"]] = {"id": row["id"], "score": 1 / (1 + np.exp(-s)), "tier": TIERS[t]}
        by = collections.defaultdict(list)
        for here, there in data.translated:
            by[rows[here]["lang"]].append((here, there))
        same = {lang: np.mean([told[h] == told[t] for h, t in pairs]) for lang, pairs in by.items()}
        rank = {lang: rho([score[h] for h, _ in pairs], [score[t] for _, t in pairs]) for lang, pairs in by.items()}
        nine = [lang for lang in same if lang in NINE]
        print(f"translations, prompts left out: same tier {np.mean([same[l] for l in nine]):.3f} in nine languages, {np.mean(list(same.values())):.3f} in {len(same)}; "
              f"rho {np.mean([rank[l] for l in nine]):.3f}, {np.mean(list(rank.values())):.3f}; tiers {np.bincount(told, minlength=4) / len(told)}")
        print("  " + " ".join(f"{l} {same[l]:.2f}/{rank[l]:.2f}" for l in sorted(same)))
    if args.scores:
        with open(args.scores, "w", encoding="utf8") as file:
            file.writelines(json.dumps(row) + "\n" for row in scores.values())
    if args.left_out:
        folder = pathlib.Path(args.left_out)
        folder.mkdir(parents=True, exist_ok=True)
        for name in files:
            part = data.score([n for n in files if n != name], tier)
            write(folder / f"{name}.tsv", data, *part, tier, edges, steepness)
    if args.dry_run:
        return
    write(pathlib.Path(args.out), data, weights, bias, share, tier, edges, steepness)
    print(f"wrote {args.out}")


def write(path, data, score, bias, share, tier, edges, steepness):
    """Whole numbers: weights in 65,536ths, features in 256ths."""
    def whole(*values):
        return "\t".join(str(round(float(value) * SCALE)) for value in values)
    lines = [
        "tiergate-weights\t1",
        f"bias\t{whole(*(256 * b for b in (bias, tier.bias, *tier.begin)))}",
        f"out\t{whole(*tier.out)}",
        f"share\t{round(share * 256)}",
        "boundaries\t" + "\t".join(f"{edge:.2f}" for edge in edges),
        f"steepness\t{steepness:.1f}",
    ]
    usual = data.raw["corpus"].mean(0)
    always = (data.raw["corpus"] != 0).mean(0) > 0.2
    for at, name in enumerate(data.names):
        if np.isfinite(data.scale[at]):
            by = 1 / data.scale[at]
            mean = round(usual[at] * 256) if always[at] else 0
            lines.append(f"feature\t{name}\t{whole(score[at] * by, tier.skip[at] * by)}\t{mean}\t{whole(*(tier.inner[at] * by))}")
    path.write_text("\n".join(lines) + "\n", encoding="utf8")


if __name__ == "__main__":
    sys.exit(main())
