#!/bin/bash
# Looks at the code without running it. Every check runs; the last line names
# those that found something.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

tool() { go tool -modfile=tools/go.mod "$@"; }

failed=
check() { # NAME COMMAND…
	local name=$1
	shift
	echo "== $name"
	"$@" || failed="$failed $name"
}

formatted() {
	local found
	found=$(gofmt -l .) && [ -z "$found" ] || {
		echo "$found"
		return 1
	}
}

vulnerabilities() {
	local database=${VULNDB:-$PWD/../shared/vulndb}
	if [ -d "$database" ]; then
		tool govulncheck -db "file://$(cd "$database" && pwd)" ./...
	else
		tool govulncheck ./...
	fi
}

# What looks like a secret, in files that are, or may come to be, committed. The
# place is printed, never the value.
secrets() {
	local found
	found=$(git ls-files -z --cached --others --exclude-standard |
		grep -zvE '^(go\.sum|tools/go\.sum|scripts/check\.sh)$' |
		xargs -0 -r grep -nIE \
			-e '-----BEGIN ([A-Z]+ )?PRIVATE KEY-----' \
			-e 'AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[baprs]-[A-Za-z0-9-]{10}' \
			-e 'eyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.' \
			-e 'postgres(ql)?://[A-Za-z_]+:[^@/$%{" ]{8,}@' \
			-e 'AGE-SECRET-KEY-1[A-Z0-9]{20}' |
		cut -d: -f1,2)
	[ -z "$found" ] || {
		echo "looks like a secret:"
		echo "$found"
		return 1
	}
}

check format formatted
check vet go vet ./...
check modules go mod verify
check staticcheck tool staticcheck ./...
check gosec tool gosec -quiet -exclude-generated -exclude-dir=bench/tessera ./...
check vulnerabilities vulnerabilities
check secrets secrets

if [ -n "$failed" ]; then
	echo "make check: FAILED:$failed"
	exit 1
fi
echo "make check: all good"
