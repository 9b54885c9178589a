# help        this list; what bare `make` prints
# demo        build, start the real stack, send one request of each kind, print the table
# up, down    the same stack left running, and stopped
# wasm        dist/tiergate.wasm
# wheel       dist/tiergate-VERSION-*.whl, for pip; wheel-arm64: the one for arm64, in dist/arm64; wheel-test: installs it in a clean environment and tries it
# chart       deploy/kustomize from deploy/helm; chart-test: the chart by Helm's own engine, against Kubernetes' schemas
# image       an OCI image of it, dist/tiergate-VERSION.oci.tar; needs buildah
# higress     the plugin as Higress takes it, in dist/higress
# release     that, checksums, bill of materials, schema and licences in dist/; from a tree without changes
# draft       the same from any tree
# test        format, lints, Rust tests, end-to-end tests on the pinned Envoy; .ci/run calls this
# test-matrix the end-to-end tests on every usable Envoy from 1.36 to the newest
# clients     real agents, SDKs and Open WebUI from npm and PyPI through the gateway (CLIENTS="codex aider" for some)
# train       fit the calibrated scorer's weights to the data in DATA and REAL; quality: how good the scorers are on them
# learn       weights of your own from lines of what people said of prompts: LINES=examples/train/support.jsonl
# fleet       three gateways in network namespaces behind one address, and how throughput grows from one to three (ROUNDS=20)
# soak        five minutes of full load while models fail at random (SECONDS=300)
# linear      no body costs more than its size accounts for (SHAPES=20000)
# fuzz        coverage-guided fuzzing of what reads other people's bytes, each target for a minute (SECONDS=60), and linear
# site        the documents as a site with search, by mdbook; audit: known faults and licences of what is used, by cargo-deny and pip-audit
# bench       speed; docs: the generated reference and schema, envoy/dynamic and the console's packed page; clean: what all of these left

PYTHON_BIN := .venv/bin/python
PYTHON ?= python3
# What runs once more over envoy/envoy.yaml, after all has run over envoy/demo.yaml.
PRODUCTION_TESTS := test_wire.py test_dialects.py test_profiles.py test_observability.py
SECONDS := 300
fuzz: SECONDS := 60
SHAPES := 20000
ROUNDS := 20
ENVOYS := 1.36.4 1.37.0 1.39.3 1.40.0

.NOTPARALLEL:
.PHONY: help demo up down setup setup-train wasm wheel wheel-arm64 wheel-test chart chart-test setup-chart image higress release draft test lint test-rust test-e2e test-matrix clients train learn \
	quality bench fuzz linear soak fleet docs site audit clean

help:
	@sed -n '/^$$/q; s/^# //p' Makefile

demo: setup wasm
	@$(PYTHON_BIN) scripts/demo.py

up: setup wasm
	@$(PYTHON_BIN) scripts/stack.py up

down: setup
	@$(PYTHON_BIN) scripts/stack.py down

setup:
	@scripts/setup.sh

wasm:
	@scripts/wasm.sh build

wheel: setup wasm
	@scripts/wheel.sh

wheel-arm64: setup wasm
	@scripts/wheel.sh --arm64
	TIERGATE_WHEEL_ARM64=$$(ls -t dist/arm64/tiergate-*.whl | head -n 1) $(PYTHON_BIN) -m pytest -q tests/e2e/test_wheel.py -k arm64 -rs

# Of several wheels in dist the newest.
wheel-test: wheel
	TIERGATE_WHEEL=$$(ls -t dist/tiergate-*.whl | head -n 1) $(PYTHON_BIN) -m pytest -q tests/e2e/test_wheel.py

chart: setup-chart
	@.venv-chart/bin/python scripts/chart.py

chart-test: setup setup-chart wasm
	.venv-chart/bin/python -m pytest -q tests/chart

setup-chart:
	@scripts/setup.sh .venv-chart requirements-chart.txt

image: wasm
	@scripts/image.sh

higress: setup wasm
	@$(PYTHON_BIN) scripts/higress.py

release draft:
	@scripts/release.sh $(if $(filter draft,$@),--draft)

test: setup lint wasm test-rust test-e2e

lint:
	cargo fmt --check
	cargo clippy --workspace --all-targets --features tiergate/cli -- -D warnings
	scripts/wasm.sh lint

test-rust:
	cargo test --workspace --features tiergate/cli

test-e2e:
	$(PYTHON_BIN) -m pytest -q tests/e2e $(PYTEST)
	$(PYTHON_BIN) -m pytest -q $(addprefix tests/e2e/,$(PRODUCTION_TESTS)) --shipped envoy $(PYTEST)

clients: setup wasm
	@$(PYTHON_BIN) scripts/clients.py $(CLIENTS)

test-matrix: setup wasm
	@scripts/matrix.sh $(ENVOYS)

train quality: DATA ?= $(error say where the data is: make $@ DATA=folder REAL=folder; research/train.py says what they hold)
train quality: REAL ?= $(error say where the prompts are that people typed: make $@ DATA=folder REAL=folder)
train: setup-train
	cargo build --release --features cli
	@.venv-train/bin/python research/train.py --data $(DATA) --real $(REAL)

quality: setup setup-train
	cargo build --release --features cli
	@.venv-train/bin/python research/quality.py --data $(DATA) --real $(REAL)

learn: LINES ?= $(error say where the lines are: make learn LINES=file.jsonl; scripts/learn.py says what they hold)
learn: setup
	cargo build --release --features cli
	@$(PYTHON_BIN) scripts/learn.py $(LINES) --out weights.tsv

setup-train:
	@scripts/setup.sh .venv-train requirements-train.txt

bench: setup wasm
	@scripts/bench.sh

linear:
	LINEAR_SHAPES=$(SHAPES) cargo test --release --test linear -- --ignored --nocapture

fuzz:
	@scripts/fuzz.sh $(SECONDS)
	@$(MAKE) linear

fleet: setup wasm
	$(PYTHON_BIN) -m pytest -q tests/e2e/test_fleet.py -rs
	@$(PYTHON_BIN) scripts/fleet.py --rounds $(ROUNDS)

soak: setup wasm
	@$(PYTHON_BIN) scripts/soak.py --seconds $(SECONDS)

# Not straight into the files: the schema is compiled into what writes it.
docs:
	@$(PYTHON) scripts/console.py
	cargo run --quiet --features cli -- reference > target/configuration.md
	cargo run --quiet --features cli -- schema > target/tiergate.schema.json
	mv target/configuration.md docs/configuration.md
	mv target/tiergate.schema.json src/core/config/tiergate.schema.json
	@[ ! -x $(PYTHON_BIN) ] || $(PYTHON_BIN) scripts/dynamic.py envoy/envoy.yaml envoy/dynamic
	@python3 scripts/promises.py

# REPOSITORY=https://HOST/OWNER/NAME/blob/main: where the files of the tree are shown.
site:
	@$(PYTHON) scripts/book.py $(if $(REPOSITORY),--repository $(REPOSITORY))

audit:
	@scripts/audit.sh

clean:
	-@[ ! -x $(PYTHON_BIN) ] || $(PYTHON_BIN) scripts/stack.py down
	cargo clean
	rm -rf fuzz/target fuzz/corpus fuzz/seeds fuzz/found dist .clients .venv .venv-train .venv-chart .envoys .prometheus .run .tools .pytest_cache
