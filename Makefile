# One word per thing a newcomer wants to do. Every target works from a fresh clone.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Build products live outside the clone where that is possible, so that the next fresh clone builds warm.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)
ifneq ($(shell mkdir -p '$(CACHE)/chengdang' 2>/dev/null && test -w '$(CACHE)/chengdang' && echo yes),)
CARGO_TARGET_DIR ?= $(CACHE)/chengdang/target
else
CARGO_TARGET_DIR ?= $(CURDIR)/target
endif
export CARGO_TARGET_DIR

# Cargo tells what is fresh by file times. Sources that were edited before another clone's build look fresh to it, so the
# clone that builds next marks its own as new; dependencies stay built.
ifneq ($(shell cat '$(CARGO_TARGET_DIR)/built-from' 2>/dev/null),$(CURDIR))
$(shell mkdir -p '$(CARGO_TARGET_DIR)'; git ls-files -z 2>/dev/null | xargs -0 -r touch -c; echo '$(CURDIR)' >'$(CARGO_TARGET_DIR)/built-from')
endif

DATA ?= $(CURDIR)/data
# The binary that `cargo build` has just made. It is started directly: `cargo run` cannot select the whole workspace.
CHENGDANG := $(CARGO_TARGET_DIR)/debug/chengdang
# The same selection everywhere, so that features are resolved once and Cedar, SQLite and the ciphers are built once.
ALL := --locked --workspace

.PHONY: help run build test deps fmt tidy lint doc unit leaks stdnum frictionless candidates fuzz fuzz-short soak-disk browser bench clean-data

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 14

run: build ## build, then a city of synthetic residents at one address; prints the logins; keeps its data in ./data
	'$(CHENGDANG)' demo --data '$(DATA)'

test: fmt tidy lint doc unit leaks stdnum fuzz-short browser ## everything that can be tested: style, layers, docs, both stores, a real browser

deps: ## install the Debian packages that the tests need (apt-get; root or sudo)
	.ci/deps

build:
	cargo build $(ALL) --bins

fmt:
	cargo fmt --all --check

tidy: ## layers, licences, error index, file length and the other rules of the tree
	cargo build --quiet $(ALL) --bin xtask
	'$(CARGO_TARGET_DIR)/debug/xtask' tidy

lint:
	cargo clippy $(ALL) --all-targets -- -D warnings

doc:
	RUSTDOCFLAGS='-D warnings' cargo doc $(ALL) --no-deps

# nextest runs each test in a process of its own; `cargo test` does as well where nextest is not installed.
unit: ## Rust tests on SQLite and PostgreSQL
	if cargo nextest --version >/dev/null 2>&1; then \
	  cargo nextest run $(ALL) --no-fail-fast; \
	else \
	  cargo test $(ALL) --no-fail-fast; \
	fi
	cargo test $(ALL) --doc

# The feature changes nothing but the crate `chengdang`. Whatever comes of it, the binary that does not leak is put back.
leaks: ## a build that leaks on purpose, and the leak test that must catch it in each channel
	done=0; cargo test $(ALL) --features chengdang/leak-on-purpose --test it leaks::a_build_that_leaks || done=$$?; \
	cargo build $(ALL) --bins && exit $$done

# A second opinion on 10^5 invented numbers, from PyPI.
stdnum: ## compare our verdicts on identity numbers and credit codes with python-stdnum's
	tools/stdnum/run.sh

# P7. A release build and Splink from PyPI; two minutes.
candidates: ## whose doubtful rows are, beside Splink: recall at equal precision, and processor time
	tools/splink/run.sh

frictionless: ## compare our verdicts on 10^5 random rows with frictionless-py's under one schema
	tools/frictionless/run.sh

# Without `export CARGO_TARGET_DIR`: the instrumented build lies apart.
fuzz-short: ## 10^5 executions of each fuzz target, guided by coverage
	SEED=1 HANG_S=20 fuzz/run.sh 100000

fuzz: ## 10^7 executions of each fuzz target; SECONDS_MAX=n bounds each by time as well
	fuzz/run.sh 10000000

# Needs root and /dev/fuse, as the short run in `make unit` does.
soak-disk: ## 2,000 losses of power and 500 failing calls during an intake, on a disk that forgets what was not synced
	CRASH_POINTS=2000 DISK_FAULTS=500 cargo test $(ALL) --test it disk:: -- --nocapture --test-threads 2

browser: build tests/browser/node_modules/.package-lock.json ## tests in a real Chromium against the real binary
	cd tests/browser && CHENGDANG='$(CHENGDANG)' npm test

tests/browser/node_modules/.package-lock.json: tests/browser/package.json tests/browser/package-lock.json
	cd tests/browser && npm ci --no-audit --no-fund
	touch $@

bench: ## one report of a release build; QUICK=1 for the short run
	cargo build --locked --release -p chengdang --bins --example bench
	'$(CARGO_TARGET_DIR)/release/examples/bench' $(if $(QUICK),--quick)

clean-data: ## forget the demo city
	rm -rf -- '$(DATA)'
