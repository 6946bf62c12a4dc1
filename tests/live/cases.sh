# Sourced by tests that put victims into special circumstances, after tests/live/lib.sh and pprof.sh.

# event_of PID: its object, once it is there
event_of() { until_line 30 "$tmp/watch.out" "\"pid\":$1,"; }
# whole DESCRIPTION PID PROGRAM: its profile is there, once, complete, exact to the byte, and its own
whole() {
	local name=${3##*/}
	event_of "$2" >"$tmp/event"
	equal "$1: one profile" "$(grep -c "\"pid\":$2," "$tmp/watch.out"):$(json "$tmp/event" outcome)" 1:written
	equal "$1: complete" "$(json "$tmp/event" walk_complete)" true
	samples "$(json "$tmp/event" file)" >"$tmp/samples"
	equal "$1: exact" "$(held "$tmp/samples" main.leakBlocks 40960)" "211 $((211 * 40960))"
	equal "$1: its name" "$(json "$tmp/event" comm)" "${name:0:15}"
	equal "$1: its mapping" "$(raw "$(json "$tmp/event" file)" |
		awk '/^Mappings/ { getline; print $3 }')" "$3"
}
# known PROGRAM...: run it until the watcher has looked into it
known() {
	local runs program
	for program; do
		"$program" stop >&2 &
		runs=$!
		wait_for 30 grep -qF "$program is a Go program" "$tmp/watch.err"
		ok "${program##*/} is known" $?
		kill -KILL "$runs"
		wait "$runs" 2>/dev/null
	done
}
is_stopped() { # PID: any thread of it; the first may have exited
	ps -L -o state= -p "$1" 2>/dev/null | grep -q T
}
# dashing NAME COMMAND...: start it in a memory cgroup of its own and wait until it has stopped; its pid is in
# $victim.
dashing() {
	local dir
	dir=$(memcg_make "$1" $((24 << 20)))
	at_exit memcg_remove "$dir"
	shift
	memcg_start "$dir" "$@" >&2
	victim=$!
	wait_for 30 is_stopped "$victim"
}
# dash_on PID...: let them go on to their ends
dash_on() {
	kill -CONT "$@"
	wait "$@" 2>/dev/null
}
