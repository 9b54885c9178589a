#!/bin/sh
# What is released, into DIRECTORY (default: dist):  scripts/release.sh [--draft] [DIRECTORY]
#
#   tiergate.wasm           the module, as `make wasm` builds it
#   tiergate-VERSION.oci.tar, .digest   the image, where there is buildah
#   tiergate.schema.json    JSON Schema of the configuration
#   tiergate.cdx.json       bill of materials, CycloneDX 1.5
#   LICENSE, THIRD-PARTY.txt, CHANGELOG.md
#   tiergate-VERSION-*.whl  the wheel; not in a draft, because it takes minutes
#   tiergate.provenance.json   which commit and toolchain made which of these, in SLSA's form
#   SHA256SUMS              of all of these
#   SHA256SUMS.sig          its signature by the SSH key that TIERGATE_SIGNING_KEY names; without the variable none. Check it:
#                           ssh-keygen -Y verify -f ALLOWED_SIGNERS -I WHO -n tiergate -s SHA256SUMS.sig < SHA256SUMS
#
# The version is that of Cargo.toml and nowhere else. A release needs a tree without changes, and a CHANGELOG that has
# the version with a date; a draft needs neither. Only a release asks the registry whether it would take the package.
set -eu
cd "$(dirname "$0")/.."

sbom_version=0.5.9
draft=""
if [ "${1:-}" = --draft ]; then draft=yes; shift; fi
out=${1:-dist}
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
fail() { echo "release: $*" >&2; exit 1; }

if [ -z "$draft" ]; then
    [ -z "$(git status --porcelain)" ] || fail "the tree has changes; commit them, or make a draft (scripts/release.sh --draft)"
    grep -qE "^## $version \([0-9]{4}-[0-9]{2}-[0-9]{2}\)$" CHANGELOG.md ||
        fail "CHANGELOG.md has no heading \"## $version (YYYY-MM-DD)\"; add it, or make a draft (scripts/release.sh --draft)"
fi

mkdir -p "$out"
files="tiergate.wasm tiergate.schema.json tiergate.cdx.json LICENSE THIRD-PARTY.txt CHANGELOG.md"
# Where the wheel's command takes it from, so that both have the same.
TIERGATE_WASM_OUT=dist/tiergate.wasm scripts/wasm.sh build
[ "$out/tiergate.wasm" -ef dist/tiergate.wasm ] || cp dist/tiergate.wasm "$out/"
cp src/core/config/tiergate.schema.json LICENSE CHANGELOG.md "$out/"
python3 scripts/licences.py > "$out/THIRD-PARTY.txt"

# cargo-cyclonedx of this version, installed once into .tools, or one that is named.
sbom=${TIERGATE_CYCLONEDX:-.tools/bin/cargo-cyclonedx}
if [ ! -x "$sbom" ]; then
    echo "release: installing cargo-cyclonedx $sbom_version into .tools (once)"
    cargo install --quiet --locked --root .tools "cargo-cyclonedx@$sbom_version"
    sbom=.tools/bin/cargo-cyclonedx
fi
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) "$sbom" cyclonedx --quiet --format json --spec-version 1.5 \
    --target wasm32-wasip1 --override-filename tiergate.cdx
rm -f tests/module/tiergate.cdx.json src/*/tiergate.cdx.json
# The place of the tree on this machine is nobody's business.
sed "s|path+file://$PWD#||g" tiergate.cdx.json > "$out/tiergate.cdx.json"
rm tiergate.cdx.json

if command -v buildah >/dev/null; then
    scripts/image.sh "$out/tiergate.wasm" "$out/tiergate-$version.oci.tar"
    files="$files tiergate-$version.oci.tar tiergate-$version.oci.tar.digest"
else
    echo "release: no buildah here, so no image"
fi
if [ -z "$draft" ]; then
    wheel=$(TIERGATE_WHEEL_OUT="$out" scripts/wheel.sh)
    files="$files $(basename "$wheel")"
fi
# shellcheck disable=SC2086
python3 scripts/provenance.py "$out" $files > "$out/tiergate.provenance.json"
# shellcheck disable=SC2086
(cd "$out" && sha256sum $files tiergate.provenance.json > SHA256SUMS)
if [ -n "${TIERGATE_SIGNING_KEY:-}" ]; then
    rm -f "$out/SHA256SUMS.sig"
    ssh-keygen -q -Y sign -f "$TIERGATE_SIGNING_KEY" -n tiergate "$out/SHA256SUMS"
else
    echo "release: TIERGATE_SIGNING_KEY names no key, so no signature"
fi

if [ -z "$draft" ]; then
    # That the tree has no changes was looked at above. To cargo the module, which the package has and git ignores, is one.
    cargo publish --quiet --dry-run --allow-dirty --workspace --exclude tiergate-module-tests || fail "the registry would not take the packages"
fi
echo "release: tiergate $version in $out"
