# Every target installs what it needs first (scripts/setup) and does nothing for what is there already.

TOOLS := $(or $(ISOSOCKET_TOOLS),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/isosocket)
export PATH := $(TOOLS)/bin:$(PATH)
export WASM_BINDGEN_TEST_TIMEOUT ?= 60

SETUP := scripts/setup
PORT ?= 8080

# Crates that exist for wasm32 only; everything else is checked and tested natively. The tests against other software are
# a suite of their own, for they need that software.
WASM_CRATES := ws-wasm isosocket-browser isosocket-engine isosocket-probe isosocket-www
# What the facade has beyond the interface, on both targets.
FACADE := --features isosocket/json,isosocket/msgpack,isosocket/js-values,isosocket/send
NATIVE := --workspace $(WASM_CRATES:%=--exclude %) --exclude ws-interop \
  $(FACADE) --features isosocket/cli,isosocket/http2,isosocket/webpki-roots,ws-native/axum,ws-native/blocking,ws-native/hyper
WASM := --target wasm32-unknown-unknown
# A file of tests may take ten minutes: where an event never comes, it fails.
NODE_TEST := node --test --test-timeout=600000
# Where cargo builds, as a whole path: some of it is called in other folders. Not by abspath and dir, for there may be spaces in
# it, and they take each word for a path.
TARGET_DIR := $(if $(filter /%,$(firstword $(CARGO_TARGET_DIR))),$(CARGO_TARGET_DIR),$(CURDIR)/$(or $(CARGO_TARGET_DIR),target))
# Where the program with threads is built.
THREADS := $(TARGET_DIR)/threads

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- running and building ----

.PHONY: run
run: page ## build all, serve the workbench and an echo endpoint (PORT=8080)
	cargo run --release --features cli --bin isosocket -- serve --dir www/dist --port $(PORT)

# Trunk calls the wasm-bindgen of the tools' folder, which is first on the path.
# The chats are a workspace of their own; what it has in common with the project is built once.
chat chat-pages test-front lint-front: override export CARGO_TARGET_DIR := $(TARGET_DIR)

.PHONY: chat chat-pages
chat: chat-pages ## build the example chats, and serve them on http://127.0.0.1:8081
	cd examples/chat && cargo run --locked --package chat-server

chat-pages: setup-build
	@$(SETUP) trunk
	cd examples/chat && for framework in yew leptos; do trunk build --config $$framework || exit 1; done

.PHONY: js
js: setup-build ## build the npm package into js/dist
	npm run --silent build --prefix js

.PHONY: page
page: js ## build the workbench page into www/dist
	npm run --silent build --prefix www

.PHONY: setup setup-build
setup: ## install everything that building and testing need
	@$(SETUP) all

setup-build:
	@$(SETUP) wasm wasm-bindgen js

# ---- testing ----

.PHONY: test
test: ## run every suite and count what passed (WITHOUT=test-interop leaves that one out)
	@scripts/run-suites $(filter-out $(WITHOUT),test-native test-interop test-browser test-threads test-js test-bundlers \
	  test-suite test-page test-front)

.PHONY: test-native
test-native: ## unit, integration and documentation tests of the native crates
	if cargo nextest --version >/dev/null 2>&1; then \
	  cargo nextest run $(NATIVE); \
	else \
	  cargo test $(NATIVE) --lib --bins --tests --examples; \
	fi
	cargo test --package ws-native --no-default-features --features blocking --test blocking
	cargo test $(NATIVE) --doc

.PHONY: test-interop
test-interop: ## ws-native against nginx, HAProxy, Caddy, Squid, SOCKS5, other libraries and, for which it has to be root, a network that loses packets
	@$(SETUP) interop
	if cargo nextest --version >/dev/null 2>&1; then \
	  cargo nextest run --package ws-interop; \
	else \
	  cargo test --package ws-interop --tests; \
	fi

.PHONY: test-browser
test-browser: ## the tests of the facade and of ws-wasm in Chromium and Firefox
	@$(SETUP) wasm tools browsers
	tests/browser/with-server tests/browser/in-both . --package isosocket $(FACADE) + ws-wasm

