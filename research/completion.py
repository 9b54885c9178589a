#!/usr/bin/env python3
"""Fits the numbers of `completion`: how likely a model completes an ask, by its capability and the ask's difficulty.

    cargo build --release --features cli
    research/completion.py --data DIR

DIR holds JSONL files of prompts with the results of models: {"id", "prompt", "models": {name: 0..1}}. Those of FIT are
fitted to, those of MEASURE only measured. A result between 0 and 1 (a judge's mark) counts as that much of a success.
The difficulty is that of `tiergate score --scorer calibrated`, the capability the figure below; models without one are
left out. The data are public, none is in this repository; research/train.py has sources and licences. Needs numpy and
scipy.

For each file: the log loss of the fit, of one that has not seen the file, and of the file's own base rate, which no
model that knows neither model nor prompt can beat; and of fits to that file alone, to see what each term adds there.
"""

import argparse
import json
import pathlib
import subprocess

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIT = ["routellm_mmlu", "routellm_gsm8k", "gaokao", "shaberi_ja"]
MEASURE = ["igakuqa_ja"]

# GPQA diamond, percent, as their makers published it or, for the older ones, as the benchmark's authors (GPT-4 and
# GPT-3.5), OpenAI's simple-evals (GPT-4 Turbo, GPT-4o) and Artificial Analysis (Mixtral) did. With reasoning where the
# model reasons by default. Of a series one figure serves all its dates. Typed in, and not measured here.
GPQA_DIAMOND = {
    "gpt-4-1106-preview": 42.5,
    "mixtral-8x7b-instruct-v0.1": 29.2,
    "gpt-4-0314": 35.7,
    "gpt-3.5-turbo": 28.1,
    "gpt-3.5-turbo-0301": 28.1,
    "gemini__gemini-2.5-pro": 86.4,
    "gemini__gemini-2.5-flash": 82.8,
    "gpt-4.5-preview-2025-02-27": 71.4,
    "gpt-5-2025-08-07": 85.7,
    "gpt-5-mini-2025-08-07": 82.3,
    "gpt-5-nano-2025-08-07": 71.2,
    "gpt-4o-2024-11-20": 46.0,
    "moonshotai__Kimi-K2-Instruct-0905": 75.1,
    "Qwen__Qwen3-235B-A22B": 71.1,
    "Qwen__Qwen3-235B-A22B-nothink": 62.9,
    "Qwen__Qwen3-30B-A3B": 65.8,
    "Qwen__Qwen3-30B-A3B-nothink": 54.8,
    "Qwen__Qwen3-30B-A3B-Instruct-2507": 70.4,
    "Qwen__Qwen3-8B": 62.0,
    "Qwen__Qwen3-8B-nothink": 39.3,
    "Qwen__Qwen3-0.6B": 27.9,
    "google__gemma-3-27b-it": 42.4,
    "google__gemma-3-4b-it": 30.8,
    "meta-llama__Llama-3.3-70B-Instruct": 50.5,
    "meta-llama__Llama-3.1-8B-Instruct": 30.4,
}


def read(path, binary, weights):
    """Capability, difficulty and result of each prompt and model."""
    with open(path, encoding="utf8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    keys = ("prompt", "system", "history")
    lines = "\n".join(
        json.dumps({"id": at, **{k: row[k] for k in keys if k in row}}, ensure_ascii=False) for at, row in enumerate(rows)
    )
    command = [binary, "score", "--scorer", "calibrated", "--weights", weights]
    done = subprocess.run(command, input=lines.encode(), capture_output=True, check=True)
    difficulty = [json.loads(line)["score"] for line in done.stdout.decode().splitlines()]
    table = [
        (GPQA_DIAMOND[model], hard, result)
        for row, hard in zip(rows, difficulty)
        for model, result in row["models"].items()
        if model in GPQA_DIAMOND
    ]
    return np.array(table)


def loss(likelihood, result):
    likelihood = np.clip(likelihood, 1e-6, 1 - 1e-6)
    return float(-np.mean(result * np.log(likelihood) + (1 - result) * np.log(1 - likelihood)))


def fit(tables, terms=(True, True)):
    """a, b, c of sigmoid(a x capability + b x difficulty + c); every file weighs alike."""
    use = np.array([*terms, True])

    def of(numbers):
        a, b, c = np.where(use, numbers, 0) / [100, 1, 1]
        return sum(loss(expit(a * t[:, 0] + b * t[:, 1] + c), t[:, 2]) for t in tables) / len(tables)

    a, b, c = np.where(use, minimize(of, np.array([3.0, -2.0, 0.0]), method="BFGS").x, 0)
    return a / 100, b, c


def apply(numbers, table):
    a, b, c = numbers
    return expit(a * table[:, 0] + b * table[:, 1] + c)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--binary", default=str(ROOT / "target/release/tiergate"))
    parser.add_argument("--weights", default=str(ROOT / "src/core/score/weights.tsv"), help="of the calibrated scorer")
    args = parser.parse_args()
    tables = {name: read(args.data / f"{name}.jsonl", args.binary, args.weights) for name in FIT + MEASURE}
    numbers = fit([tables[name] for name in FIT])
    print("capability {:.4f}  difficulty {:.3f}  bias {:.3f}\n".format(*numbers))
    print("| file | results | success | base rate | fit | without the file | alone: capability | difficulty | both |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, table in tables.items():
        result = table[:, 2]
        others = fit([tables[other] for other in FIT if other != name])
        own = [loss(apply(fit([table], terms), table), result) for terms in [(True, False), (False, True), (True, True)]]
        losses = [loss(np.full(len(result), result.mean()), result), loss(apply(numbers, table), result),
                  loss(apply(others, table), result), *own]
        print(f"| {name} | {len(result)} | {result.mean():.2f} | " + " | ".join(f"{l:.3f}" for l in losses) + " |")
    print("\nhow likely by capability (rows) and difficulty (columns)")
    print("      " + "".join(f"{hard:7.1f}" for hard in np.arange(0.1, 1, 0.2)))
    for capability in range(30, 100, 10):
        row = np.array([[capability, hard, 0] for hard in np.arange(0.1, 1, 0.2)])
        print(f"{capability:6}" + "".join(f"{p:7.2f}" for p in apply(numbers, row)))


if __name__ == "__main__":
    main()
