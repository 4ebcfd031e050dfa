#!/bin/bash
# Runs the tests whose names match a pattern at full length, again and again:
#
#   scripts/full.sh NAME PATTERN COUNT
#
# The same tests run in `make test`, once and short.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1 pattern=$2 count=$3

found=$(go test -list "$pattern" ./... | grep -c '^Test') || {
	echo "make $name: no test matches $pattern" >&2
	exit 1
}
echo "make $name: $found tests, $count times each, GUICHET_FULL=1"
GUICHET_FULL=1 go test -race -shuffle=on -timeout 4h -count "$count" -run "$pattern" ./...
echo "make $name: all passed"
