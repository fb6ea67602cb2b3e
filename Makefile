# The verbs a builder needs. Each sets up what it needs by itself.
#
#   make run      build everything and run the demo in the foreground
#   make listeners   the same with event listeners in sh, Python and Go
#   make test     everything that can be tested, as CI does
#   make build    the four programs into bin/
#   make web      the page into webui/dist/
#   make dev      the demo, and the page with live reload beside it
#   make gen      what is generated from other files
#   make check    fast: format, vet, lint, types, unit tests
#   make compat   side by side with the original
#   make soak     fifty clients at once, for a minute, twice
#   make fuzz     what is read from outside, FUZZTIME each (5m)
#   make e2e      the real programs in a real browser
#   make screenshots   pictures of the page into artifacts/gallery/
#   make scan     known vulnerabilities in what all this is made of
#   make bench    speed and size, as ratios against the original
#   make bench-live  how soon changes are told to fifty clients
#   make bench-ui what the page costs, beside what it may cost

SHELL       := /bin/sh
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1.0)
LDFLAGS     := -s -w -X main.version=$(VERSION)
GO_SOURCES  := $(shell find . -name node_modules -prune -o \( -name '*.go' -o -path './cmd/*.conf' -not -path '*/testdata/*' \) -print) go.mod go.sum
WEB_SOURCES := $(shell find webui/src webui/public webui/index.html webui/offline.html -type f 2>/dev/null) package-lock.json vite.config.ts
PROGRAMS    := supervisord supervisorctl pidproxy echo_supervisord_conf
BINARIES    := $(PROGRAMS:%=bin/%)
NEED        := packaging/need.sh
TARGETS     := linux/amd64 linux/arm64 darwin/arm64 freebsd/amd64 solaris/amd64 illumos/amd64

.DEFAULT_GOAL := build
.PHONY: run listeners test build web dev gen check compat soak fuzz bench bench-live bench-ui gates-ui e2e screenshots race scan cross clean always

run: build
	@echo "The demo is at http://127.0.0.1:9001/ (stop it with Ctrl-C)"
	@exec bin/supervisord -n -c examples/demo/supervisord.conf

listeners: build bin/httpcheck
	@echo "Three listeners are at http://127.0.0.1:9001/ (stop them with Ctrl-C)"
	@exec bin/supervisord -n -c examples/listeners/supervisord.conf

build: $(BINARIES)

# Written anew only when the version is another, so that binaries tell the truth.
bin/.version: always
	@mkdir -p bin
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' > $@

bin/%: $(GO_SOURCES) webui/dist/index.html bin/.version
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/$*

bin/httpcheck: $(GO_SOURCES) bin/.version
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $@ ./examples/listeners/httpcheck

web: webui/dist/index.html

webui/dist/index.html: node_modules/.installed $(WEB_SOURCES)
	npm run --silent build

node_modules/.installed: package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

dev: build node_modules/.installed
	@bin/supervisord -n -s -c examples/demo/supervisord.conf & daemon=$$!; \
	trap 'kill $$daemon; wait $$daemon' INT TERM EXIT; npm run --silent dev

gen:
	go run ./cmd/wirets
	go run ./cmd/manpages

# Fast enough to run before each commit.
check: node_modules/.installed
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo 'not gofmt-ed:'; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	go vet -tags compat ./cmd/...
	go tool staticcheck ./...
	npm run --silent lint
	npm run --silent typecheck
	go test ./...
	npm run --silent test

# All of Go's tests with the race detector, for which a C compiler is needed.
race:
	$(NEED) supervisord=supervisor gcc=gcc
	CGO_ENABLED=1 go test -race ./...

test: check race cross scan compat e2e gates-ui

compat: build
	$(NEED) supervisord=supervisor zsh=zsh fish=fish
	SUPERVISOR_E2E_DAEMON=both go test -tags compat -count=1 -parallel 6 -timeout 30m ./cmd/internal/e2e ./cmd/pidproxy ./cmd/echo_supervisord_conf

# Part of compat for ten seconds; here for a minute, and with the race detector.
SOAK := SUPERVISOR_SOAK=60s go test -tags compat -count=1 -v -run FiftyClients ./cmd/internal/e2e
soak: build
	$(NEED) supervisord=supervisor gcc=gcc
	$(SOAK)
	SUPERVISOR_SOAK_RACE=1 $(SOAK)

e2e: build node_modules/.installed
	$(NEED) chromium=chromium
	npm run --silent e2e

# Six pages, two sizes, two themes, and a film. KEEP=--keep puts those that the
# documents show into docs/pictures.
screenshots: build node_modules/.installed
	$(NEED) chromium=chromium
	npm run --silent gallery -- $(KEEP)

# Each target for a while; go test -fuzz takes one at a time.
FUZZTIME ?= 5m
FUZZED   := ./server/rpc/FuzzDecode ./server/rpc/FuzzDecodeIsTheOriginals ./supervise/config/FuzzINI ./supervise/config/FuzzExpand \
            ./supervise/config/FuzzEnvironment ./supervise/config/FuzzSplit ./supervise/config/FuzzRulesAreTheOriginals \
            ./supervise/listener/FuzzReader
fuzz:
	$(NEED) supervisord=supervisor
	@for target in $(FUZZED); do \
		echo "fuzz $$target for $(FUZZTIME)"; \
		go test -run xxx -fuzz "$${target##*/}\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $${target%/*} || exit 1; \
	done

# How soon fifty clients hear of a change, alone and beside one that does not read.
bench-live: build
	go run ./bench/live

bench: build
	$(NEED) supervisord=supervisor
	go run ./bench

# A table of all of them, about four minutes on a machine that does nothing else.
bench-ui: build node_modules/.installed
	$(NEED) chromium=chromium
	npm run --silent bench-ui

# What fails in it and holds on a machine that is shared: bytes, nodes, heap, thread time.
gates-ui: build node_modules/.installed
	$(NEED) chromium=chromium
	npm run --silent bench-ui -- --gates

# Fails on a finding; says what could not be checked, and goes on.
scan: webui/dist/index.html
	packaging/scan.sh

# Every system we build for, without a C compiler.
cross: webui/dist/index.html
	@for target in $(TARGETS); do \
		echo "build for $$target"; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build -o /dev/null ./... || exit 1; \
	done

clean:
	rm -rf bin webui/dist/assets webui/dist/*.html artifacts
