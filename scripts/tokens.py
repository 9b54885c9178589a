#!/usr/bin/env python3
"""How far the estimate of tokens is from a real tokenizer's count, by language; and what the estimate is fitted by.

    cargo build --release --features cli
    scripts/tokens.py FILE.jsonl…          the table of docs/tokens.md
    scripts/tokens.py --fit FILE.jsonl…    prints KINDS of src/core/chat/tokens.rs

FILE holds {"prompt", "lang", "group"?} a line. Prompts whose group has an even hash are fitted to, the others are
measured. Besides, modules of Python's standard library, part of LiteLLM's cost map and random digits are fitted to;
this repository's own files are measured. The tokenizers are those that the LiteLLM package carries; nothing is fetched.
Needs tiktoken and litellm; --fit needs numpy and scipy too.
"""

import argparse
import base64
import collections
import glob
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sysconfig

from catalogue import COST_MAP, litellm_directory

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What the estimate is fitted to, and an older tokenizer for comparison.
ENCODINGS = ["o200k_base", "cl100k_base"]
# Characters of a sample of code.
PIECE = 1500
# The kinds of characters of src/core/chat/tokens.rs, by the first byte of each, in its order.
KINDS = [
    ("signs", lambda b: b < 0x80), ("line breaks", lambda b: b in b"\t\n\r"), ("spaces", lambda b: b == 0x20),
    ("digits", lambda b: b in b"0123456789"), ("capitals", lambda b: 0x41 <= b <= 0x5A),
    ("letters", lambda b: 0x61 <= b <= 0x7A), ("Latin", lambda b: 0xC2 <= b <= 0xCD),
    ("Greek", lambda b: 0xCE <= b <= 0xCF), ("Cyrillic", lambda b: 0xD0 <= b <= 0xD3),
    ("Armenian, Hebrew", lambda b: 0xD4 <= b <= 0xD7), ("Arabic", lambda b: 0xD8 <= b <= 0xDF),
    ("Indian, Thai", lambda b: b == 0xE0), ("Georgian, Khmer", lambda b: b == 0xE1), ("symbols", lambda b: b == 0xE2),
    ("kana", lambda b: b == 0xE3), ("Han", lambda b: 0xE4 <= b <= 0xE9), ("Hangul", lambda b: 0xEA <= b <= 0xED),
    ("full-width", lambda b: 0xEE <= b <= 0xEF), ("emoji", lambda b: b >= 0xF0),
]


def encodings(litellm):
    # Its files are named as tiktoken names those it has fetched.
    os.environ["TIKTOKEN_CACHE_DIR"] = str(litellm / "litellm_core_utils/tokenizers")
    import tiktoken
    return [tiktoken.get_encoding(name) for name in ENCODINGS]


def pieces(text, most):
    return [text[at:at + PIECE] for at in range(0, min(len(text), PIECE * most), PIECE)]


def prompts(paths):
    """Prompts to fit to, and prompts to measure, each with its language."""
    fitted, measured = [], []
    for path in paths:
        with open(path, encoding="utf8") as file:
            for row in map(json.loads, filter(str.strip, file)):
                even = "group" in row and int(hashlib.md5(row["group"].encode()).hexdigest(), 16) % 2 == 0
                (fitted if even else measured).append((row.get("lang", "?"), row["prompt"]))
    return fitted, measured


def code_to_fit(litellm):
    library = pathlib.Path(sysconfig.get_paths()["stdlib"])
    modules = sorted(file for part in ("email", "http", "json") for file in (library / part).glob("*.py"))[:30]
    texts = [piece for module in modules for piece in pieces(module.read_text(), 4)]
    costs = dict(list(json.loads((litellm / COST_MAP).read_text()).items())[:150])
    texts += pieces(json.dumps(costs, separators=(",", ":")), 40) + pieces(json.dumps(costs, indent=2), 40)
    dice = random.Random(1)
    for _ in range(3):
        texts += [base64.b64encode(dice.randbytes(900)).decode(), dice.randbytes(600).hex()]
        texts.append(" ".join(str(dice.randrange(10 ** dice.randrange(1, 9))) for _ in range(200)))
    return texts


