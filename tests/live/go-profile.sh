#!/bin/bash
# Our heap profile of a stopped Go program against the one that its runtime wrote, sample by sample through
# "go tool pprof -raw", and against what the program is known to hold. Needs ptrace access to a child and
# Go toolchains (fetched from the mirror unless installed), not BPF.
# OOMTOOLS_GO_VERSIONS limits the versions; OOMTOOLS_GO_KINDS="exec pie cgo cgo-pie" runs all kinds with each.
source "${srcdir:?}/tests/init.sh"
. "$srcdir/tests/live/pprof.sh"
find_toolchains

stopped() { [ "$(awk '/^State:/ { print $2 }' "/proc/$1/status" 2>/dev/null)" = T ]; }
# start PROGRAM ARG...: runs it until it stops itself; sets pid
start() {
	"$@" -stop >"$tmp/ready" &
	pid=$!
	wait_for 20 stopped "$pid"
}
stop() {
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
}
# Every sample of the runtime is in our profile. What ours has beyond it was allocated by writing the
# profile, after the runtime had taken its numbers, so it counts nothing yet.
same_samples() { # DESCRIPTION
	samples "$tmp/runtime.gz" | sort >"$tmp/runtime"
	samples "$tmp/ours.gz" | grep -v '^sample 0 0 0 0 ' | sort >"$tmp/ours"
	grep -v '^sample 0 0 0 0 ' "$tmp/runtime" >"$tmp/runtime.counted"
	diff "$tmp/runtime.counted" "$tmp/ours" >"$tmp/diff"
	local status=$?
	[ $status = 0 ] || sed 's/^/# /; 20q' "$tmp/diff"
	grep -q ^sample "$tmp/ours" || status=1
	ok "$1: $(grep -c ^sample "$tmp/ours") samples agree" $status
}

check_version() { # VERSION KIND
	local program name="Go $1 $2"
	program=$("$workloads/go-victim" "$1" "$2" leaky 2>"$tmp/log")
	if [ ! -x "$program" ]; then
		sed 's/^/# /' "$tmp/log"
		ok "$name: the victim builds" 1
		return
	fi
	for rate in 524288 4096 1; do
		rm -f "$tmp"/*.gz
		if ! start "$program" -rate $rate -pprof "$tmp/runtime.gz"; then
			ok "$name, rate $rate: the victim stops when it is ready" 1
		else
			"$builddir/tests/live/heapdump" "$pid" "$tmp/ours.gz" published >"$tmp/published" &&
				"$builddir/tests/live/heapdump" "$pid" "$tmp/now.gz" >"$tmp/now"
			ok "$name, rate $rate: read" $?
			same_samples "$name, rate $rate"
		fi
		stop
	done
	matches "$name: the default is inuse_space" "$(raw "$tmp/ours.gz")" 'inuse_space/bytes\[dflt\]'
	# Everything was sampled in the last run (rate 1): the numbers are exact.
	samples "$tmp/now.gz" >"$tmp/held"
	equal "$name: an inlined helper" "$(held "$tmp/held" main.newNode 48)" "7919 $((7919 * 48))"
	equal "$name: large blocks" "$(held "$tmp/held" main.leakBlocks 40960)" "211 $((211 * 40960))"
	equal "$name: deep recursion" "$(held "$tmp/held" main.leakDeep 1024)" "101 $((101 * 1024))"
	equal "$name: goroutines" "$(held "$tmp/held" main.leakInGoroutines.func1 2048)" "$((5 * 307)) $((5 * 307 * 2048))"
	equal "$name: a site is its function's sum" \
		"$(awk '$1 == "site" && $6 ~ /^main.leakGeneric\[\.\.\.\]$/ { print $3, $2 }' "$tmp/now")" \
		"503 $((503 * 512))"
	matches "$name: nothing is lost" "$(grep ^rate "$tmp/now")" ' cut 0 unreadable 0 damaged 0 more 0 '
	matches "$name: every address has a name" "$(grep ^total "$tmp/now")" ' unresolved 0$'
}

while read -r version _; do
	for kind in $(kinds_of "$version"); do
		case $kind in
		cgo*) command -v gcc >/dev/null || { skip "Go $version $kind: no gcc"; continue; } ;;
		esac
		check_version "$version" "$kind"
	done
done <<<"$toolchains"
