"""Renders deploy/helm/tiergate with Helm's own engine (the package helm-python-sdk):

    .venv-chart/bin/python scripts/chart.py            writes deploy/kustomize/base/tiergate.yaml
    .venv-chart/bin/python scripts/chart.py --print    prints what the chart gives

The base for kustomize is the chart with its values as they are, so that there is one description and not two.
"""

from __future__ import annotations

import sys
from pathlib import Path

import helm_python
import yaml

ROOT = Path(__file__).resolve().parent.parent
CHART = ROOT / "deploy" / "helm" / "tiergate"
BASE = ROOT / "deploy" / "kustomize" / "base" / "tiergate.yaml"
HEADING = "# Made by `make chart` from deploy/helm/tiergate with its default values.\n"


def rendered(values: dict | None = None) -> list[dict]:
    """The resources of the chart, in the order of their kinds and names."""
    with helm_python.Chart.load(str(CHART)) as chart:
        files = chart.render(values or {}, name="tiergate", namespace="default")
    resources = [each for name, text in files.items() if name.endswith(".yaml") for each in yaml.safe_load_all(text) if each]
    return sorted(resources, key=lambda each: (each["kind"], each["metadata"]["name"]))


def base() -> str:
    """The same without what only Helm needs."""
    resources = rendered()
    for each in resources:
        for label in ("helm.sh/chart", "app.kubernetes.io/managed-by"):
            each["metadata"].get("labels", {}).pop(label, None)
    return HEADING + yaml.safe_dump_all(resources, sort_keys=False, width=110)


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        print(yaml.safe_dump_all(rendered(), sort_keys=False))
    else:
        BASE.write_text(base())
