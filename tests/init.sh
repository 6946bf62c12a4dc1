# Sourced by every test script: TAP output, clean-up, memory cgroups, skips.
# $srcdir and $builddir are the top of the source and of the build tree.
: "${srcdir:=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}" "${builddir:=$srcdir}"
. "$srcdir/tests/memcg.sh"
set -u
tap_count=0 tap_failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/oomtools-test.XXXXXX")
cleanups=()

at_exit() { # COMMAND...: run it when the test ends, last one first
	cleanups=("$(printf '%q ' "$@")" "${cleanups[@]}")
}
finish() {
	local status=$? command
	trap - EXIT
	for command in "${cleanups[@]}"; do eval "$command" >&2; done
	rm -rf "$tmp"
	echo "1..$tap_count"
	[ "$status" = 0 ] && [ "$tap_failed" -gt 0 ] && status=1
	exit "$status"
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

ok() { # DESCRIPTION STATUS: a test point; STATUS 0 is success
	tap_count=$((tap_count + 1))
	if [ "$2" = 0 ]; then
		echo "ok $tap_count - $1"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $1"
	fi
}
check() { # DESCRIPTION COMMAND...: a test point; the command's output goes to the log
	local description=$1
	shift
	"$@" >&2
	ok "$description" $?
}
equal() { # DESCRIPTION GOT WANT
	[ "$2" = "$3" ] || printf '# got:  %s\n# want: %s\n' "$2" "$3"
	[ "$2" = "$3" ]
	ok "$1" $?
}
matches() { # DESCRIPTION TEXT EXTENDED-REGEX
	[[ $2 =~ $3 ]]
	local status=$?
	[ $status = 0 ] || printf '# got:  %s\n# want: %s\n' "${2//$'\n'/$'\n# '}" "$3"
	ok "$1" $status
}
skip() { # REASON: this test point cannot run here; with REQUIRE_LIVE=1 that is a failure
	tap_count=$((tap_count + 1))
	if [ "${REQUIRE_LIVE-}" = 1 ]; then
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - must run here, but: $1"
	else
		echo "ok $tap_count # SKIP $1"
	fi
}
skip_all() { # REASON: nothing of this script can run here
	skip "$1"
	exit 0
}

wait_for() { # SECONDS COMMAND...: until the command succeeds
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

require_root() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
}
