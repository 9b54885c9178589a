#!/usr/bin/env bash
# Speed as ratios: the native scorer against the Python rule router, and Envoy with tiergate against Envoy without.
# Options go to bench.py. Needs what `make bench` sets up: .venv and dist/tiergate.wasm.
set -euo pipefail
cd "$(dirname "$0")/.."
exec .venv/bin/python scripts/bench.py "$@"
