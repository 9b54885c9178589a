#!/bin/sh
# A wheel with the command and the module in it:  scripts/wheel.sh [--arm64 | maturin options]
# Needs dist/tiergate.wasm (`make wasm`) and .venv (`make setup`). TIERGATE_WHEEL_OUT is another folder than dist.
# --arm64 makes the one for arm64 Linux on any machine: Rust's target comes by rustup, the linker is zig's, whose package is
# installed once into .tools.
set -eu
cd "$(dirname "$0")/.."

zig_version=0.17.0
out=${TIERGATE_WHEEL_OUT:-dist}
[ -f dist/tiergate.wasm ] || { echo "wheel: dist/tiergate.wasm is missing; make wasm builds it" >&2; exit 1; }
# The date in the archive is that of the commit, so that the same commit makes the same wheel.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
[ $# -gt 0 ] || set -- --release
machine=$(uname -m)
if [ "$1" = --arm64 ]; then
    target=aarch64-unknown-linux-gnu
    ls "$(rustc --print target-libdir --target $target)"/libstd-*.rlib >/dev/null 2>&1 || rustup target add $target
    zig=$PWD/.tools/zig
    if [ ! -x "$zig/bin/python-zig" ]; then
        python3 -m venv "$zig"
        "$zig/bin/pip" install --quiet --disable-pip-version-check "ziglang==$zig_version"
    fi
    PATH=$zig/bin:$PATH
    machine=aarch64
    # In a folder of its own: `pip install dist/tiergate-*.whl` would be given both.
    out=${TIERGATE_WHEEL_OUT:-dist/arm64}
    shift
    set -- --release --target $target --zig "$@"
fi
.venv/bin/maturin build --quiet --locked --out "$out" "$@"
# Of several the newest.
ls -t "$out"/tiergate-*"$machine".whl | head -n 1
