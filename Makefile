# Everything that a developer of Gatehouse does, by name. The longer ones live in scripts/.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME ?= 30s
BENCHTIME ?= 2s
WORKERS ?= 16
BENCH ?= .
TIMES ?= 1
ONLY ?=
SOAK ?= 20m
SIZES ?= 1000,100000,5000000

.PHONY: help
help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## start the demo: server, sample host app and mini app, people to sign in as
	@scripts/require go cc
	go run ./cmd/gatehouse demo

.PHONY: build
build: ## build bin/gatehouse
	@scripts/require go cc
	go build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/gatehouse ./cmd/gatehouse

.PHONY: test
test: ## run every test, on SQLite and PostgreSQL and in a browser; installs what they need where it may
	@scripts/test

.PHONY: test-faults
test-faults: ## run the tests of faults in their long versions (TIMES=1; PATTERN=Disk: these alone)
	@scripts/test-faults $(TIMES) '$(PATTERN)'

.PHONY: check
check: ## gofmt, go vet, staticcheck, import arrows, generated files
	@scripts/check

.PHONY: bench
bench: ## measure the server through HTTP (BENCH=Lists: these alone; BENCHTIME=2s, WORKERS=16 clients at a time)
	@scripts/prepare postgresql
	@GATEHOUSE_BENCH_WORKERS=$(WORKERS) scripts/with-postgresql -durable \
	  go test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -timeout 40m ./cmd/gatehouse

.PHONY: bench-report
bench-report: ## measure beside the smallest honest programs and write docs/performance.md, an hour (ONLY=ratios: one part of it)
	@scripts/require go cc
	@scripts/prepare postgresql
	@scripts/with-postgresql -durable go run ./internal/bench -only '$(ONLY)' -soak $(SOAK) -sizes $(SIZES)

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (30s)
	@scripts/fuzz $(FUZZTIME)

.PHONY: clean
clean: ## remove what make has built
	rm -rf bin dist test-results testdata/browser/node_modules testdata/browser/results
