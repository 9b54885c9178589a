#!/usr/bin/env python3
"""Fits the weights of `scorer: calibrated` and writes src/core/score/weights.tsv.

    cargo build --release --features cli
    research/train.py --data DIR --real DIR              fits, measures, writes
    research/train.py --data DIR --real DIR --dry-run    fits and measures

The first DIR holds JSONL files of prompts with the results of models: {"id", "prompt", "lang", "domain"?, "models":
{name: 0..1}}, and may hold one of translations: {"id", "prompt", "lang", "group"}. Which of them train is told by TRAIN and
PARALLEL; all others are only measured. The second holds JSONL files of prompts that people typed, with tiers: {"id",
"source", "lang", "prompt", "tier" or "a" and "b" of two annotators, "beside"?: other tiers that would do, "hard": how likely
a small model fails, per cent}. The project's own labelled prompts are tests/data/corpus*.jsonl. Features come from `tiergate
features`, so they are those of the filter.

The shipped weights were fitted to these public data (none of it is in this repository); docs/quality.md names the sources
of the prompts that people typed.
    routellm_mmlu, routellm_gsm8k   lm-sys/RouteLLM, Apache-2.0; MMLU and GSM8K, MIT
    mmlu_pro                        TIGER-AI-Lab/MMLU-Pro, Apache-2.0
    gaokao                          OpenLMLab/GAOKAO-Bench, Apache-2.0
    shaberi_ja                      shisa-ai/shaberi, Apache-2.0
    m_arena_hard_parallel           zeppombal/arena-hard-auto, Apache-2.0; prompts only: what a translation must not change
    tests/data/corpus*.jsonl        this project's own, Apache-2.0

Two models over the same features. The tier: for each boundary a logistic regression of the labels (research/ordinal.py). The
difficulty, a ridge regression: how the prompts of each file rank by how many models fail, and how prompts that people
typed rank by `hard`; a share of the tier's sums is added to it. Both pay for every difference between a prompt and its
translation, and between a prompt and the same prompt with typos, courtesies or markdown. Weights of the difficulty are drawn
towards PRIOR rather than towards nothing: what is known of subjects before seeing any data.

Everything that is printed of a file was predicted by a model that has not seen the file; of the prompts that people typed,
by one that has not seen the prompt's source; of the corpus, its kind; of translations, the prompt. Needs numpy, scipy. Same
input, same output: there is no chance in it.
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

import ordinal
import perturb

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "scripts"))
from progress import steps

TIERS = ["SIMPLE", "MEDIUM", "COMPLEX", "REASONING"]
TRAIN = ["routellm_mmlu", "routellm_gsm8k", "gaokao", "shaberi_ja", "mmlu_pro"]
PARALLEL = "m_arena_hard_parallel"
# The lexicon's languages; the others are measured too, but prompts in them have fewer concepts.
NINE = {"en", "zh", "ja", "ko", "ru", "de", "es", "pt", "ar"}
SCALE = 65_536
# Concepts of a short reply: it is judged by the work before it, and alone it says nothing.
REPLIES = {"continuation", "reply"}
# Sources that hold prompts of one project: left out together.
ONE_SOURCE = {
    "oasst": ("LAION-AI/", "Open-Assistant/", "artidoro/qlora", "hiyouga/ChatGLM", "bofenghuang/vigogne"),
    "agents": (".specstory", ".aider"),
    "swe-bench": ("swe-bench", "swe_bench"),
}

# What is fitted with. Chosen by the measures that are printed, over what is left out.
RIDGE = 1.0
INVARIANCE = 60.0
PERTURBATION = 2.0
PRIOR_STRENGTH = 3.0
CORPUS_IN_DIFFICULTY = 0.2
HARD_IN_DIFFICULTY = 2.0
TIER_IN_SCORE = 0.4
FLOOR = 0.1
FILE_POWER = 0.5
# Of the tier: weight of a prompt of the corpus (a real one has 1), what a change of clothes or of the language costs, and the
# ridge.
CORPUS = 1.0
UNLIKE_CLOTHES = 0.01
UNLIKE_LANGUAGE = 0.05
TIER_RIDGE = 0.08
# What the ridge and the penalties take from the sums' slopes is given back, so that the confidence is as often right as it says.
SHARPEN = 1.15
# How much of a label goes to the tiers that an annotator named beside it.
BESIDE = 0.15
# What an ask costs that is sent below MEDIUM, COMPLEX, REASONING and belongs above; one that is sent too high costs 1.
COSTS = [2.2, 2.5, 3.5]

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


def source_of(row):
    """What is left out at once: the repository, or what several hold alike."""
    for name, parts in ONE_SOURCE.items():
        if any(part in row["source"] for part in parts):
            return name
    return row["source"].split(":")[0]


def both(row):
    """The tiers that two annotators chose, or one of them twice."""
    return [TIERS.index(row.get(key, row.get("tier"))) for key in ("a", "b")]


def shares(rows):
    """Each row's label as shares of the four tiers."""
    out = np.zeros((len(rows), 4))
    for at, row in enumerate(rows):
        chosen = both(row)
        beside = [TIERS.index(tier) for tier in row.get("beside") or [] if TIERS.index(tier) not in chosen]
        for tier in beside:
            out[at, tier] += BESIDE / len(beside)
        for tier in chosen:
            out[at, tier] += (1 - BESIDE * bool(beside)) / 2
    return out


