#!/usr/bin/env bash
# Victims in every circumstance: each has its profile, complete, under its own name and PID.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
OOMTOOLS_GO_VERSIONS="1.19 1.24" find_toolchains
leaky=$("$workloads/go-victim" 1.19 exec leaky) && pie=$("$workloads/go-victim" 1.24 pie leaky) &&
	unborn=$("$workloads/go-victim" 1.19 exec unborn)
ok "the victims build" $?
profiles=$tmp/profiles
start watch oomprof -v -j -n 0 -o "$profiles"

# event_of PID: its object, once it is there
event_of() { until_line 30 "$tmp/watch.out" "\"pid\":$1,"; }
# whole DESCRIPTION PID NAME: its profile is there, complete, exact to the byte, and its own
whole() {
	event_of "$2" >"$tmp/event"
	equal "$1: one profile" "$(grep -c "\"pid\":$2," "$tmp/watch.out"):$(json "$tmp/event" outcome)" 1:written
	equal "$1: complete" "$(json "$tmp/event" walk_complete)" true
	samples "$(json "$tmp/event" file)" >"$tmp/samples"
	equal "$1: exact" "$(held "$tmp/samples" main.leakBlocks 40960)" "211 $((211 * 40960))"
	equal "$1: its name" "$(json "$tmp/event" comm)" "${3:0:15}"
	matches "$1: its mapping" "$(raw "$(json "$tmp/event" file)" | grep -A 1 '^Mappings' | tail -n 1)" "/$3"
}
known() { # PROGRAM: run it until the watcher has looked into it
	"$1" -stop >&2 &
	local runs=$!
	wait_for 30 grep -qF "$1 is a Go program" "$tmp/watch.err"
	kill -KILL "$runs"
	wait "$runs" 2>/dev/null
}
known "$leaky"
known "$pie"

kill_in unborn $((64 << 20)) "$unborn"
whole "killed while it counts a new site" "$victim" unborn-1.19-exec

# All ten stop when they are ready, and go on at the same instant.
ten=()
for i in {1..10}; do
	dir=$(memcg_make "ten$i" $((48 << 20)))
	at_exit memcg_remove "$dir"
	memcg_start "$dir" "$leaky" -rate 1 -grow 400 -stop >"$tmp/ready.$i"
	ten+=($!)
done
for i in {1..10}; do wait_for 30 grep -q READY "$tmp/ready.$i"; done
kill -CONT "${ten[@]}"
wait "${ten[@]}" 2>/dev/null
for i in {1..10}; do whole "ten at once, $i" "${ten[i - 1]}" leaky-1.19-exec; done
