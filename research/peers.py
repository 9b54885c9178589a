#!/usr/bin/env python3
"""What other routers say of prompts: LiteLLM's complexity routers (its heuristic and heuristic_v2) and smart-llm-router.

    .venv/bin/python research/peers.py < prompts.jsonl > peers.jsonl

A line {"id", "prompt"} each in; a line {"id"} each out with the tier and a score by every router: the higher the harder. Each
router has its defaults. The versions are those of requirements.txt, and stand on the first line of the output.
"""

import importlib.metadata
import json
import os
import re
import sys
from unittest.mock import MagicMock

os.environ.setdefault("LITELLM_LOG", "ERROR")
# It asks for a list of prices on the internet otherwise.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

from litellm.router_strategy.complexity_router.complexity_router import ComplexityRouter
from smart_llm_router.router import DEFAULT_ROUTING_CONFIG, RouterOptions, route

TIERS = ["SIMPLE", "MEDIUM", "COMPLEX", "REASONING"]


def litellm_router(kind):
    config = {"tiers": {tier: tier.lower() for tier in TIERS}, "classifier_type": kind}
    return ComplexityRouter(model_name="auto_router/complexity_router", default_model="medium",
                            litellm_router_instance=MagicMock(), complexity_router_config=config)


def said(tier, score):
    """The tier, and a score that ranks as tiers do, and within them as the router's own score does."""
    name = str(getattr(tier, "value", tier)).upper()
    return [name, TIERS.index(name) * 10 + score]


def main():
    heuristic, second = litellm_router("heuristic"), litellm_router("heuristic_v2")
    options = RouterOptions(config=DEFAULT_ROUTING_CONFIG, model_pricing={}, routing_profile="auto")
    versions = {package: importlib.metadata.version(package) for package in ("litellm", "smart-llm-router")}
    print(json.dumps({"versions": versions}))
    for line in sys.stdin:
        row = json.loads(line)
        tier, score, _ = heuristic.classify(row["prompt"])
        # What its asynchronous classify calls for this kind; there is no other door to it. Its first signal of a probability
        # is that the cheapest model will do.
        learnt = second._classify_with_heuristic_v2(row["prompt"])
        enough = next(float(signal.split("=")[1]) for signal in learnt.signals if signal.startswith("tier-probability"))
        routed = route(row["prompt"], None, 1000, options)
        score_told = float(re.match(r"score=(-?[\d.]+)", routed.reasoning).group(1))
        print(json.dumps({
            "id": row["id"],
            "LiteLLM heuristic": said(tier, score),
            "LiteLLM heuristic_v2": said(learnt.tier, 1 - enough),
            "smart-llm-router": said(routed.tier, score_told),
        }))


if __name__ == "__main__":
    main()
