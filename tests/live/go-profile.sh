#!/bin/bash
# Our heap profile of a stopped Go program against the one that its runtime wrote, sample by sample through
# "go tool pprof -raw", and against what the program is known to hold. Needs ptrace access to a child and
# Go toolchains (fetched from the mirror unless installed), not BPF.
# OOMTOOLS_GO_VERSIONS limits the versions; OOMTOOLS_GO_KINDS="exec pie cgo cgo-pie" runs all kinds with each.
source "${srcdir:?}/tests/init.sh"
export OOMTOOLS_GO_CACHE=${OOMTOOLS_GO_CACHE:-$builddir/go-toolchains} builddir

workloads=$srcdir/tests/workloads
toolchains=$("$workloads/go-toolchains" 2>"$tmp/log") || skip_all "no Go toolchains: $(tail -n 1 "$tmp/log")"
[ -z "${OOMTOOLS_GO_KINDS-}" ] || read -ra all_kinds <<<"$OOMTOOLS_GO_KINDS"

# A pprof that is ready to run: from 1.25 on it would have to be compiled first.
pprof=
while read -r _ root; do
	[ ! -x "$root/pkg/tool/linux_amd64/pprof" ] || pprof=$root/pkg/tool/linux_amd64/pprof
done <<<"$toolchains"
[ "$pprof" ] || skip_all "no Go toolchain with a built pprof (1.24 or older)"

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
raw() { PPROF_TMPDIR=$tmp HOME=$tmp "$pprof" -symbolize=none -raw "$1" 2>/dev/null; }
samples() { # FILE: its samples in one normal form
	raw "$1" | awk -f "$srcdir/tests/live/pprof-samples.awk"
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

# held FUNCTION SIZE: how many objects of that size the function keeps, and their bytes, from our file
held() {
	awk -v leaf="$1|" -v label="bytes:[$2]" '$1 == "sample" && $6 == label && index($7, leaf) == 1 {
		objects += $4; bytes += $5
	} END { print objects + 0, bytes + 0 }' "$tmp/held"
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
	equal "$name: an inlined helper" "$(held main.newNode 48)" "7919 $((7919 * 48))"
	equal "$name: large blocks" "$(held main.leakBlocks 40960)" "211 $((211 * 40960))"
	equal "$name: deep recursion" "$(held main.leakDeep 1024)" "101 $((101 * 1024))"
	equal "$name: goroutines" "$(held main.leakInGoroutines.func1 2048)" "$((5 * 307)) $((5 * 307 * 2048))"
	equal "$name: a site is its function's sum" \
		"$(awk '$1 == "site" && $6 ~ /^main.leakGeneric\[\.\.\.\]$/ { print $3, $2 }' "$tmp/now")" \
		"503 $((503 * 512))"
	matches "$name: nothing is lost" "$(grep ^rate "$tmp/now")" ' cut 0 unreadable 0 damaged 0 more 0 '
	matches "$name: every address has a name" "$(grep ^total "$tmp/now")" ' unresolved 0$'
}

while read -r version _; do
	if [ -n "${OOMTOOLS_GO_KINDS-}" ]; then
		kinds=("${all_kinds[@]}")
	else
		# A PIE needs the standard library compiled once more: of each layout one version.
		kinds=(exec cgo)
		case $version in 1.19 | 1.24 | 1.27) kinds+=(pie cgo-pie) ;; esac
	fi
	for kind in "${kinds[@]}"; do
		case $kind in
		cgo*) command -v gcc >/dev/null || { skip "Go $version $kind: no gcc"; continue; } ;;
		esac
		check_version "$version" "$kind"
	done
done <<<"$toolchains"