def folds(names, count):
    """A fold for each name: equal names share it, and folds are about as large."""
    load, fold = [0] * count, {}
    for name, size in collections.Counter(names).most_common():
        at = load.index(min(load))
        fold[name], load[at] = at, load[at] + size
    return np.array([fold[name] for name in names])


class Data:
    """Features and targets of all files."""

    def __init__(self, binary, folder, real, corpus):
        self.rows = {pathlib.Path(p).stem: rows_of(p) for p in sorted(glob.glob(f"{folder}/*.jsonl"))}
        # Where there is a history, the ask whose features are told depends on the weights: nothing to fit weights to.
        self.rows["corpus"] = [row for path in corpus for row in rows_of(path) if not row.get("history")]
        self.rows["real"] = [row for path in sorted(glob.glob(f"{real}/*.jsonl")) for row in rows_of(path)]
        found = {name: features_of(binary, rows) for name, rows in self.rows.items()}
        dressed, self.plain = [], []
        for name in ["corpus", "real", *TRAIN, PARALLEL]:
            rows = self.rows.get(name, [])
            for at in range(0, len(rows), max(1, len(rows) // (400 if name in ("corpus", "real") else 100))):
                for text in perturb.variants(rows[at]["prompt"], rows[at]["lang"], rows[at]["id"]).values():
                    dressed.append({**rows[at], "prompt": text})
                    self.plain.append((name, at))
        found["dressed"] = features_of(binary, dressed)
        unused = REPLIES | {f"short:{name}" for name in REPLIES}
        self.names = sorted({name for rows in found.values() for row in rows for name in row} - unused)
        place = {name: at for at, name in enumerate(self.names)}
        self.raw = {}
        for name, rows in found.items():
            matrix = np.zeros((len(rows), len(self.names)))
            for at, row in enumerate(rows):
                for feature, value in row.items():
                    if feature in place:
                        matrix[at, place[feature]] = value
            self.raw[name] = matrix
        spread = np.concatenate([self.raw[n] - self.raw[n].mean(0) for n in ["corpus", "real"]]).std(0)
        self.scale = np.where(spread > 0, np.maximum(spread, FLOOR), np.inf)
        self.x = {name: matrix / self.scale for name, matrix in self.raw.items()}
        self.targets = {}
        for name in TRAIN:
            if name in self.rows:
                rows = self.rows[name]
                self.targets[name] = standard(standard(rankdata(difficulty(rows))) + 0.3 * standard(gain(rows)))
        self.labels = {name: shares(self.rows[name]) for name in ("corpus", "real")}
        self.hard = standard(rankdata([row["hard"] for row in self.rows["real"]]))
        rows = self.rows.get(PARALLEL, [])
        english = {r["group"]: i for i, r in enumerate(rows) if r["lang"] == "en"}
        self.translated = [(i, english[r["group"]]) for i, r in enumerate(rows) if r["lang"] != "en"]
        self.hold_equal(self.translated)
        plain = [self.raw[name][at] for name, at in self.plain]
        alike = [i for i, row in enumerate(plain) if self.as_much(self.raw["dressed"][i], row, 0.5)]
        delta = np.array([(self.raw["dressed"][i] - plain[i]) / self.scale for i in alike])
        self.clothes = delta.T @ delta / len(delta)
        self.prior = np.array([PRIOR.get(n, 0.0) for n in self.names]) * np.where(np.isinf(self.scale), 0, self.scale)

    def as_much(self, one, other, most):
        """Whether two texts are about as long: at most so many doublings apart. Where material was cut out of one of them and
        not of the other they do not say the same, and such pairs, few as they are, would outweigh all others."""
        at = self.names.index("length")
        return abs(one[at] - other[at]) < most

    def hold_equal(self, translated):
        """From here on, fits hold these pairs of translations equal."""
        x, raw = self.x.get(PARALLEL), self.raw.get(PARALLEL)
        alike = [(i, e) for i, e in translated if self.as_much(raw[i], raw[e], 1.2)]
        delta = np.array([x[i] - x[e] for i, e in alike] or [np.zeros(len(self.names))])
        self.translation = delta.T @ delta / len(delta)

    def fit_difficulty(self, files, real):
        """Ridge over centred parts, each with an intercept of its own. `real`: which of those rows to keep."""
        size = len(self.names)
        gram, moment, total = np.zeros((size, size)), np.zeros(size), 0.0
        parts = [(self.x[n], self.targets[n], (len(self.rows[n]) / 1000) ** FILE_POWER) for n in files]
        parts.append((self.x["corpus"], standard(self.labels["corpus"] @ np.arange(4)), CORPUS_IN_DIFFICULTY))
        parts.append((self.x["real"][real], self.hard[real], HARD_IN_DIFFICULTY))
        for x, y, weight in parts:
            centred = x - x.mean(0)
            gram += weight * centred.T @ centred / len(x)
            moment += weight * centred.T @ (y - y.mean()) / len(x)
            total += weight
        gram = gram / total + INVARIANCE * self.translation + PERTURBATION * self.clothes
        return np.linalg.solve(gram + RIDGE * np.eye(size), moment / total + RIDGE * PRIOR_STRENGTH * self.prior)

    def fit_tier(self, corpus, real):
        """Weights and intercepts of the three boundaries, from the rows to keep."""
        x = np.concatenate([self.x["corpus"][corpus], self.x["real"][real]])
        labels = np.concatenate([self.labels["corpus"][corpus], self.labels["real"][real]])
        weight = np.concatenate([np.full(corpus.sum(), CORPUS), np.ones(real.sum())])
        unlike = UNLIKE_LANGUAGE * self.translation + UNLIKE_CLOTHES * self.clothes
        inner, begin = ordinal.fit(x, labels, weight, unlike, TIER_RIDGE)
        return inner * SHARPEN, begin * SHARPEN

    def score(self, files, tier, real):
        """Weights and intercept of the difficulty: brought to a usual spread of 1.3."""
        x = self.x["real"]
        hard = self.fit_difficulty(files, real)
        hard = hard / (x @ hard).std()
        told = tier[0].sum(1)
        mixed = hard + TIER_IN_SCORE * told / (x @ told).std()
        scale = 1.3 / (x @ mixed).std()
        return scale * mixed, -scale * (x @ mixed).mean()


def calibration_error(sure, right, bins=10):
    """Expected calibration error over bins of equal width."""
    bin_of = np.minimum((sure * bins).astype(int), bins - 1)
    return sum(abs(sure[bin_of == b].mean() - right[bin_of == b].mean()) * (bin_of == b).mean() for b in set(bin_of))


def tiers_line(told, tier):
    off = told - tier
    return f"exact {np.mean(off == 0):.3f}  within one {np.mean(abs(off) <= 1):.3f}  too low {np.mean(off < 0):.3f}  too high {np.mean(off > 0):.3f}"


def real_numbers(rows, told, score):
    """How tiers and scores do on prompts that people typed."""
    pairs = np.array([both(row) for row in rows])
    low, high = pairs.min(1), pairs.max(1)
    same, hard = low == high, low >= 2
    fine = [TIERS[t] in {TIERS[l], TIERS[h], *(row.get("beside") or [])} for t, l, h, row in zip(told, low, high, rows)]
    return {
        "exact": np.mean(told[same] == low[same]),
        "acceptable": np.mean(fine),
        "too low": np.mean(told < low),
        "too high": np.mean(told > high),
        "hard missed": np.mean(told[hard] < 2),
        "rho": rho(score, [row["hard"] for row in rows]),
    }


def real_line(rows, told, score):
    return "  ".join(f"{name} {value:.3f}" for name, value in real_numbers(rows, told, score).items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True, help="folder of datasets with results of models")
    parser.add_argument("--real", required=True, help="folder of prompts that people typed, with tiers")
    parser.add_argument("--corpus", nargs="+", default=[str(ROOT / f"tests/data/corpus{part}.jsonl") for part in ("", "-terse")], help="labelled prompts")
    parser.add_argument("--binary", default=str(ROOT / "target/release/tiergate"))
    parser.add_argument("--out", default=str(ROOT / "src/core/score/weights.tsv"))
    parser.add_argument("--scores", help="write the left-out predictions, for the datasets' own metrics script")
    parser.add_argument("--left-out", help="folder for weights fitted without each of the training files, NAME.tsv")
    parser.add_argument("--dry-run", action="store_true", help="measure only")
    parser.add_argument("--set", nargs="*", default=[], help="NAME=VALUE of a constant above")
    args = parser.parse_args()
    for setting in args.set:
        name, value = setting.split("=")
        globals()[name] = json.loads(value)
    data = Data(args.binary, args.data, args.real, args.corpus)
    scores = {}
    files = [n for n in TRAIN if n in data.targets]
    all_real = np.ones(len(data.rows["real"]), bool)
    tier = data.fit_tier(np.ones(len(data.rows["corpus"]), bool), all_real)
    weights, bias = data.score(files, tier, all_real)
    measure_labels(data, files, scores)
    measure_files(data, files, tier, weights, bias, scores)
    if data.translated:
        measure_translations(data, files, scores)
    if args.scores:
        with open(args.scores, "w", encoding="utf8") as file:
            file.writelines(json.dumps(row) + "\n" for row in scores.values())
    if args.left_out:
        folder = pathlib.Path(args.left_out)
        folder.mkdir(parents=True, exist_ok=True)
        for name in files:
            write(folder / f"{name}.tsv", data, *data.score([n for n in files if n != name], tier, all_real), tier)
    if args.dry_run:
        return
    write(pathlib.Path(args.out), data, weights, bias, tier)
    print(f"wrote {args.out}")


def noted(scores, rows, sums, score, told):
    """Keeps what was said of rows, for other programs."""
    for row, s, t, z in zip(rows, score, told, sums):
        scores[row["id"]] = {"id": row["id"], "score": float(1 / (1 + np.exp(-s))), "tier": TIERS[t], "sums": [round(float(v), 4) for v in z]}


def measure_labels(data, files, scores):
    """Tiers of labelled prompts whose source or kind was left out."""
    corpus, real = data.rows["corpus"], data.rows["real"]
    of_corpus = folds([row["kind"] for row in corpus], 5)
    of_real = folds([source_of(row) for row in real], 10)
    sums = {"corpus": np.zeros((len(corpus), 3)), "real": np.zeros((len(real), 3))}
    score = np.zeros(len(real))
    for which in steps(range(10), "sources left out"):
        keep = of_real != which
        tier = data.fit_tier(np.ones(len(corpus), bool), keep)
        sums["real"][~keep] = data.x["real"][~keep] @ tier[0] + tier[1]
        weights, bias = data.score(files, tier, keep)
        score[~keep] = data.x["real"][~keep] @ weights + bias
    for which in steps(range(5), "kinds left out"):
        keep = of_corpus != which
        tier = data.fit_tier(keep, np.ones(len(real), bool))
        sums["corpus"][~keep] = data.x["corpus"][~keep] @ tier[0] + tier[1]
    likely = ordinal.likelihoods(sums["real"])
    label = np.array([both(row)[0] for row in real])
    for name, by in (("cheap", 0.5), ("balanced", 1.0), ("careful", 2.0)):
        print(f"real prompts, sources left out, {name:9s} {real_line(real, ordinal.tiers(likely, COSTS, by), score)}")
    told = ordinal.tiers(likely, COSTS)
    twice = np.array(["a" in row for row in real])
    if twice.any():
        print(f"  those labelled twice               {real_line([r for r in real if 'a' in r], told[twice], score[twice])}")
    print(f"  calibration error {calibration_error(ordinal.confidence(likely, told), told == label):.3f}")
    for t in range(4):
        print(f"  of {TIERS[t]:9s} {np.bincount(told[label == t], minlength=4)}")
    noted(scores, real, sums["real"], score, told)
    likely = ordinal.likelihoods(sums["corpus"])
    told, label = ordinal.tiers(likely, COSTS), np.array([TIERS.index(row["tier"]) for row in corpus])
    print(f"corpus, kinds left out: {tiers_line(told, label)}  rho {rho(likely.sum(1), label):.3f}")
    print(f"  calibration error {calibration_error(ordinal.confidence(likely, told), told == label):.3f}")


def measure_files(data, files, tier, weights, bias, scores):
    """Difficulty of each file, by weights that have not seen it; labels of others."""
    means = []
    for name in steps([n for n in data.rows if n not in ("corpus", "real", PARALLEL)], "files left out"):
        x, rows = data.x[name], data.rows[name]
        part = data.score([n for n in files if n != name], tier, np.ones(len(data.rows["real"]), bool)) if name in files else (weights, bias)
        score, sums = x @ part[0] + part[1], x @ tier[0] + tier[1]
        told = ordinal.tiers(ordinal.likelihoods(sums), COSTS)
        noted(scores, rows, sums, score, told)
        if "models" in rows[0]:
            means.append(rho(score, difficulty(rows)))
            print(f"{name:24s} rho {means[-1]:+.3f}   tiers {np.bincount(told, minlength=4) / len(told)}")
        elif "label" in rows[0]:
            label = np.array([TIERS.index(row["label"]) for row in rows])
            print(f"{name:24s} {tiers_line(told, label)}  rho {rho(score, label):.3f}")
    print(f"mean rho, files left out {np.mean(means):.3f}")


def measure_translations(data, files, scores):
    """Tiers and scores of translations against the English prompt's. Prompts that are held equal prove nothing: each half is
    measured with what was fitted to the other."""
    rows = data.rows[PARALLEL]
    half = np.array([int(hashlib.sha256(str(row["group"]).encode()).hexdigest(), 16) % 2 for row in rows])
    every = np.ones(len(data.rows["corpus"]), bool), np.ones(len(data.rows["real"]), bool)
    sums, score = np.zeros((len(rows), 3)), np.zeros(len(rows))
    for which in steps((0, 1), "translations left out"):
        data.hold_equal([pair for pair in data.translated if half[pair[0]] != which])
        tier = data.fit_tier(*every)
        weights, bias = data.score(files, tier, every[1])
        here = half == which
        sums[here] = data.x[PARALLEL][here] @ tier[0] + tier[1]
        score[here] = data.x[PARALLEL][here] @ weights + bias
    data.hold_equal(data.translated)
    told = ordinal.tiers(ordinal.likelihoods(sums), COSTS)
    noted(scores, rows, sums, score, told)
    by = collections.defaultdict(list)
    for here, there in data.translated:
        by[rows[here]["lang"]].append((here, there))
    same = {lang: np.mean([told[h] == told[t] for h, t in pairs]) for lang, pairs in by.items()}
    rank = {lang: rho([score[h] for h, _ in pairs], [score[t] for _, t in pairs]) for lang, pairs in by.items()}
    nine = [lang for lang in same if lang in NINE]
    print(f"translations, prompts left out: same tier {np.mean([same[l] for l in nine]):.3f} in nine languages, {np.mean(list(same.values())):.3f} in {len(same)}; "
          f"rho {np.mean([rank[l] for l in nine]):.3f}, {np.mean(list(rank.values())):.3f}; tiers {np.bincount(told, minlength=4) / len(told)}")
    print("  " + " ".join(f"{l} {same[l]:.2f}/{rank[l]:.2f}" for l in sorted(same)))


def write(path, data, score, bias, tier):
    """Whole numbers: weights in 65,536ths, features in 256ths."""
    def whole(*values):
        return "\t".join(str(round(float(value) * SCALE)) for value in values)
    inner, begin = tier
    lines = [
        "tiergate-weights\t2",
        f"bias\t{whole(*(256 * b for b in (bias, *begin)))}",
        "costs\t" + "\t".join(f"{cost:g}" for cost in COSTS),
    ]
    usual = data.raw["real"].mean(0)
    always = (data.raw["real"] != 0).mean(0) > 0.2
    for at, name in enumerate(data.names):
        if np.isfinite(data.scale[at]):
            by = 1 / data.scale[at]
            mean = round(usual[at] * 256) if always[at] else 0
            lines.append(f"feature\t{name}\t{whole(score[at] * by, *(inner[at] * by))}\t{mean}")
    path.write_text("\n".join(lines) + "\n", encoding="utf8")


if __name__ == "__main__":
    sys.exit(main())
