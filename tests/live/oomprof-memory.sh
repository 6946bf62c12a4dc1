#!/usr/bin/env bash
# oomprof where there is no memory to be had: what it has set aside is enough for an ordinary program; of
# another one the line says what is missing.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
OOMTOOLS_GO_VERSIONS=1.19 find_toolchains
leaky=$("$workloads/go-victim" 1.19 exec leaky)
ok "the victim builds" $?
command -v prlimit >/dev/null || skip_all "no prlimit (apt install util-linux)"

# The sanitizers have a heap of their own, which ends the program when it is refused memory.
if ldd "$tools/oomprof" | grep -q libasan; then
	ok "not in a build with sanitizers" 0
	exit
fi

# victim NAME OPTION...: its line is in $line
victim() {
	kill_in "$1" $((96 << 20)) "$leaky" -rate 1 -grow 100 "${@:2}"
	ok "$1: killed" $?
	line=$(until_line 30 "$tmp/memory.out" "OOM kill of PID $victim ")
}
whole() { # DESCRIPTION
	matches "$1: complete" "$line" ' buckets [0-9]+ read 0 cut 0 unreadable 0 lost, [0-9]+ ms, '
	samples "${line##* }" >"$tmp/samples"
	equal "$1: exact" "$(held "$tmp/samples" main.leakBlocks 40960)" "211 $((211 * 40960))"
}

start memory oomprof -o "$tmp/profiles" -n 0 -v
# Known before memory is short, as any program that runs for a while.
"$leaky" -stop >&2 &
runs=$!
wait_for 30 grep -qF "$leaky is a Go program" "$tmp/memory.err"
kill -KILL "$runs"
wait "$runs" 2>/dev/null

prlimit --pid "$pid" --as="$(($(awk '/^VmSize/ { print $2 }' "/proc/$pid/status") * 1024)):"
victim ordinary
whole "ordinary"
victim large -buckets 30000
matches "large: what there was no memory for is told" "$line" \
	'(NOT written: Cannot allocate memory| [1-9][0-9]* lost, [0-9]+ ms, [^ ]*)$'
prlimit --pid "$pid" --as=unlimited:
victim later
whole "with memory again"
equal "nothing but profiles is left" "$(find "$tmp/profiles" -type f ! -name '*.pb.gz' | wc -l)" 0
stop "$pid"