def code_to_measure():
    rows = []
    for name, pattern in [("Rust", "src/**/*.rs"), ("Python", "scripts/*.py"), ("Markdown", "docs/*.md"),
                          ("YAML", "envoy/*.yaml")]:
        for file in sorted(glob.glob(str(ROOT / pattern), recursive=True)):
            rows += [(name, piece) for piece in pieces(pathlib.Path(file).read_text(), 20)]
    schema = json.loads((ROOT / "src/core/config/tiergate.schema.json").read_text())
    rows += [("JSON", piece) for piece in pieces(json.dumps(schema, separators=(",", ":")), 40)]
    dice = random.Random(2)
    rows += [("base64", base64.b64encode(dice.randbytes(900)).decode()) for _ in range(20)]
    return rows


def fit(texts, encoding):
    import numpy as np
    from scipy.optimize import nnls
    kind_of = [max((k for k, (_, holds) in enumerate(KINDS) if holds(byte)), default=-1) if not 0x80 <= byte < 0xC2
               else -1 for byte in range(256)]
    rows = []
    for text in texts:
        kinds = [kind_of[byte] for byte in text.encode() if kind_of[byte] >= 0]
        row = np.zeros(2 * len(KINDS))
        for before, kind in zip([-1, *kinds], kinds):
            row[2 * kind + (before == kind)] += 1
        rows.append(row)
    counted = np.array([len(encoding.encode(text, disallowed_special=())) for text in texts])
    # The relative error counts, that of long texts somewhat more.
    weight = np.sqrt(np.minimum(counted, 400)) / (counted + 20)
    # Where there is little to learn from: a token a character beyond ASCII.
    usual = np.repeat([0.3 if k < 6 else 1.0 for k in range(len(KINDS))], 2)
    strength = 3.0
    left = np.vstack([np.array(rows) * weight[:, None], np.eye(len(usual)) * strength])
    costs, _ = nnls(left, np.concatenate([counted * weight, usual * strength]))
    for (name, _), first, further in zip(KINDS, *costs.reshape(-1, 2).T):
        print(f"    ({round(first * 256)}, {round(further * 256)}), // {name}")


def estimates(binary, texts):
    lines = "\n".join(json.dumps({"id": at, "prompt": text}, ensure_ascii=False) for at, text in enumerate(texts))
    done = subprocess.run([binary, "score"], input=lines.encode(), capture_output=True, check=True)
    return [json.loads(line)["input_tokens"] for line in done.stdout.decode().splitlines()]


def measure(rows, tokenizers, binary):
    groups = collections.defaultdict(list)
    for name, text in rows:
        groups[name].append(text)
    print("| text | pieces | estimate | off by | four bytes | off by | estimate, older | sampled |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    lines = []
    for name, texts in groups.items():
        new, old = ([len(t.encode(text, disallowed_special=())) for text in texts] for t in tokenizers)
        told = estimates(binary, texts)
        bytes_by_four = [len(text.encode()) / 4 for text in texts]
        off = lambda guesses: sum(abs(guess / count - 1) for guess, count in zip(guesses, new)) / len(new)
        whole = estimates(binary, ["\n".join(texts)])[0] / sum(told)
        lines.append((sum(told) / sum(new), off(told), sum(bytes_by_four) / sum(new), off(bytes_by_four),
                      sum(told) / sum(old), whole))
        line = lines[-1]
        print(f"| {name} | {len(texts)} | {line[0]:.2f} | {line[1]:.1%} | {line[2]:.2f} | {line[3]:.1%} | "
              f"{line[4]:.2f} | {line[5]:.2f} |")
    mean = lambda at: sum(line[at] for line in lines) / len(lines)
    print(f"| mean | | | {mean(1):.1%} | | {mean(3):.1%} | | |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--binary", default=str(ROOT / "target/release/tiergate"))
    args = parser.parse_args()
    litellm = litellm_directory()
    tokenizers = encodings(litellm)
    fitted, measured = prompts(args.files)
    if args.fit:
        fit([text for _, text in fitted] + code_to_fit(litellm), tokenizers[0])
    else:
        measure(measured + code_to_measure(), tokenizers, args.binary)


if __name__ == "__main__":
    main()
