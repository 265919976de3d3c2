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

.PHONY: help run build test deps fmt tidy lint doc unit leaks stdnum system schemathesis log-peers frictionless candidates floor floor-sign fuzz fuzz-short soak soak-kept soak-kills soak-cells soak-simulation soak-postgres soak-disk soak-log browser bench growth clean-data

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 14

run: build ## build, then a city of synthetic residents at one address; prints the logins; keeps its data in ./data
	'$(CHENGDANG)' demo --data '$(DATA)'

test: fmt tidy lint doc unit leaks stdnum system schemathesis log-peers fuzz-short browser ## everything that can be tested: style, layers, docs, both stores, a real browser

deps: ## install the Debian packages that the tests need (apt-get; root or sudo)
	.ci/deps

build: ## the programs; says where they lie
	cargo build $(ALL) --bins
	@echo 'the programs lie in $(CARGO_TARGET_DIR)/debug'

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

# A department's system in Python, against the real server.
system: build ## the sample of a department's system signs requests, good and bad ones, to a demonstration
	tools/system/run.sh $(CHENGDANG)

# Requests that nobody would write, by each kind of caller; CASES=n sends more.
schemathesis: build ## Schemathesis sends 5,000 requests made from the API's document: each is answered as documented
	tools/schemathesis/run.sh $(CHENGDANG) $(CASES)

# P7. A release build and Splink from PyPI; two minutes.
candidates: ## whose doubtful rows are, beside Splink: recall at equal precision, and processor time
	tools/splink/run.sh

log-peers: ## a log of 100,000 entries verified, and 50 kinds of change refused, by programs over Go's x/mod and in Python
	tools/log-peers/run.sh

frictionless: ## compare our verdicts on 10^5 random rows with frictionless-py's under one schema
	tools/frictionless/run.sh

floor: build ## prove the rights floor, and put every mutant of every policy to the matrix and the solver; ten minutes
	'$(CHENGDANG)' floor prove --check
	CHENGDANG_SOAK=1 cargo test $(ALL) -p floor --test it mutants:: -- --nocapture

# The key of whoever signs lies in ~/.config/chengdang; its public half becomes part of the program, so commit both files.
floor-sign: build ## prove changed policies and sign the proof; commit policies/floor/bundle.json and proof.pub
	'$(CHENGDANG)' floor prove --public-key policies/floor/proof.pub

# Without `export CARGO_TARGET_DIR`: the instrumented build lies apart.
fuzz-short: ## 10^5 executions of each fuzz target, guided by coverage
	SEED=1 HANG_S=20 fuzz/run.sh 100000

fuzz: ## 10^7 executions of each fuzz target; SECONDS_MAX=n bounds each by time as well
	fuzz/run.sh 10000000

# The long runs. Each part prints its seed, its figures, its duration and what it skipped; CHENGDANG_TEST_SEED repeats it.
# A part that fails does not keep the others from running.
soak: ## the long runs below, a few hours; SECONDS_MAX=n bounds each part by time as well
	+$(MAKE) --keep-going --no-print-directory soak-kept soak-kills soak-cells soak-simulation soak-postgres soak-disk soak-log fuzz

SOAK := $(if $(SECONDS_MAX),CHENGDANG_SOAK_S=$(SECONDS_MAX)) CHENGDANG_SOAK=1
# Test binary, tests, counts. A name that no test has any more is no run that passed.
SOAK_TEST = cargo test $(ALL) --test $(1) $(2) -- --list | grep -c ': test$$' >/dev/null || { echo 'no test of $(1) is called $(2)' >&2; exit 1; }; $(SOAK) $(3) cargo test $(ALL) --test $(1) $(2) -- --nocapture --test-threads 1

soak-kept: ## 10^7 random requests: kept answers, sets by action and one set of all policies say the same
	$(call SOAK_TEST,it,kept::,ANSWERS=10000000)

soak-kills: ## 1,000 kills of an intake on each store
	$(call SOAK_TEST,it,kill::,KILLS=1000 KILL_ROWS=600)

soak-cells: ## each call of the store fails in each way within each operation, on both stores
	$(call SOAK_TEST,app,faults::every_step)

soak-simulation: ## 500 random courses of 200 operations against the model, on each store
	$(call SOAK_TEST,app,faults::simulation,CHENGDANG_SIM_SEEDS=500 CHENGDANG_SIM_OPS=200)

soak-postgres: ## 200 faults of a database under an intake, 60 fail-overs, 100 losses of its power, a line cut at each message
	$(call SOAK_TEST,it,database::,DATABASE_FAULTS=200 FAILOVERS=60 SERVER_CRASH_POINTS=100)
	$(call SOAK_TEST,app,faults::line)

# Needs root and /dev/fuse, as the short run in `make unit` does.
soak-disk: ## 2,000 losses of power and 500 failing calls during an intake, on a disk that forgets what was not synced
	$(call SOAK_TEST,it,disk::,CRASH_POINTS=2000 DISK_FAULTS=500)

soak-log: ## each byte of each tile of a log of 300 entries changed by itself
	$(call SOAK_TEST,app,log::damage)

browser: build tests/browser/node_modules/.package-lock.json ## tests in a real Chromium against the real binary
	cd tests/browser && CHENGDANG='$(CHENGDANG)' npm test

tests/browser/node_modules/.package-lock.json: tests/browser/package.json tests/browser/package-lock.json
	cd tests/browser && npm ci --no-audit --no-fund
	touch $@

bench: ## one report of a release build; QUICK=1 for the short run
	cargo build --locked --release -p chengdang --bins --example bench
	'$(CARGO_TARGET_DIR)/release/examples/bench' $(if $(QUICK),--quick)

growth: ## how the rate of an intake changes from 10^5 to 10^7 rows, on each store beside COPY; half an hour and 50 GB
	cargo build --locked --release -p chengdang --bins --example bench
	for store in sqlite postgresql; do '$(CARGO_TARGET_DIR)/release/examples/bench' --only growth --store $$store --rows 10000000; done

clean-data: ## forget the demo city
	rm -rf -- '$(DATA)'
