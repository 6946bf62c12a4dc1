#!/usr/bin/env bash
# What goalloctop counts by probes (--via events) against what it reads from the program's memory (--via snapshot):
# of every stack the same, to the object, once the program rests. For every Go version at hand.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
. "$srcdir/tests/live/ledger.sh"
can_trace
find_toolchains
kind_of() { # VERSION
	case $1 in
	1.19 | 1.24) echo pie ;;
	1.21 | 1.25) echo exec-stripped ;;
	1.22) echo exec-blank ;;
	1.26) echo exec-bare ;;
	1.27) echo pie-bare ;;
	*) echo exec ;;
	esac
}

# stacks FILE: of the last table in a file of goalloctop's JSON what a snapshot and events must agree on, a line for
# each stack of the program's own. The runtime allocates for itself now and then, so one of them may be younger.
stacks() {
	jq -s -c '(map(.time) | max) as $last | .[] | select(.time == $last) |
		select(.stack | map(.function) | any(startswith("main."))) | [
		([.stack[] | "\(.function):\(.line)"] | join(" < ")), .inuse_bytes, .inuse_objects,
		.total_alloc_bytes, .total_alloc_objects, .since_gc_objects]' "$1" | sort
}
tables() { # FILE: how many tables it has
	jq -r .time "$1" 2>/dev/null | sort -u | wc -l
}
has_tables() { # FILE NUMBER
	[ "$(tables "$1")" -ge "$2" ]
}
another() { # FILE: wait for two more tables
	wait_for 60 has_tables "$1" $(($(tables "$1") + 2))
}
collections() { # FILE KEY: their sum
	jq -s "map(.$2 // 0) | add" "$1"
}

compare() { # VERSION PROGRAM
	local v=$1 watchers=() file=$tmp/$1.events gc=$tmp/$1.gc
	ledger "$v" "$2" -rate 4096
	ok "$v: it runs" $?
	# Before anyone watches: this is known from the buckets.
	ask "$v" "alloc small 20011 5003" gc "alloc large 101 53"
	"$tools/goalloctop" -p "${ledger_pid[$v]}" --via events --by stack -F -j -r 10000 0.2 >"$file" 2>"$tmp/err" &
	watchers+=($!)
	"$tools/goalloctop" -p "${ledger_pid[$v]}" --by program --gc -j 0.2 >"$gc" 2>>"$tmp/err" &
	watchers+=($!)
	at_exit stop_quietly "${watchers[0]}"
	at_exit stop_quietly "${watchers[1]}"
	wait_for 60 has_tables "$file" 1 && wait_for 60 has_tables "$gc" 1
	ok "$v: they watch" $?
	ask "$v" "alloc small 30011 10007" "alloc pointers 20011 0" "alloc deep 5003 101" gc "alloc tiny 100003 7" \
		"alloc generic 7001 1009" "alloc large 211 0" gc "alloc small 5003 0" "alloc method 5003 5003"
	another "$file" && another "$gc"
	"$tools/goalloctop" -p "${ledger_pid[$v]}" --by stack -F -j -r 10000 0.1 1 >"$tmp/$v.snapshot"
	stop "${watchers[0]}"
	stop "${watchers[1]}"
	stacks "$file" >"$tmp/$v.a"
	stacks "$tmp/$v.snapshot" >"$tmp/$v.b"
	check "$v: there is much to compare" [ "$(grep -c '\["main\.' "$tmp/$v.b")" -ge 5 ]
	check "$v: stack by stack, what is counted is what is read" diff "$tmp/$v.a" "$tmp/$v.b"
	check "$v: new sites, too" grep -q '^..main.allocDeep' "$tmp/$v.a"
	equal "$v: no message, but for none" "$(cat "$tmp/err")" ""
	equal "$v: collections, all seen, and all with a beginning" \
		"$(collections "$gc" collections_seen) $(collections "$gc" collections_timed)" "4 4"
	equal "$v: as many as the runtime has counted" "$(collections "$gc" collections)" 4
	check "$v: they took time" [ "$(collections "$gc" collections_ns)" -gt 1000 ]
	ask "$v" exit
}
while read -r version _; do
	program=$("$workloads/go-victim" "$version" "$(kind_of "$version")" ledger 2>"$tmp/log") || {
		cat "$tmp/log" >&2
		ok "$version: builds" 1
		continue
	}
	compare "$version" "$program"
done <<<"$toolchains"
