#!/bin/sh
# Makes .venv from requirements.txt, or what the arguments name: scripts/setup.sh [FOLDER [REQUIREMENTS]].
# Does nothing when that has been done for this very file and Python.
set -eu
cd "$(dirname "$0")/.."

venv=${1:-.venv}
requirements=${2:-requirements.txt}
python=${PYTHON:-python3}
apt_hint="on Debian or Ubuntu: apt-get install -y python3 python3-venv curl build-essential"

command -v "$python" >/dev/null || { echo "setup: no $python here; $apt_hint" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' || {
    echo "setup: $("$python" --version) will not do: the pins in $requirements are for Python 3.11 to 3.14" >&2; exit 1; }
command -v cargo >/dev/null || { echo "setup: no cargo here; install Rust with rustup (https://rustup.rs)" >&2; exit 1; }
command -v cc >/dev/null || { echo "setup: no C linker (cc) here, which cargo needs; $apt_hint" >&2; exit 1; }

[ "$venv" != .venv ] || scripts/prometheus.sh
[ "$venv" != .venv ] || scripts/browser.sh

stamp=$venv/.stamp
want="$(cat "$requirements" scripts/setup.sh | cksum) $("$python" --version)"
if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$want" ]; then exit 0; fi

"$python" -c 'import ensurepip, venv' 2>/dev/null || {
    echo "setup: $python cannot make virtual environments (python3-venv is missing); $apt_hint" >&2; exit 1; }
echo "setup: installing the pinned Python packages of $requirements into $venv (once)"
"$python" -m venv --clear "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$requirements"
"$venv/bin/python" -m pip check >/dev/null || { "$venv/bin/python" -m pip check >&2; exit 1; }
echo "$want" > "$stamp"
