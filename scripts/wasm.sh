#!/bin/sh
# Everything that compiles for wasm32-wasip1:  scripts/wasm.sh build [cargo options] | lint
#
# Which standard library it is compiled with is chosen here and said in one line:
#   1. the rustup target, when it is installed or `rustup target add` can fetch it;
#   2. else Debian's rustc-web, rust-web-src and wasi-libc: that rustc builds std from source, and the linker is the
#      rust-lld of the rustup toolchain, or wasm-ld from Debian's lld.
# TIERGATE_WASM_TOOLCHAIN=rustup|debian skips the choice.
set -eu
cd "$(dirname "$0")/.."

target=wasm32-wasip1
target_dir=${CARGO_TARGET_DIR:-target}
packages="rustc-web rust-web-src rust-web-clippy wasi-libc"
debian_std=/usr/lib/rustlib/src/rust/library/std
wasi_libc=/usr/lib/wasm32-wasi

have_rustup_target() {
    dir=$(rustc --print target-libdir --target $target 2>/dev/null) && ls "$dir"/libstd-*.rlib >/dev/null 2>&1
}
have_debian() { [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo-clippy ] && [ -d $debian_std ] && [ -f $wasi_libc/libc.a ]; }

# Packages are installed only where this already runs as root: nobody is asked for a password.
as_root() { [ "$(id -u)" = 0 ] && "$@"; }

install_debian() {
    command -v apt-get >/dev/null || return 1
    as_root apt-get update -qq >/dev/null 2>&1 || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

choose() {
    case ${TIERGATE_WASM_TOOLCHAIN:-} in
        rustup) chosen=rustup; why="asked for" ;;
        debian) chosen=debian; why="asked for" ;;
        "")
            if have_rustup_target; then chosen=rustup; why="installed"
            elif [ -f "$target_dir/.wasm-debian" ] && have_debian; then chosen=debian; why="rustup could not fetch the target"
            elif command -v rustup >/dev/null && timeout 120 rustup target add $target >/dev/null 2>&1; then
                chosen=rustup; why="fetched just now"
            else chosen=debian; why="rustup could not fetch the target"; fi ;;
        *) echo "wasm: TIERGATE_WASM_TOOLCHAIN is rustup or debian, not $TIERGATE_WASM_TOOLCHAIN" >&2; exit 1 ;;
    esac
    if [ $chosen = debian ] && ! have_debian; then
        # shellcheck disable=SC2086
        install_debian $packages || true
        have_debian || { echo "wasm: no rustup target $target and no Debian packages; either of these will do:
  rustup target add $target
  apt-get install -y $packages" >&2; exit 1; }
    fi
    if [ $chosen = debian ]; then
        mkdir -p "$target_dir" && touch "$target_dir/.wasm-debian"
        host=$(rustc -vV | sed -n 's/^host: //p')
        linker=$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld
        if [ ! -x "$linker" ]; then
            command -v wasm-ld >/dev/null || install_debian lld || true
            linker=$(command -v wasm-ld) || { echo "wasm: no linker; apt-get install -y lld" >&2; exit 1; }
        fi
        echo "wasm: using Debian's $(/usr/bin/rustc --version | cut -d' ' -f1,2) with std from source ($why)"
    else
        echo "wasm: using the rustup target $target of $(rustc --version | cut -d' ' -f1,2) ($why)"
    fi
}

# Where cargo unpacks crates. The first build of all finds nothing there yet, and fetches.
unpacked() { for sources in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/; do [ -d "$sources" ] && return; done; return 1; }

# Options for the compiler, as a list in TOML. Paths of this machine stand in messages of panics: they become short ones
# that are the same everywhere, so that the module depends on the sources and the compiler alone.
flags() {
    printf '"--remap-path-prefix=%s=tiergate"' "$PWD"
    for sources in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/; do
        printf ',"--remap-path-prefix=%s=crates"' "${sources%/}"
    done
    for flag in "$@"; do printf ',"-C","%s"' "$flag"; done
}

unpacked || cargo fetch --quiet --locked

# cargo for the chosen toolchain. The Debian one keeps its own target directory: two compilers in one rebuild each other.
run_cargo() {
    command=$1; shift
    if [ $chosen = rustup ]; then
        cargo "$command" --target $target --config "target.$target.rustflags=[$(flags)]" "$@"
    else
        # cargo-clippy of the same packages: rustup's clippy-driver cannot read this compiler's std.
        tool=cargo; [ "$command" = build ] || tool=/usr/bin/cargo-clippy
        RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO=$(command -v cargo) "$tool" "$command" --target $target \
            --target-dir "$target_dir/debian" -Zbuild-std=std,panic_abort \
            --config "target.$target.rustflags=[$(flags "linker=$linker" link-self-contained=no),\"-L\",\"native=$wasi_libc\"]" "$@"
    fi
}

case ${1:-} in
    build)
        shift
        choose
        run_cargo build --release --lib "$@"
        built=$target_dir; [ $chosen = rustup ] || built=$target_dir/debian
        out=${TIERGATE_WASM_OUT:-dist/tiergate.wasm}
        mkdir -p "$(dirname "$out")"
        # Not copied when equal: what depends on the file stays fresh.
        cmp -s "$built/$target/release/tiergate.wasm" "$out" || cp "$built/$target/release/tiergate.wasm" "$out"
        echo "$out  $(wc -c < "$out" | tr -d ' ') bytes  sha256 $(sha256sum "$out" | cut -d' ' -f1)" ;;
    lint)
        choose >/dev/null
        run_cargo clippy --package tiergate --package tiergate-core --package tiergate-filter --lib -- -D warnings ;;
    *) echo "usage: scripts/wasm.sh build [cargo options] | lint" >&2; exit 2 ;;
esac
