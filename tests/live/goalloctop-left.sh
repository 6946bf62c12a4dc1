#!/usr/bin/env bash
# What goalloctop leaves behind, however it ends: no probe, no BPF program, no byte of the programs it watched.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
. "$srcdir/tests/live/ledger.sh"
can_trace
OOMTOOLS_GO_VERSIONS="1.19 1.27" find_toolchains
goalloctop=$tools/goalloctop
for version in 1.19 1.27; do
	# A file of this test's own: others may probe the same executable.
	cp "$("$workloads/go-victim" $version exec ledger)" "$tmp/ledger-$version" &&
		ledger $version "$tmp/ledger-$version" -rate 1 && ask $version "run small 101 0 20"
	ok "$version: it runs" $?
done
list=$(IFS=,; echo "${ledger_pid[*]}")

# text PID: the code of its executable, as it is in memory; a breakpoint of a probe is in it
text() {
	local from to
	IFS=' -' read -r from to _ < <(grep -E "^[^ ]+ r-xp .*$tmp/ledger" "/proc/$1/maps")
	dd if="/proc/$1/mem" bs=4096 skip=$((0x$from / 4096)) count=$(((0x$to - 0x$from) / 4096)) status=none
}
same_text() { # VERSION
	text "${ledger_pid[$1]}" | cmp -s - "$tmp/text-$1"
}
for version in 1.19 1.27; do
	text "${ledger_pid[$version]}" >"$tmp/text-$version"
	[ "$(stat -c %s "$tmp/text-$version")" -gt 300000 ]
	ok "$version: its code is known" $?
done
ids_of() { # PID: of the BPF programs that it holds
	sed -n 's/^prog_id:[[:space:]]*//p' "/proc/$1/fdinfo/"* 2>/dev/null | sort -u
}
loaded() { # how many of $ids the kernel has
	"$builddir/tests/live/bpf_ids" | grep -cxFf <(echo "$ids")
}
none_loaded() { [ "$(loaded)" = 0 ]; }

# left WHAT SIGNAL PROBED OPTION...: what is there while it watches, and after that signal
left() {
	local what=$1 signal=$2 probed=$3 version changed=0
	shift 3
	"$goalloctop" -p "$list" "$@" -j 0.2 >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	at_exit stop_quietly $pid
	for version in 1.19 1.27; do wait_for 60 grep -q "\"pid\":${ledger_pid[$version]}," "$tmp/out"; done
	ok "$what: it watches" $?
	ids=$(ids_of $pid)
	for version in 1.19 1.27; do same_text $version || changed=$((changed + 1)); done
	equal "$what: probes are in place in as many programs" $changed "$probed"
	[ "$probed" = 0 ] || {
		[ -n "$ids" ] && [ "$(loaded)" -ge 1 ]
		ok "$what: BPF programs are loaded" $?
	}
	kill "-$signal" $pid
	wait $pid 2>/dev/null
	for version in 1.19 1.27; do
		wait_for 20 same_text $version
		ok "$what, SIG$signal: no probe is left in $version" $?
		ask $version books && [ "$said" ]
		ok "$what, SIG$signal: $version goes on" $?
	done
	[ -z "$ids" ] || wait_for 20 none_loaded
	ok "$what, SIG$signal: no BPF program is left" $?
}
left snapshot KILL 0 --via snapshot
left events KILL 2 --via events
left refill KILL 2 --via refill
left collections TERM 2 --gc
