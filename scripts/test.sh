#!/bin/bash
# Everything that `make test` runs once nothing is missing: format, vet, and all
# tests under the race detector in random order. The last line says what came
# of it.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

begun=$SECONDS
finish() { # WHAT STATUS
	echo "make test: $1, in $((SECONDS - begun)) s"
	exit "$2"
}

unformatted=$(gofmt -l .) || finish "gofmt FAILED" 1
if [ -n "$unformatted" ]; then
	echo "not formatted (run gofmt -w):"
	echo "$unformatted"
	finish "FAILED at format" 1
fi
go vet ./... || finish "FAILED at vet" 1

# The whole collection of published FHIR; the race detector has a part of it.
go test -count=1 -run Published ./intake/fhir || finish "FAILED at the published FHIR" 1

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
go test -race -shuffle=on -timeout 40m "$@" ./... 2>&1 | tee "$log"
status=$?
passed=$(grep -c '^ok ' "$log")
failed=$(grep -c '^FAIL	' "$log")
if [ "$status" -ne 0 ]; then
	finish "$failed packages FAILED, $passed passed" 1
fi
finish "all $passed packages passed with the race detector, short repetitions (make faults and make attack are the long ones)" 0
