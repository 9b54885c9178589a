#!/bin/sh
# An OCI image of dist/tiergate.wasm without a daemon, without root's storage and without the network:
#   scripts/image.sh [MODULE [ARCHIVE]]      default: dist/tiergate.wasm dist/tiergate-VERSION.oci.tar
# The same module, version and commit give the same digest. It is printed, and written beside the archive.
set -eu
cd "$(dirname "$0")/.."

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
module=${1:-dist/tiergate.wasm}
archive=${2:-dist/tiergate-$version.oci.tar}

command -v buildah >/dev/null || { echo "image: no buildah here; on Debian or Ubuntu: apt-get install -y buildah" >&2; exit 1; }
[ -f "$module" ] || { echo "image: no $module; make wasm" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/context"
cp "$module" "$work/context/tiergate.wasm"
# vfs needs no mounts: this runs in a container too.
in_store() { command=$1; shift; buildah --root "$work/root" --runroot "$work/run" --storage-driver vfs "$command" "$@"; }

set -- --label "org.opencontainers.image.title=tiergate" \
    --label "org.opencontainers.image.description=$(sed -n 's/^description = "\(.*\)"$/\1/p' Cargo.toml)" \
    --label "org.opencontainers.image.version=$version" \
    --label "org.opencontainers.image.licenses=$(sed -n 's/^license = "\(.*\)"$/\1/p' Cargo.toml)"
# Only where the tree is the commit's.
if commit=$(git rev-parse HEAD 2>/dev/null) && [ -z "$(git status --porcelain)" ]; then
    set -- "$@" --label "org.opencontainers.image.revision=$commit"
fi

# The platform is one for all builders: WebAssembly has none, and pullers ask for this one. Whose version of buildah it
# was is no label of the image.
in_store build --quiet --format oci --platform linux/amd64 --timestamp 0 --identity-label=false "$@" \
    --tag "localhost/tiergate:$version" --file Containerfile "$work/context" >/dev/null
mkdir -p "$(dirname "$archive")"
rm -f "$archive"
in_store push --quiet --digestfile "$work/digest" "localhost/tiergate:$version" "oci-archive:$archive:$version"
tr -d '\n' < "$work/digest" > "$archive.digest"
echo "$archive  $(wc -c < "$archive" | tr -d ' ') bytes  $(cat "$archive.digest")"
