#!/bin/sh
# Known faults, licences and sources of what tiergate is built and tested with:  scripts/audit.sh
#
# cargo-deny (deny.toml) looks at the crates, also at those of fuzz/; pip-audit at the pins of the requirements. Both are
# installed once into .tools; TIERGATE_CARGO_DENY and TIERGATE_PIP_AUDIT name others. The lists of known faults come from the
# network: RustSec's from its git repository, Python's from PyPI's JSON.
set -eu
cd "$(dirname "$0")/.."

deny_version=0.20.2
pip_audit_version=2.10.1
deny=${TIERGATE_CARGO_DENY:-.tools/bin/cargo-deny}
if [ ! -x "$deny" ]; then
    echo "audit: installing cargo-deny $deny_version into .tools (once; it takes minutes)"
    cargo install --quiet --locked --root .tools "cargo-deny@$deny_version"
fi
pip_audit=${TIERGATE_PIP_AUDIT:-.tools/pip-audit/bin/pip-audit}
if [ ! -x "$pip_audit" ]; then
    echo "audit: installing pip-audit $pip_audit_version into .tools (once)"
    python3 -m venv .tools/pip-audit
    .tools/pip-audit/bin/pip install --quiet --disable-pip-version-check "pip-audit==$pip_audit_version"
fi

failed=""
"$deny" --log-level error check || failed="$failed crates"
"$deny" --log-level error --manifest-path fuzz/Cargo.toml --config "$PWD/deny.toml" check advisories || failed="$failed fuzz"
for file in requirements*.txt; do
    said=$("$pip_audit" --disable-pip --no-deps --progress-spinner off -r "$file" 2>&1) || failed="$failed $file"
    echo "$said"
    # Who is not asked has no faults either: an index without PyPI's JSON finds nothing and ends well.
    case $said in *"could not be audited"*) failed="$failed $file (not all could be looked up)" ;; esac
done
if [ -n "$failed" ]; then echo "audit: not clean:$failed" >&2; exit 1; fi
echo "audit: clean"
