#!/usr/bin/env python3
"""How far the rules agree with the router that they follow: smart-llm-router, in the version of requirements.txt.

    cargo build --release --features cli
    .venv/bin/python scripts/agreement.py [FILE.jsonl] [--count 500] [--show 10]

Takes prompts spread evenly over the file (tests/data/corpus.jsonl), has both judge them with their defaults, and prints how
many tiers are the same, and why the others differ: the length, a word that the other finds inside of a longer word, or a
word that only one of the two knows. docs/scoring.md has the result.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("LITELLM_LOG", "ERROR")

from smart_llm_router.router.config import DEFAULT_ROUTING_CONFIG
from smart_llm_router.router.rules import classify_by_rules

ROOT = Path(__file__).resolve().parent.parent
TIERS = ["SIMPLE", "MEDIUM", "COMPLEX", "REASONING"]
SCORING = DEFAULT_ROUTING_CONFIG.scoring
KEYWORDS = {
    "codePresence": SCORING.code_keywords, "reasoningMarkers": SCORING.reasoning_keywords,
    "technicalTerms": SCORING.technical_keywords, "creativeMarkers": SCORING.creative_keywords,
    "simpleIndicators": SCORING.simple_keywords, "imperativeVerbs": SCORING.imperative_verbs,
    "constraintCount": SCORING.constraint_indicators, "outputFormat": SCORING.output_format_keywords,
    "referenceComplexity": SCORING.reference_keywords, "negationComplexity": SCORING.negation_keywords,
    "domainSpecificity": SCORING.domain_specific_keywords, "agenticTask": SCORING.agentic_task_keywords,
}


def ours(prompt: str, command: Path) -> tuple[str, dict[str, float]]:
    """Tier and values of the dimensions, from the rules."""
    done = subprocess.run([command, "explain", "--scorer", "rules", "--json"], capture_output=True, text=True, check=True,
                          input=json.dumps({"model": "smart/auto", "messages": [{"role": "user", "content": prompt}]}))
    told = json.loads(done.stdout)
    # What a request needs of a model may move its tier: the score alone is compared.
    return told["tier"], {each["dimension"]: each["value"] for each in told.get("dimensions", [])}


def theirs(prompt: str) -> tuple[str, dict[str, float]]:
    result = classify_by_rules(prompt, None, len(prompt) // 4, SCORING)
    tier = result.tier or DEFAULT_ROUTING_CONFIG.overrides.ambiguous_default_tier
    return tier, {each.name: each.score for each in result.dimensions if each.score}


def inside(word: str, text: str) -> bool:
    """Whether a word of letters stands in the text, but nowhere as a word of its own."""
    spaced = re.fullmatch(r"[\w' -]+", word) and not re.search(r"[\u3000-\u9fff\uac00-\ud7af]", word)
    return bool(spaced) and not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)


def reasons(prompt: str, mine: dict[str, float], other: dict[str, float]) -> set[str]:
    """Why the values differ."""
    text, found = prompt.lower(), set()
    for dimension in mine.keys() | other.keys():
        if mine.get(dimension, 0) == other.get(dimension, 0):
            continue
        if dimension == "tokenCount":
            found.add("length")
            continue
        hits = [word.lower() for word in KEYWORDS.get(dimension, []) if word.lower() in text]
        if hits and abs(other.get(dimension, 0)) > abs(mine.get(dimension, 0)):
            found.add("inside a word" if all(inside(word, text) for word in hits) else "only the other knows the word")
        else:
            found.add("only the rules know the word")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=ROOT / "tests" / "data" / "corpus.jsonl")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--show", type=int, default=0, help="so many prompts that differ")
    parser.add_argument("--command", type=Path, default=ROOT / "target" / "release" / "tiergate")
    options = parser.parse_args()
    prompts = [row["prompt"] for row in map(json.loads, options.file.read_text(encoding="utf-8").splitlines())
               if isinstance(row.get("prompt"), str)]
    step = max(1, len(prompts) / options.count)
    prompts = [prompts[int(at * step)] for at in range(min(options.count, len(prompts)))]
    pairs, causes, dimensions, shown = Counter(), Counter(), Counter(), 0
    for prompt in prompts:
        (mine, my_values), (other, other_values) = ours(prompt, options.command), theirs(prompt)
        pairs[mine, other] += 1
        if mine == other:
            continue
        causes["; ".join(sorted(reasons(prompt, my_values, other_values))) or "another threshold"] += 1
        for dimension in my_values.keys() | other_values.keys():
            dimensions[dimension] += my_values.get(dimension, 0) != other_values.get(dimension, 0)
        if shown < options.show:
            shown += 1
            print(f"{mine} {other} {prompt[:100]!r} {my_values} {other_values}")
    same = sum(count for (mine, other), count in pairs.items() if mine == other)
    near = sum(count for (mine, other), count in pairs.items() if abs(TIERS.index(mine) - TIERS.index(other)) <= 1)
    print(f"{len(prompts)} prompts: {same / len(prompts):.3f} the same tier, {near / len(prompts):.3f} at most one apart")
    print("\n| rules | the other: " + " | ".join(TIERS) + " |\n| --- |" + " --- |" * 4)
    for mine in TIERS:
        print(f"| {mine} | " + " | ".join(str(pairs[mine, other]) for other in TIERS) + " |")
    print("\n| why | prompts |\n| --- | --- |")
    for cause, count in causes.most_common():
        print(f"| {cause} | {count} |")
    print("\n| dimension that differs | prompts |\n| --- | --- |")
    for dimension, count in dimensions.most_common():
        if count:
            print(f"| {dimension} | {count} |")


if __name__ == "__main__":
    main()
