"""Prints Envoy's configuration for resources of one of the control planes:

    python scripts/translate istio examples/istio/*.yaml
    python scripts/translate envoy-gateway examples/envoy-gateway/*.yaml

`--directory`: where the configurations of extensions go that a control plane sends apart. Every cluster is a port of
127.0.0.1, from `--first-port` on in the order of their names.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from translate import envoy_gateway, higress, istio, static  # noqa: E402

KINDS = {"envoy-gateway": envoy_gateway.translate, "istio": istio.translate,
         "higress": lambda resources: higress.as_plain_envoy(higress.translate(resources))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--module", type=Path, default=Path("dist/tiergate.wasm").resolve())
    parser.add_argument("--directory", type=Path, default=Path.cwd())
    parser.add_argument("--port", type=int, default=10000)
    parser.add_argument("--admin-port", type=int, default=9901)
    parser.add_argument("--first-port", type=int, default=4000)
    asked = parser.parse_args()
    resources = [each for path in asked.files for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]
    xds = KINDS[asked.kind](resources)
    hosts = {name: asked.first_port + at for at, name in enumerate(sorted(xds.clusters))}
    made = static.bootstrap(xds, module=asked.module, directory=asked.directory, port=asked.port, admin=asked.admin_port,
                            hosts=hosts)
    yaml.safe_dump(made, sys.stdout, sort_keys=False)


if __name__ == "__main__":
    main()
