#!/usr/bin/env python3
"""Prints how good the judgement of both scorers is: the tables of docs/quality.md.

    research/quality.py --data DIR --real DIR [--rounds 200]      what research/train.py fits in both, and the prompts of tests/data

A file that trains the difficulty is measured with weights that were fitted without it; the corpus of this project with
weights that have not seen the prompt's kind, translations with weights that have not seen the prompt. Everything else is
measured with the shipped weights.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEFT_OUT = ROOT / "target/left-out"
NINE = {"zh", "ja", "ko", "ru", "de", "es", "pt", "ar"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--real", required=True, type=pathlib.Path, help="prompts that people typed, with tiers")
    parser.add_argument("--rounds", type=int, default=200, help="of the bootstrap")
    parser.add_argument("--binary", default=str(ROOT / "target/release/tiergate"))
    args = parser.parse_args()
    train = [sys.executable, ROOT / "research/train.py", "--data", args.data, "--real", args.real, "--binary", args.binary]
    scores = ROOT / "target/left-out.jsonl"
    fitted = subprocess.run([*train, "--dry-run", "--left-out", LEFT_OUT, "--scores", scores], stdout=subprocess.PIPE, check=True, text=True).stdout
    print("Prompts that people typed, sources left out:\n", flush=True)
    script = [sys.executable, ROOT / "research/real.py", "--real", args.real, "--left-out", scores, "--binary", args.binary]
    subprocess.run([*script, "--plots", ROOT / "docs"], check=True)
    told = {}
    for path in sorted(args.data.glob("*.jsonl")):
        command = [args.binary, "eval", "--json", "--rounds", str(args.rounds), "--sets", ROOT / "research/sets.json"]
        weights = LEFT_OUT / f"{path.stem}.tsv"
        command += ["--weights", weights] if weights.exists() else []
        done = subprocess.run([*command, path], stdout=subprocess.PIPE, check=True, text=True)
        told[path.stem] = json.loads(done.stdout)["files"][0]
    difficulty({name: file for name, file in told.items() if file["difficulty"]})
    routing({name: file for name, file in told.items() if file["routing"]})
    tiers({name: file for name, file in told.items() if file["tiers"]})
    languages({name: file for name, file in told.items() if file["languages"]})
    abstained(told)
    print("\nThe calibrated scorer on what it is fitted to, left out (research/train.py):\n")
    print("\n".join("    " + line for line in fitted.splitlines() if not line.startswith(tuple(told))))
    print("\nThe same prompts in other clothes, shipped weights (research/robustness.py):\n")
    files = [ROOT / "tests/data/corpus.jsonl", *(args.data / f"{name}.jsonl" for name in told if told[name]["tiers"])]
    script = [sys.executable, ROOT / "research/robustness.py", "--binary", args.binary, *files]
    done = subprocess.run(script, stdout=subprocess.PIPE, check=True, text=True)
    print("\n".join("    " + line.replace(f"{args.data}/", "").replace(f"{ROOT}/", "") for line in done.stdout.splitlines()))


def number(value, signed=False):
    """A value with its interval."""
    if value is None:
        return "-"
    sign = "+" if signed else ""
    text = format(value["value"], f"{sign}.3f")
    return text if value["low"] is None else f"{text} [{value['low']:{sign}.2f}, {value['high']:{sign}.2f}]"


def table(*columns):
    print("\n| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns))


def row(*cells):
    print("| " + " | ".join(cells) + " |")


def difficulty(files):
    table("rank correlation with difficulty", "rows", "models", "rules", "length", "calibrated")
    for name, file in files.items():
        d = file["difficulty"]
        rho = d["rho"]
        row(name, str(d["rows"]), str(len(d["panel"])), *(number(rho[s], True) for s in ("rules", "length", "calibrated")))
    mean = {s: statistics.mean(f["difficulty"]["rho"][s]["value"] for f in files.values()) for s in ("rules", "length", "calibrated")}
    row("mean", "", "", *(f"{value:+.3f}" for value in mean.values()))


def routing(files):
    scorers = ("rules", "length", "calibrated")
    table("APGR", "from, to", *scorers, "quality, calibrated", "as many by chance", "strong calls")
    means = []
    for name, file in files.items():
        for pair in file["routing"]:
            s = pair["scorers"]
            means.append([s[each]["apgr"]["value"] for each in scorers])
            c = s["calibrated"]
            row(name, f"{pair['weak']}, {pair['strong']}", *(number(s[each]["apgr"]) for each in scorers),
                f"{c['quality']['value']:.3f}", f"{c['by_chance']:.3f}", f"{c['strong_calls']['value']:.2f}")
    row("mean", "", *(f"{statistics.mean(values):.3f}" for values in zip(*means)), "", "", "")


def tiers(files):
    table("labelled prompts", "rows", "scorer", "exact", "within one", "too low", "too high", "calibration error")
    for name, file in files.items():
        for scorer in ("rules", "calibrated", "always-cheapest", "random"):
            s = file["tiers"]["scorers"].get(scorer)
            if s:
                row(name, str(file["tiers"]["rows"]), scorer, *(number(s[key]) for key in (
                    "exact", "within_one", "too_low", "too_high", "calibration_error")))


def languages(files):
    table("translations, rules", "same tier, nine languages", "rho", "same tier, all", "rho", "lowest")
    for name, file in files.items():
        by = file["languages"]["scorers"]["rules"]["by_language"]
        def mean(key, of):
            return f"{statistics.mean(by[lang][key]['value'] for lang in of if lang in by):.3f}"
        least = min(by, key=lambda lang: by[lang]["same_tier"]["value"])
        row(name, mean("same_tier", NINE), mean("rho", NINE), mean("same_tier", by), mean("rho", by),
            f"{least} {by[least]['same_tier']['value']:.3f}")


def abstained(files):
    table("share of abstained", "rules", "calibrated")
    for name, file in files.items():
        shares = file["shares"]
        row(name, *(f"{shares[s]['abstained']['value']:.3f}" for s in ("rules", "calibrated")))


if __name__ == "__main__":
    main()
