#!/bin/sh
# Prometheus for the test of the dashboard: .prometheus/prometheus, made once. It is the one on the PATH, or else
# Debian's package, unpacked here and not installed. Without either the rest of the project works; that test fails and
# says so. TIERGATE_PROMETHEUS names a binary to be used in its place.
set -eu
cd "$(dirname "$0")/.."

[ -z "${TIERGATE_PROMETHEUS:-}" ] || exit 0
if [ -x .prometheus/prometheus ] && .prometheus/prometheus --version >/dev/null 2>&1; then exit 0; fi
rm -rf .prometheus && mkdir .prometheus

if found=$(command -v prometheus); then
    ln -s "$found" .prometheus/prometheus
    echo "setup: the dashboard's test uses $found"
    exit 0
fi

# Packages are installed only where this already runs as root: nobody is asked for a password.
as_root() { [ "$(id -u)" = 0 ] && "$@"; }

fetch() {
    (cd .prometheus && timeout 300 apt-get download -qq prometheus >/dev/null 2>&1 && dpkg -x prometheus_*.deb .)
}

if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
    # The lists may not be there, as in a container, or be of a version that is gone.
    fetch || { as_root apt-get update -qq >/dev/null 2>&1 && fetch; } || true
    rm -f .prometheus/prometheus_*.deb
fi
if [ -x .prometheus/usr/bin/prometheus ]; then
    ln -s usr/bin/prometheus .prometheus/prometheus
    version=$(.prometheus/prometheus --version 2>&1 | sed -n 's/^prometheus, version \([^ ]*\).*/\1/p')
    echo "setup: unpacked Prometheus $version of the system's packages into .prometheus, for the dashboard's test (once)"
else
    echo "setup: no Prometheus for the dashboard's test; install one, or name one in TIERGATE_PROMETHEUS" >&2
fi
