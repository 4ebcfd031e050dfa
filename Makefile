# Guichet. `make run` brings the whole system up on this machine; `make test`
# runs all tests. Both install what is missing, where they may.

.PHONY: run build test bench faults attack check shots install clean

# Of the demo, as in: make run DIR=var/other PORT=18443 FRESH=1
DIR ?= var/demo
PORT ?= 8443
FRESH ?=

# How often `make faults` and `make attack` repeat.
COUNT ?= 20

# Git refuses to name the version of a clone that belongs to somebody else; Go
# would refuse to build with it.
BUILD_FLAGS := -trimpath $(shell git rev-parse HEAD >/dev/null 2>&1 || echo -buildvcs=false)

# One plain command, so that make itself hands SIGTERM on to the demo.
run: install build
	@bin/guichet demo --dir $(DIR) --port $(PORT) $(if $(FRESH),--fresh)

build:
	go build $(BUILD_FLAGS) -o bin/ ./cmd/guichet ./cmd/idpsim
	go build $(BUILD_FLAGS) -tags no_fs_access -o bin/ ./cmd/waf # the rule engine cannot write files at all (DT5)

install:
	@scripts/install.sh run

test:
	@scripts/install.sh test
	@scripts/test.sh

bench: install
	@go run ./bench

faults: install
	@scripts/full.sh faults 'Kill|Dies|Crash|Survives|Fault' $(COUNT)

attack: install
	@scripts/full.sh attack 'Attack' $(COUNT)

# A picture of every page, by role, width and mode, into shots/, and axe-core on
# each of them.
shots:
	@scripts/install.sh test
	GUICHET_SHOTS=1 go test -v -count=1 -run TestShots ./e2e
	GUICHET_FULL=1 GUICHET_BROWSER=appearance go test -v -count=1 -timeout 40m -run 'TestBrowser$$' ./e2e

check:
	@scripts/check.sh

clean:
	rm -rf bin
