# Each target is a few lines that a person could type. tools/step.sh says what runs and how long it took.

SHELL := bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

step     := tools/step.sh
postgres := tools/with-postgres.sh
# The wasm entry turns on what the server must not have, so it is built by itself.
native   := --workspace --exclude frontend --features app/ssr

.PHONY: help run build test ci check e2e bench fuzz fmt sqlx-prepare clean \
	install-build install-test fmt-check lint unit integration sqlx-fresh extras

help: ## this list
	@echo "Tributary. make ..."
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1#\2/p' $(MAKEFILE_LIST) | column -t -s '#'

run: build ## build what changed and start the server (options: make run ARGS="...")
	@exec target/release/tributary $(ARGS)

build: install-build ## the release server target/release/tributary and the site it serves
	@$(step) "release build" cargo leptos build --release --precompress

test: install-build install-test fmt-check lint sqlx-fresh unit integration build e2e ## everything CI runs
	@echo "-- test: all ok"

ci: test ## the same

check: fmt-check lint sqlx-fresh extras ## formatting, lints, generated files, dependencies; no tests

e2e: install-test build ## the pages in a real browser
	@$(step) "end-to-end tests" $(postgres) npm --prefix end2end test

bench: build ## speed, as ratios to the bare database (BENCH_ROWS=10000000 for more)
	@$(step) "benchmark program" cargo build --release -p bench
	@$(step) "benchmarks" env TRIBUTARY_DURABLE=1 $(postgres) target/release/bench

fuzz: ## the parsers against bytes of nobody's making, a minute each (FUZZ_SECONDS=600 for longer)
	@$(step) "install for fuzzing" tools/install.sh fuzz
	@tools/fuzz.sh

fmt: ## format the Rust code
	@$(step) "format" cargo fmt --all

sqlx-prepare: ## write .sqlx again, after a change of SQL or of the migrations
	@$(step) "sqlx-prepare" tools/sqlx-prepare.sh

clean: ## remove what was built here; tools stay in ~/.cargo/bin and ~/.cache/tributary
	cargo clean
	rm -rf end2end/node_modules end2end/test-results end2end/playwright-report

# ---- steps of the targets above

install-build: ## what a build needs and is missing
	@$(step) "install for the build" tools/install.sh build

install-test: ## what the tests need and is missing
	@$(step) "install for the tests" tools/install.sh test

fmt-check:
	@$(step) "formatting" cargo fmt --all --check

lint: ## clippy, for the server and for wasm
	@$(step) "lints, native" cargo clippy $(native) --all-targets -- -D warnings
	@$(step) "lints, wasm" cargo clippy -p frontend --target wasm32-unknown-unknown -- -D warnings

sqlx-fresh: ## is .sqlx what the SQL and the migrations say?
	@$(step) "sqlx freshness" tools/sqlx-prepare.sh --check

unit: ## the rules of the business: seconds, no database
	@$(step) "domain tests" cargo test -p domain

integration: ## store, app and HTTP tests on a throw-away PostgreSQL
	@$(step) "store, app and HTTP tests" $(postgres) cargo test $(native) --exclude domain

extras:
	@tools/install.sh check
	@$(step) "dependencies, rules" tools/if-present.sh cargo-deny cargo deny check
	@$(step) "dependencies, unused" tools/if-present.sh cargo-machete cargo machete
