#!/usr/bin/env bash
# Coverage-guided fuzzing: `scripts/fuzz.sh SECONDS [TARGET…]` builds fuzz/ and runs each target for so long, from the
# seeds that scripts/fuzz_seeds.py takes out of the tests and from what earlier runs have found worth keeping.
# Stable Rust does: the passes of libFuzzer need no nightly, and there is no unsafe code for a sanitizer to watch.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(bodies answers feeds configurations headers forms lists paths)

host=$(rustc -vV | sed -n 's/^host: //p')
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
	-Cllvm-args=-sanitizer-coverage-trace-compares"
# With --target, build scripts and macros are built without them.
RUSTFLAGS="$(echo $coverage) -Ccodegen-units=1 --cfg fuzzing" \
	cargo build --quiet --release --manifest-path fuzz/Cargo.toml --target "$host" --target-dir fuzz/target

python=.venv/bin/python
[ -x "$python" ] || python=python3
"$python" scripts/fuzz_seeds.py fuzz/seeds

failed=0
for target in "${targets[@]}"; do
	mkdir -p "fuzz/corpus/$target" "fuzz/found/$target"
	echo "== $target, $seconds s"
	log=fuzz/found/$target.log
	"fuzz/target/$host/release/$target" -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="fuzz/found/$target/" -print_final_stats=1 "fuzz/corpus/$target" "fuzz/seeds/$target" \
		>"$log" 2>&1 || { failed=1; grep -m1 -A3 'panicked at\|ERROR: libFuzzer' "$log" || true; tail -3 "$log"; }
	grep 'cov:' "$log" | tail -1 || true
	grep 'stat::number_of_executed_units\|stat::peak_rss' "$log" || true
done
exit $failed
