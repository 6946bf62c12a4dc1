# For live tests: tools started in the background, victims in memory cgroups of our own.
. "$srcdir/tests/init.sh"
tools=$builddir/tools
hog=$builddir/tests/workloads/hog

# can_trace: may this process load BPF programs on this kernel, and make a memory cgroup?
can_trace() {
	require_root
	[ -e /sys/kernel/btf/vmlinux ] || skip_all "this kernel has no BTF"
	memcg_parent >/dev/null || skip_all "no memory cgroup hierarchy"
	OOMTOOLS_CACHE_DIR=${OOMTOOLS_GUEST_CACHE:-$tmp/cache}
	export OOMTOOLS_CACHE_DIR
	[ -d "$OOMTOOLS_CACHE_DIR" ] || mkdir -m 700 "$OOMTOOLS_CACHE_DIR"
}

# start NAME TOOL OPTION...: run it in the background, output to $tmp/NAME.out and .err, and wait
# until it says that it is attached; its pid is in $pid.
start() {
	local name=$1 tool=$2
	shift 2
	"$tools/$tool" "$@" >"$tmp/$name.out" 2>"$tmp/$name.err" &
	pid=$!
	at_exit stop_quietly "$pid"
	wait_for 180 is_started "$name" "$pid"
}
is_started() { # NAME PID
	grep -q 'Ctrl-C to stop' "$tmp/$1.out" "$tmp/$1.err" || ! kill -0 "$2" 2>/dev/null
}
stop_quietly() {
	kill "$1" 2>/dev/null && wait "$1" 2>/dev/null
	true
}
# stop PID: SIGINT, as Ctrl-C; its exit status is in $status.
stop() {
	kill -TERM "$1"
	wait "$1"
	status=$?
}
# until_line SECONDS FILE REGEX: wait for a line; prints it.
until_line() {
	wait_for "$1" grep -qE -- "$3" "$2" && grep -E -- "$3" "$2" | tail -n 1
}
# kill_in NAME LIMIT COMMAND...: run it in a new memory cgroup until the kernel kills it; its pid is
# in $victim, the cgroup's directory in $cgroup.
kill_in() {
	cgroup=$(memcg_make "$1" "$2") || return
	at_exit memcg_remove "$cgroup"
	shift 2
	memcg_start "$cgroup" "$@" >&2
	victim=$!
	wait "$victim" 2>/dev/null
	[ $? = 137 ]
}
# squeeze DIR PID: fill that cgroup from another process until the kernel kills PID, which may be stopped. What
# fills it fits in once PID's memory is free.
squeeze() {
	local limit anon filler status
	limit=$(cat "$1/memory.limit_in_bytes" 2>/dev/null || cat "$1/memory.max")
	anon=$(awk '/^RssAnon/ { print $2 }' "/proc/$2/status")
	echo 1000 >"/proc/$2/oom_score_adj"
	memcg_start "$1" "$hog" $(((limit - anon * 512) >> 20))
	filler=$!
	wait_for 60 is_dead "$2"
	status=$?
	kill -KILL "$filler" "$2" 2>/dev/null
	wait "$filler" 2>/dev/null
	return $status
}
is_dead() { # PID: gone, or waiting for its parent only
	local state
	state=$(awk '/^State/ { print $2 }' "/proc/$1/status" 2>/dev/null)
	[ "${state:-X}" = Z ] || [ "${state:-X}" = X ]
}
# unless_enabled VERDICT FILE: what is to be expected of a process where it should be VERDICT and FILE is what
# --check has said: another oomprof on this machine may have switched its profiling on.
unless_enabled() {
	if [ "$1" = profiling_off_by_linker ] &&
		[ "$(jq 'has("load_bias") and .mem_profile_rate_bytes > 0' "$2")" = true ]; then
		echo "# its profiling was switched on by another oomprof" >&2
		echo written
	else
		echo "$1"
	fi
}
# of_kernel PID REGEX: the last line of the kernel log on that victim that matches.
of_kernel() {
	dmesg | grep -E -- "$2" | grep -E "(process |pid=)$1[ ,]" | tail -n 1
}
# field LINE NAME: the number behind NAME: or NAME= in a line of the kernel log
field() {
	sed -nE "s/.*[ ,]$2[:=]([0-9]+|[^ ,]+?)(kB)?([ ,].*)?$/\1/p" <<<"$1"
}
json() { # FILE KEY: of its last line
	tail -n 1 "$1" | jq -r --arg key "$2" '.[$key]'
}
