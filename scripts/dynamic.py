#!/usr/bin/env python3
"""Envoy's configuration with the filter's documents in files of their own, which `tiergate push` changes while Envoy runs.

    .venv/bin/python scripts/dynamic.py envoy/envoy.yaml envoy/dynamic

writes envoy.yaml (the same, but that it takes the filter from those files), router.json (the filter among the listener's
filters), attempt.json (that among the cluster's) and tiergate.json (the document of both). `make docs` does that for
envoy/dynamic. Envoy's paths are relative to the directory that it is started in; --paths says where it finds the files.
"""

from __future__ import annotations

import argparse
import copy
import json
from pathlib import Path

import yaml

import stack as stacks

EXTENSION = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig"
WASM = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"
HEAD = """\
# envoy/envoy.yaml, whose comments say what all of this is, with the filter in files of their own. Made by
# scripts/dynamic.py; `make docs` makes it again. Change tiergate.json, then
#   tiergate push envoy/dynamic/tiergate.json
# checks it and puts it into router.json and attempt.json; Envoy uses it within a second, without a restart.

"""


class Dumper(yaml.SafeDumper):
    """Without anchors: they would have names of no meaning."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def filters(envoy: dict):
    """Each filter of ours, and the file that it goes to."""
    for listener in envoy["static_resources"]["listeners"]:
        for each in stacks.connection_manager(listener)["http_filters"]:
            typed = each.get("typed_config", {})
            # The console shows what the others run and has nothing to change.
            if typed.get("@type") == WASM and typed["config"]["configuration"]["value"].get("position") != "console":
                yield "router.json", each
    for cluster in envoy["static_resources"]["clusters"]:
        for options in cluster.get("typed_extension_protocol_options", {}).values():
            for each in options.get("http_filters", []):
                if each.get("typed_config", {}).get("@type") == WASM:
                    yield "attempt.json", each


def split(envoy: dict, paths: Path) -> tuple[dict, dict[str, dict], dict]:
    """The configuration without the filters, the files of these, and the document. `paths`: where Envoy finds the files."""
    envoy = copy.deepcopy(envoy)
    # Whoever subscribes to anything, if only to a file, has to have a name.
    envoy = {"node": {"id": "tiergate", "cluster": "tiergate"}} | envoy
    files: dict[str, dict] = {}
    document: dict = {}
    for name, each in filters(envoy):
        typed = each.pop("typed_config")
        found = typed["config"]["configuration"]["value"]
        if name == "router.json":
            document = found
        else:
            typed["config"]["configuration"]["value"] = document | {"position": "attempt"}
        each["config_discovery"] = {
            "config_source": {"path_config_source": {
                "path": str(paths / name), "watched_directory": {"path": str(paths)}}},
            "type_urls": [WASM],
        }
        files[name] = {
            "version_info": "0",
            "resources": [{"@type": EXTENSION, "name": each["name"], "typed_config": typed}],
        }
    return envoy, files, document


def write(envoy: dict, directory: Path, paths: Path, head: str = "") -> None:
    """Writes all files."""
    envoy, files, document = split(envoy, paths)
    directory.mkdir(parents=True, exist_ok=True)
    text = yaml.dump(envoy, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
    (directory / "envoy.yaml").write_text(head + text, encoding="utf-8")
    for name, content in (files | {"tiergate.json": document}).items():
        (directory / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("envoy", type=Path)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--paths", type=Path, help="where Envoy finds the files; DIRECTORY as it is given without it")
    options = parser.parse_args()
    write(stacks.load_yaml(options.envoy), options.directory, options.paths or options.directory, HEAD)


if __name__ == "__main__":
    main()