.PHONY: test-threads
test-threads: ## a program with threads in Chromium and Firefox, with a nightly toolchain
	@$(SETUP) threads wasm-bindgen node geckodriver browsers
	ws-wasm/tests/threads/build "$(THREADS)/page"
	ISOSOCKET_THREADS="$(THREADS)/page" tests/browser/with-server $(NODE_TEST) ws-wasm/tests/threads/*.test.mjs

.PHONY: test-js
test-js: js ## the npm package under Node, Deno, Bun and workerd, in Chromium and in Firefox
	@$(SETUP) node geckodriver browsers
	cargo build --quiet --profile quick --package ws-test-server
	npm test --silent --prefix js

.PHONY: test-bundlers
test-bundlers: js ## the npm package in pages built by Vite, webpack, esbuild, Rollup and Next, and what it costs them
	@$(SETUP) node geckodriver browsers
	npm test --silent --prefix js/examples

# The hosts in which the conformance suite runs.
SUITE_HOSTS ?= node,deno,bun,chromium,firefox,quickjs,boa
WORKERS := --package ws-native --features worker-example,worker-boa-example --example worker --example worker_boa

.PHONY: test-suite
test-suite: js ## the conformance suite in Node, Deno, Bun, Chromium, Firefox, QuickJS and Boa: the same verdicts (SUITE_HOSTS=node,boa)
	@$(SETUP) node geckodriver browsers
	cargo build --quiet --profile quick --package ws-test-server
	cargo build --profile quick $(WORKERS)
	node tests/suite/run.mjs --host $(SUITE_HOSTS)
	$(NODE_TEST) ws-native/examples/worker/glue/test/*.test.mjs tests/suite/worker.test.mjs

.PHONY: workers
workers: ## the example workers, with QuickJS and with Boa, into target/release/examples
	cargo build --release $(WORKERS)

.PHONY: test-page
test-page: page ## the workbench in Chromium and Firefox
	@$(SETUP) node geckodriver browsers
	npm test --silent --prefix tests/browser

.PHONY: test-front
test-front: chat-pages ## the hooks for Yew and Leptos, and the example chats with them, in Chromium and Firefox
	@$(SETUP) node tools browsers
	cargo test --package isosocket --features leptos,yew --doc -- component leptos yew
	cd examples/chat && cargo test --locked --package chat-message --package chat-leptos \
	  --no-default-features --features chat-leptos/ssr
	cd examples/chat && cargo build --locked --package chat-server
	tests/browser/with-server tests/browser/in-both \
	  examples/chat/yew --locked --test hook + examples/chat/leptos --locked --test hook
	$(NODE_TEST) --test-concurrency=1 tests/browser/chat/

.PHONY: conformance conformance-quick
conformance: ## the Autobahn test suite against our server and our client (15 minutes)
	@$(SETUP) autobahn
	@tests/autobahn/run --role server $(AUTOBAHN) & server=$$!; \
	tests/autobahn/run --role client $(AUTOBAHN); client=$$?; \
	wait $$server && exit $$client

conformance-quick: ## the same without its slow cases (2 minutes)
	@$(MAKE) --no-print-directory conformance AUTOBAHN=--quick

# ---- measuring ----

.PHONY: bench
bench: ## ws-native side by side with other crates: BENCH="memory tcp idle deflate --quick"
	cargo run --release --manifest-path ws-native/benches/Cargo.toml -- $(BENCH)

.PHONY: size size-ours
size: setup-build ## what a socket adds to a page, beside other crates
	node ws-wasm/benches/size.mjs

size-ours: setup-build ## the same for ours alone, which must not grow
	node ws-wasm/benches/size.mjs --ours

.PHONY: bench-web
bench-web: setup-build ## ws-wasm side by side with other crates in Chromium and Firefox: BENCH="--rounds 3 --browser firefox"
	@$(SETUP) node geckodriver browsers
	cargo build --quiet --release --package ws-test-server
	node ws-wasm/benches/speed.mjs $(BENCH)

.PHONY: bench-js
bench-js: js ## the npm package side by side with ws and undici: BENCH="--rounds 3"
	@$(SETUP) node
	node js/bench/run.mjs $(BENCH)

# ---- fuzzing ----

FUZZ_SECONDS ?= 30

.PHONY: fuzz
fuzz: override export CARGO_TARGET_DIR := $(TARGET_DIR)/fuzz
fuzz: ## each fuzz target for FUZZ_SECONDS (30), two at a time, with a nightly toolchain
	@$(SETUP) fuzz
	cargo +nightly fuzz build --fuzz-dir ws-native/fuzz
	printf '%s\n' client server handshake pair | xargs -P 2 -I TARGET sh -c 'mkdir -p ws-native/fuzz/corpus/TARGET && \
	  cargo +nightly fuzz run --fuzz-dir ws-native/fuzz TARGET ws-native/fuzz/corpus/TARGET ws-native/fuzz/seeds/TARGET \
	  -- -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=1024 || exit 255'

.PHONY: miri
miri: override export CARGO_TARGET_DIR := $(TARGET_DIR)/miri
miri: export RUSTFLAGS := -C target-feature=+avx2
miri: ## what is unsafe, and what stands on it, under Miri, with a nightly toolchain
	@$(SETUP) miri
	printf '%s\n' proto::incoming proto::mask proto::utf8 | xargs -P 2 -I PART \
	  cargo +nightly miri test --package ws-native --lib -- PART --skip a_large_message

# ---- checking ----

.PHONY: lint lint-front
lint: js lint-front size-ours ## formatting, clippy, documentation and the wasm32 builds, without a warning; the size of ours
	cargo fmt --all --check
	cargo clippy $(NATIVE) --all-targets -- -D warnings
	cargo clippy --package ws-interop --all-targets -- -D warnings
	cargo clippy --package ws-native --no-default-features --features blocking --lib --test blocking --example blocking_client -- -D warnings
	cargo clippy $(WORKERS) -- -D warnings
	cargo clippy $(WASM) --package isosocket $(FACADE) $(WASM_CRATES:%=--package %) --all-targets -- -D warnings
	cargo clippy $(WASM) --package ws-core -- -D warnings
	cargo clippy $(WASM) --manifest-path ws-wasm/tests/threads/Cargo.toml --target-dir "$(THREADS)" -- -D warnings
	cargo fmt --manifest-path ws-wasm/tests/threads/Cargo.toml --check
	cargo clippy $(WASM) --package ws-native --no-default-features -- -D warnings
	cargo clippy --package ws-native -- -D warnings
	cargo clippy --package ws-native --no-default-features --features tokio -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc $(NATIVE) --no-deps
	RUSTDOCFLAGS="-D warnings" cargo doc $(WASM) $(FACADE) --package ws-wasm --package isosocket --no-deps
	scripts/compare-api "$(TARGET_DIR)/doc/isosocket" "$(TARGET_DIR)/wasm32-unknown-unknown/doc/isosocket"
	npm run --silent check --prefix js

lint-front: setup-build
	cargo clippy $(WASM) --package isosocket --features leptos,yew -- -D warnings
	cargo clippy --package isosocket --features leptos,yew -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --package isosocket --features leptos,yew --no-deps
	cd examples/chat && cargo fmt --all --check
	cd examples/chat && cargo clippy --locked $(WASM) --workspace --exclude chat-server --all-targets -- -D warnings
	cd examples/chat && cargo clippy --locked --workspace --exclude chat-yew --all-targets \
	  --no-default-features --features chat-leptos/ssr -- -D warnings

.PHONY: msrv
msrv: ## the native libraries and the command line program with the oldest Rust that they may ask for
	@$(SETUP) msrv
	rust=$$(sed -n 's/^rust-version = "\(.*\)"$$/\1/p' Cargo.toml) && \
	cargo +$$rust check --locked --package ws-core --all-features && \
	cargo +$$rust check --locked --package ws-native --features axum,blocking,http2,webpki-roots && \
	cargo +$$rust check --locked --package isosocket --features cli,json,msgpack,send

.PHONY: package
package: js ## the crates as they would be published, built from their archives; the npm package
	cargo publish --workspace --dry-run --locked
	cd js && npm pack --dry-run --ignore-scripts

.PHONY: deny
deny: ## licences, sources and who may depend on whom
	@$(SETUP) deny
	cargo deny --workspace --exclude leptos --exclude yew check bans
	cargo deny --workspace check licenses sources
