#!/bin/sh
# Installs what is missing to build, run and test Guichet on Debian 12. It first
# looks what is missing, and needs no privilege when nothing is.
#
#   scripts/install.sh run     what `make run` needs
#   scripts/install.sh test    what `make test` needs besides
set -eu

purpose=${1:-run}
case $purpose in
run | test) ;;
*)
	echo "usage: scripts/install.sh run|test" >&2
	exit 2
	;;
esac

fail() {
	echo "install: $*" >&2
	exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# --- What no package of Debian 12 brings.

has go || fail "Go is missing: install Go 1.26 or later from https://go.dev/dl/ and put it on the PATH."
version=$(go env GOVERSION 2>/dev/null) || fail "Go does not run here: $(go version 2>&1 | tail -n 1)"
minor=$(echo "$version" | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
[ "${minor:-0}" -ge 26 ] || fail "$version is too old: install Go 1.26 or later from https://go.dev/dl/."

# --- What packages bring.

missing=
need() { missing="$missing $1"; }

has_server() {
	for bin in /usr/lib/postgresql/*/bin; do
		[ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] && [ -x "$bin/psql" ] && return 0
	done
	return 1
}

has_server || need postgresql
if [ "$purpose" = test ]; then
	has gcc || has cc || need "gcc libc6-dev" # the race detector
	has chromium || need chromium
	has node && has npm || need "nodejs npm"
fi

if [ -n "$missing" ]; then
	command="apt-get install --no-install-recommends$missing"
	has apt-get || fail "missing:$missing, and there is no apt-get to install with."
	# Prints nothing and fails where privilege is lacking.
	if [ "$(id -u)" -eq 0 ]; then
		as_root=
	elif has sudo && sudo -n true 2>/dev/null; then
		as_root="sudo -n"
	else
		fail "missing:$missing, which you may not install: run \"$command\" as root, then try again."
	fi
	echo "install:$missing" >&2
	# The package must not make and start a server of the system's own. An
	# administrator's file is put back as it was.
	settings=/etc/postgresql-common/createcluster.conf
	case $missing in
	*postgresql*)
		$as_root mkdir -p /etc/postgresql-common
		if [ -e $settings ]; then
			$as_root cp -p $settings $settings.guichet
			trap '$as_root mv $settings.guichet $settings' EXIT
		fi
		echo "create_main_cluster = false" | $as_root tee -a $settings >/dev/null
		;;
	esac
	fetch() {
		# shellcheck disable=SC2086 # a list of packages, and a prefix that may be empty
		$as_root env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 apt-get install -y -qq --no-install-recommends \
			-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold $missing >/dev/null
	}
	if ! fetch 2>/dev/null; then
		# shellcheck disable=SC2086
		$as_root apt-get update -qq || fail "apt-get update failed: check the network and the sources, then run \"$command\" as root."
		fetch || fail "\"$command\" failed: run it as root to see why."
	fi
	has_server || fail "PostgreSQL is still missing after \"$command\"."
fi

# The browser's driver with the accessibility checks, and the certified OpenID
# provider that auth signs in at, pinned by their lock files.
if [ "$purpose" = test ]; then
	for folder in e2e/browser auth/testdata/certified; do
		[ -e $folder/package-lock.json ] || continue
		wanted=$(cksum <$folder/package-lock.json)
		if [ "$(cat $folder/node_modules/.installed 2>/dev/null)" != "$wanted" ]; then
			npm ci --silent --no-audit --no-fund --prefix $folder || fail "\"npm ci --prefix $folder\" failed: run it to see why."
			echo "$wanted" >$folder/node_modules/.installed
		fi
	done
fi
