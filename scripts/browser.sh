#!/bin/sh
# A browser for the tests of the console: Chromium of the system's packages, installed only where this runs as root, and
# axe-core of npm, which looks for faults of accessibility, in .tools. Without them those tests are skipped and say so.
# TIERGATE_CHROMIUM names another Chromium.
set -eu
cd "$(dirname "$0")/.."

axe=4.11.0

found() { [ -n "${TIERGATE_CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; }
if ! found; then
    # Packages are installed only where this already runs as root: nobody is asked for a password.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "setup: installing Chromium for the tests of the console (once)"
        install() { timeout 900 apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1; }
        install || { apt-get update -qq >/dev/null 2>&1 && install; } || true
    fi
    found || echo "setup: no Chromium for the tests of the console; install one, or name one in TIERGATE_CHROMIUM" >&2
fi

if [ "$(cat .tools/axe/version 2>/dev/null || true)" != "$axe" ]; then
    rm -rf .tools/axe && mkdir -p .tools/axe
    if command -v npm >/dev/null && (cd .tools/axe && npm pack --silent "axe-core@$axe" >/dev/null 2>&1 && tar -xzf "axe-core-$axe.tgz" package/axe.min.js); then
        mv .tools/axe/package/axe.min.js .tools/axe/axe.min.js
        rm -rf .tools/axe/package .tools/axe/*.tgz
        echo "$axe" > .tools/axe/version
    else
        echo "setup: no npm for axe-core, which looks for faults of accessibility in the console" >&2
    fi
fi
