#!/usr/bin/env python3
"""Writes src/core/config/catalogue.json and src/core/fit/families.tsv from the cost map of the installed LiteLLM and its lists of
supported parameters.

    .venv/bin/python scripts/catalogue.py            writes the files
    .venv/bin/python scripts/catalogue.py --check    fails if one is out of step

Only the names below are typed in, the rules in families.py, and the figures of src/core/config/benchmarks.tsv, each with
its source; prices, windows and capabilities are LiteLLM's.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

import families

ROOT = pathlib.Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "src/core/config/catalogue.json"
FAMILIES = ROOT / "src/core/fit/families.tsv"
BENCHMARKS = ROOT / "src/core/config/benchmarks.tsv"
DEFAULTS = ROOT / "src/core/config/defaults.json"
COST_MAP = "model_prices_and_context_window_backup.json"

# The shipped profiles use no model whose provider has announced its end before this date.
IN_SERVICE_UNTIL = "2027-01-31"

# Spelled as the cost map spells them. The catalogue holds more than the shipped profiles use: these are the models
# that a document may name without an entry of its own.
MODELS = """
    claude-fable-5-1 claude-opus-4-8 claude-opus-5 claude-sonnet-4-6 claude-sonnet-5
    deepseek/deepseek-v4-flash deepseek/deepseek-v4-pro
    gemini/gemini-2.5-flash gemini/gemini-2.5-flash-lite gemini/gemini-2.5-pro gemini/gemini-3.1-flash-lite
    gemini/gemini-3.5-flash gemini/gemini-3.7-flash
    gpt-4.1 gpt-4.1-mini gpt-4o gpt-4o-mini gpt-5 gpt-5-mini gpt-5-nano gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.5
    gpt-5.6 gpt-5.6-luna gpt-5.6-sol gpt-5.6-terra gpt-6-astra
    groq/openai/gpt-oss-120b groq/openai/gpt-oss-20b
    minimax/MiniMax-M3
    mistral/mistral-large-2512 mistral/mistral-medium-2604 mistral/mistral-small-2603
    moonshot/kimi-k2.7-code moonshot/kimi-k3
    openrouter/google/gemma-4-26b-a4b-it:free openrouter/google/gemma-4-31b-it:free openrouter/minimax/minimax-m3:free
    openrouter/nvidia/nemotron-3-nano-omni-30b-a3b-reasoning:free
    openrouter/nvidia/nemotron-3-ultra-550b-a55b:free openrouter/z-ai/glm-5.2:free
    xai/grok-4.3 xai/grok-4.6
    zai/glm-5.3 zai/glm-5.3-flash
""".split()


def litellm_directory():
    """The installed LiteLLM: of this interpreter, else of the project's .venv."""
    places = [pathlib.Path(p) / "litellm" for p in sys.path if p]
    places += sorted(ROOT.glob(".venv/lib/python*/site-packages/litellm"))
    for place in places:
        if (place / COST_MAP).is_file():
            return place
    sys.exit("no LiteLLM found; run it with .venv/bin/python (see `make demo`)")


def litellm_version(directory):
    for info in sorted(directory.parent.glob("litellm-*.dist-info")):
        if match := re.fullmatch(r"litellm-([0-9][^-]*)\.dist-info", info.name):
            return match[1]
    return "unknown"


def per_million(per_token):
    """USD per million tokens, without the noise of binary fractions. A whole number stays one."""
    price = round(per_token * 1e6, 6)
    return int(price) if price == int(price) else price


def cached_price(known):
    """Of a million input tokens that the provider has in its prompt cache, where the cost map knows it."""
    per_token = known.get("cache_read_input_token_cost")
    return None if per_token is None else per_million(per_token)


def entry(name, known):
    """The catalogue's entry of a model, from the cost map's."""
    if known.get("mode") not in ("chat", "responses"):
        raise ValueError(f"{name}: mode is {known.get('mode')!r}, not chat")
    window = known.get("max_input_tokens")
    most = known.get("max_output_tokens")
    fields = {
        # What a model's ids of answers are bound to.
        "provider": known.get("litellm_provider"),
        "input_price": per_million(known["input_cost_per_token"]),
        "cached_input_price": cached_price(known),
        "output_price": per_million(known["output_cost_per_token"]),
        "context_window": window and int(window),
        "max_output": most and int(most),
        "tools": bool(known.get("supports_function_calling")),
        "vision": bool(known.get("supports_vision")),
        # Absent where the cost map says nothing: most entries do not say no.
        "audio": known.get("supports_audio_input"),
        "pdf": known.get("supports_pdf_input"),
        "structured_output": known.get("supports_response_schema"),
        "family": families.family(name, known),
        "efforts": families.efforts(name, known),
        "default_effort": families.default_effort(name, known),
    }
    return {key: value for key, value in fields.items() if value is not None}


def benchmarks():
    """The figures of each model, of 100."""
    lines = [line for line in BENCHMARKS.read_text().splitlines() if line and not line.startswith("#")]
    figures = {}
    for line in lines[1:]:
        model, benchmark, figure, _, source = line.split("\t")
        if not source or benchmark in figures.setdefault(model, {}):
            sys.exit(f"catalogue.py: {BENCHMARKS.name}: {model}, {benchmark}: no source, or twice")
        figure = float(figure)
        figures[model][benchmark] = int(figure) if figure == int(figure) else figure
    return figures


def used_by_defaults():
    """Every model that the shipped profiles name."""
    names = set()
    for profile in json.loads(DEFAULTS.read_text())["profiles"].values():
        for models in profile["tiers"].values():
            names.update([models] if isinstance(models, str) else models)
        names.update(filter(None, [profile.get("default_model")]))
    return names


