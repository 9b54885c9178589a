#!/bin/sh
# A wheel with the command and the module in it:  scripts/wheel.sh [maturin options]
# Needs dist/tiergate.wasm (`make wasm`) and .venv (`make setup`). TIERGATE_WHEEL_OUT is another folder than dist.
# For arm64 the same on an arm64 machine, or `--target aarch64-unknown-linux-gnu` where that target and its linker are.
set -eu
cd "$(dirname "$0")/.."

out=${TIERGATE_WHEEL_OUT:-dist}
[ -f dist/tiergate.wasm ] || { echo "wheel: dist/tiergate.wasm is missing; make wasm builds it" >&2; exit 1; }
# The date in the archive is that of the commit, so that the same commit makes the same wheel.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
[ $# -gt 0 ] || set -- --release
.venv/bin/maturin build --quiet --locked --out "$out" "$@"
ls "$out"/tiergate-*.whl
