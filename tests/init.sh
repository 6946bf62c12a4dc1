# Sourced by every test script: TAP output, clean-up, memory cgroups, skips.
# $srcdir and $builddir are the top of the source and of the build tree.
: "${srcdir:=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}" "${builddir:=$srcdir}"
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

# memcg_make NAME BYTES: a memory cgroup below our own with that limit; prints its directory.
memcg_make() {
	local dir
	dir=$(memcg_own)/oomtools-$$-$1 || return
	mkdir "$dir" || return
	if [ -e "$dir/memory.limit_in_bytes" ]; then
		echo "$2" >"$dir/memory.limit_in_bytes"
		[ ! -e "$dir/memory.memsw.limit_in_bytes" ] || echo "$2" >"$dir/memory.memsw.limit_in_bytes"
	else
		echo "$2" >"$dir/memory.max"
		[ ! -e "$dir/memory.swap.max" ] || echo 0 >"$dir/memory.swap.max"
	fi
	echo "$dir"
}
# memcg_own: the directory of our own memory cgroup (v1 hierarchy, or the v2 root where we run in it).
memcg_own() {
	local path
	if [ -d /sys/fs/cgroup/memory ]; then
		path=$(awk -F: '$2 == "memory" { print $3 }' /proc/self/cgroup)
		echo "/sys/fs/cgroup/memory${path%/}"
	elif grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
		path=$(awk -F: '$1 == 0 { print $3 }' /proc/self/cgroup)
		# A v2 cgroup with processes in it cannot hand controllers on: use the root.
		echo "/sys/fs/cgroup"
		echo +memory >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
	else
		return 1
	fi
}
# memcg_run DIR COMMAND...: the command, started inside the cgroup
memcg_run() {
	local dir=$1
	shift
	bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' memcg "$dir" "$@"
}
memcg_remove() { # DIR...: after its processes have gone
	local dir
	for dir; do wait_for 5 rmdir "$dir" 2>/dev/null; done
}
require_root() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
}