def catalogue(directory):
    cost_map = json.loads((directory / COST_MAP).read_text())
    faults, models = [], {}
    for name in sorted(MODELS):
        if name not in cost_map:
            faults.append(f"{name}: not in the cost map")
            continue
        try:
            models[name] = entry(name, cost_map[name])
        except (KeyError, ValueError) as error:
            faults.append(f"{name}: {error}")
    for name, figures in benchmarks().items():
        if name in models:
            models[name]["benchmarks"] = figures
        else:
            faults.append(f"{name}: in {BENCHMARKS.name}, but not in the list of this script")
    for name in sorted(used_by_defaults()):
        end = cost_map.get(name, {}).get("deprecation_date", "9999-12-31")
        if name not in models:
            faults.append(f"{name}: in the shipped profiles, but not in the list of this script")
        elif end < IN_SERVICE_UNTIL:
            faults.append(f"{name}: in the shipped profiles, but its provider ends it on {end}")
    if faults:
        sys.exit("catalogue.py:\n  " + "\n  ".join(faults))
    source = f"litellm {litellm_version(directory)}, {COST_MAP}"
    rows = ",\n".join(f"    {json.dumps(name)}: {json.dumps(fields)}" for name, fields in models.items())
    return f'{{\n  "source": {json.dumps(source)},\n  "models": {{\n{rows}\n  }}\n}}\n'


SUPPORTED = """
import json, os, sys
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm
from litellm.constants import DEFAULT_CHAT_COMPLETION_PARAM_VALUES as known
from litellm.utils import PROVIDER_UNVALIDATED_PARAMS as unchecked
asked = json.load(sys.stdin)
supported = {f"{provider}/{model}": sorted(litellm.get_supported_openai_params(model, provider))
             for provider, models in asked for model in models}
json.dump({"known": sorted(set(known) - set(unchecked)), "supported": supported}, sys.stdout)
"""

# Of a request in the responses dialect, what LiteLLM hands on to a provider of chats.
PASSED_ON = {"temperature", "top_p", "user", "parallel_tool_calls", "service_tier", "context_management", "prompt_cache_key",
             "prompt_cache_retention", "safety_identifier"}

# Of LiteLLM's list: no parameters of a request, or handled by LiteLLM itself.
NOT_PARAMETERS = {"model", "messages", "custom_llm_provider", "api_version", "drop_params", "additional_drop_params",
                  "allowed_openai_params", "extra_headers", "metadata", "functions", "function_call", "max_retries",
                  "enable_json_schema_validation", "include_server_side_tool_invocations"}


def supported(directory):
    """What LiteLLM checks, and what it takes of each model that stands for a family."""
    asked = [[provider, models] for provider, models in families.REPRESENTATIVES.values()]
    environment = os.environ | {"PYTHONPATH": str(directory.parent)}
    done = subprocess.run([sys.executable, "-c", SUPPORTED], input=json.dumps(asked), capture_output=True, text=True,
                          check=True, env=environment)
    return json.loads(done.stdout)


def families_file(directory):
    """The rules by hand, then what LiteLLM says."""
    version = litellm_version(directory)
    told = supported(directory)
    names = list(families.REPRESENTATIVES)
    rows, by_hand = [], {name: set() for name in names}
    for group, dialects, parameters, when, action, argument, source in families.RULES:
        for parameter in parameters.split(","):
            for name in names if group == "*" else group.split(","):
                if group != "*" and (dialects == "*" or "chat" in dialects.split(",")):
                    by_hand[name].add(parameter.split(".")[0])
        for name in ["*"] if group == "*" else group.split(","):
            rows.append((name, dialects, parameters, when, action, argument, source))
    for name, (provider, models) in families.REPRESENTATIVES.items():
        lists = [set(told["supported"][f"{provider}/{model}"]) for model in models]
        checked = set(told["known"]) - NOT_PARAMETERS
        refused = checked - set.union(*lists)
        taken = checked & set.intersection(*lists)
        if unclear := checked - refused - taken - by_hand[name]:
            sys.exit(f"catalogue.py: models of family {name} differ in {sorted(unclear)}: families.py has to say when")
        source = f"litellm {version}, supported_openai_params of {provider}/{models[0]}"
        for action, parameters in (("drop", refused - by_hand[name]), ("take", taken - by_hand[name])):
            if parameters:
                rows.append((name, "chat", ",".join(sorted(parameters)), "-", action, "-", source))
        # LiteLLM makes chats of responses, but for OpenAI's.
        passed_on = refused & PASSED_ON if provider != "openai" else set()
        if passed_on:
            rows.append((name, "responses", ",".join(sorted(passed_on)), "-", "drop", "-", source))
    head = "family\tdialects\tparameters\twhen\taction\targument\tsource"
    return "# Written by scripts/catalogue.py\n" + head + "\n" + "".join("\t".join(row) + "\n" for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="fail if the file is out of step with the cost map")
    parser.add_argument("--litellm", type=pathlib.Path, help="directory of the litellm package to read")
    args = parser.parse_args()
    directory = args.litellm or litellm_directory()
    for file, text in ((CATALOGUE, catalogue(directory)), (FAMILIES, families_file(directory))):
        if not args.check:
            file.write_text(text)
        elif not file.is_file() or file.read_text() != text:
            sys.exit(f"catalogue.py: {file.relative_to(ROOT)} is out of step; run scripts/catalogue.py")


if __name__ == "__main__":
    main()
