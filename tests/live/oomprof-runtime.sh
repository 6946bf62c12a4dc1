#!/usr/bin/env bash
# What the runtime of a Go program knows besides its profile, of a living one and of one that is killed,
# compared with what the program says of itself, for every Go version at hand.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
find_toolchains
start text oomprof -v -o "$tmp/profiles" -n 4
text=$pid
start json oomprof -j -o "$tmp/profiles" -n 4

said() { # NAME: what the program has said of itself
	awk -v name="$1" '$1 == name { print $2 }' "$tmp/said"
}
near() { # DESCRIPTION GOT WANT BYTES: they differ by so much at most
	awk -v got="$2" -v want="$3" -v far="$4" 'BEGIN { exit !(got != "null" && got - want <= far && want - got <= far) }'
	local status=$?
	[ $status = 0 ] || echo "# got $2, want $3 and at most $4 more or less"
	ok "$1" $status
}
site() { # FILE FUNCTION KEY
	tail -n 1 "$1" | jq -r --arg f "$2" --arg key "$3" '.top[] | select(.function == $f) | .[$key]'
}

check_living() { # NAME PROGRAM
	rm -f "$tmp/said"
	env GOGC=150 GOMEMLIMIT=1009MiB GOMAXPROCS=2 "$2" -goroutines 101 -stop 2>"$tmp/said" &
	local runs=$!
	at_exit stop_quietly "$runs"
	wait_for 30 grep -q READY "$tmp/said"
	"$tools/oomprof" -p "$runs" -j -n 4 -o "$tmp" >"$tmp/living"
	equal "$1: collections" "$(json "$tmp/living" go_gc_completed)" "$(said NumGC)"
	equal "$1: none is running" "$(json "$tmp/living" go_gc_running)" false
	equal "$1: GOGC" "$(json "$tmp/living" go_gc_percent)" "$(said GOGC)"
	equal "$1: GOMEMLIMIT" "$(json "$tmp/living" go_memory_limit_bytes)" "$(said GOMEMLIMIT)"
	equal "$1: that is set" "$(json "$tmp/living" go_memory_limit)" set
	near "$1: live heap" "$(json "$tmp/living" go_heap_live_bytes)" "$(said HeapAlloc)" 200000
	near "$1: marked heap" "$(json "$tmp/living" go_heap_marked_bytes)" "$(($(said HeapAlloc) - 211 * 8192))" 200000
	near "$1: spans in use" "$(json "$tmp/living" go_heap_inuse_bytes)" "$(said HeapInuse)" 200000
	near "$1: spans kept and given back" \
		"$(($(json "$tmp/living" go_heap_free_bytes) + $(json "$tmp/living" go_heap_released_bytes)))" \
		"$(($(said HeapFree) + $(said HeapReleased)))" 200000
	near "$1: allocated since the start" "$(json "$tmp/living" go_total_alloc_bytes)" "$(said TotalAlloc)" 200000
	near "$1: freed since the start" "$(json "$tmp/living" go_total_free_bytes)" \
		"$(($(said TotalAlloc) - $(said HeapAlloc)))" 200000
	# The runtime has some of its own, which are there since the first collection.
	own=$(($(json "$tmp/living" go_goroutines) - $(said NumGoroutine)))
	near "$1: goroutines" "$(json "$tmp/living" go_goroutines)" "$(($(said NumGoroutine) + 10))" 10
	near "$1: goroutines ever at once" "$(json "$tmp/living" go_goroutines_most)" 213 10
	equal "$1: of the old nothing is new" "$(site "$tmp/living" main.keepOld inuse_since_gc_bytes)" 0
	equal "$1: of the young everything" "$(site "$tmp/living" main.keepYoung inuse_since_gc_bytes)" \
		"$(site "$tmp/living" main.keepYoung inuse_bytes)"
	near "$1: new in all" "$(json "$tmp/living" inuse_since_gc_bytes)" $((211 * 8192)) 50000
	kill -KILL "$runs"
	wait "$runs" 2>/dev/null
}
# A page of a victim can be out of the kernel's reach for a moment: then once more.
check_kill() { # NAME CGROUP ENVIRONMENT... PROGRAM
	local name=$1 where=$2 attempt
	shift 2
	for attempt in 1 2; do
		kill_in "$where-$attempt" $((64 << 20)) env GOMAXPROCS=2 "$@" -goroutines 101 -grow 2>"$tmp/said"
		ok "$name: killed" $?
		until_line 60 "$tmp/json.out" "\"pid\":$victim," >"$tmp/killed"
		[ "$(json "$tmp/killed" go_gc_percent)" = null ] || [ "$(json "$tmp/killed" walk_complete)" != true ] || break
		echo "# again: PID $victim, $(tail -n 1 "$tmp/said"), $(cat "$tmp/killed")"
	done
	until_line 60 "$tmp/text.out" "OOM kill of PID $victim " >/dev/null
	# The lines under that of the victim, up to the table.
	lines=$(sed -n "/OOM kill of PID $victim /,/INUSE/{s/^  //;/^collections/q;/OOM kill/d;p}" "$tmp/text.out")
	equal "$name: GOGC" "$(json "$tmp/killed" go_gc_percent)" "$(said GOGC)"
	[ "$(json "$tmp/killed" go_gc_completed)" -ge "$(said NumGC)" ]
	ok "$name: collections" $?
	[ "$(json "$tmp/killed" go_heap_live_bytes)" -gt $((40 << 20)) ]
	ok "$name: live heap" $?
	equal "$name: the cgroup's limit" "$(json "$tmp/killed" cgroup_limit_bytes)" $((64 << 20))
	near "$name: goroutines ever at once" "$(json "$tmp/killed" go_goroutines_most)" 213 10
	equal "$name: goroutines" "$(json "$tmp/killed" go_goroutines)" "$(($(said NumGoroutine) + own))"
}
not_enough="That alone is not enough: [0-9.]+M were in use at the last collection"

while read -r version _; do
	program=$("$workloads/go-victim" "$version" exec collected 2>"$tmp/log")
	check_living "Go $version" "$program"
	check_kill "Go $version, limit above" "above-$version" GOGC=150 GOMEMLIMIT=300MiB "$program"
	equal "Go $version: GOMEMLIMIT" "$(json "$tmp/killed" go_memory_limit_bytes)" $((300 << 20))
	equal "Go $version: is above" "$(json "$tmp/killed" go_memory_limit)" above
	matches "Go $version: the line says so" "$lines" \
		"^GOMEMLIMIT=300MiB is above the cgroup's limit of 64MiB: set GOMEMLIMIT=57MiB($|"$'\n'")"
	[ "$(site "$tmp/killed" main.grow inuse_since_gc_bytes)" -lt "$(site "$tmp/killed" main.grow inuse_bytes)" ]
	ok "Go $version: some of what it grew by had survived" $?
done <<<"$toolchains"

check_kill "no limit" none A=1 "$program"
equal "no limit" "$(json "$tmp/killed" go_memory_limit):$(json "$tmp/killed" go_memory_limit_bytes)" unset:null
matches "no limit: said, and what to do" "$lines" \
	"^GOMEMLIMIT is not set, but the cgroup's limit is 64MiB: set GOMEMLIMIT=57MiB"$'\n'
check_kill "all of it" all GOMEMLIMIT=64MiB "$program"
equal "all of it" "$(json "$tmp/killed" go_memory_limit)" above
matches "all of it: said" "$lines" "^GOMEMLIMIT=64MiB is all of the cgroup's limit of 64MiB: set GOMEMLIMIT=57MiB"
matches "all of it: nor would less do" "$lines" "$not_enough"
check_kill "limit below" below GOMEMLIMIT=40MiB "$program"
equal "limit below" "$(json "$tmp/killed" go_memory_limit)" below
matches "limit below: said" "$lines" "^GOMEMLIMIT=40MiB cannot be kept: [0-9.]+M were in use at the last collection"
check_kill "never collected" off GOGC=off "$program"
matches "never collected: said" "$lines" "GOGC=off: without GOMEMLIMIT no collection starts by itself"
equal "never collected: all it grew by is new" "$(site "$tmp/killed" main.grow inuse_since_gc_bytes)" \
	"$(site "$tmp/killed" main.grow inuse_bytes)"

# Rather no number of goroutines than one of those that there was time for.
start short oomprof -j -o "$tmp/profiles" --max-walk 0.001
kill_in many $((256 << 20)) "$program" -goroutines 20011 -grow 2>"$tmp/said"
until_line 60 "$tmp/short.out" "\"pid\":$victim," >"$tmp/many"
equal "no time to count: goroutines" "$(json "$tmp/many" go_goroutines)" null
[ "$(json "$tmp/many" go_goroutines_most)" -ge 40022 ]
ok "no time to count: ever at once" $?
stop "$pid"

# The details are in the profile too, with the totals of what is new.
PPROF_TMPDIR=$tmp HOME=$tmp "$pprof" -comments "$(json "$tmp/killed" file)" >"$tmp/comments" 2>/dev/null
check "comments: GOMEMLIMIT" grep -q "^GOMEMLIMIT is not set, but" "$tmp/comments"
check "comments: collections" grep -qE '^collections: [0-9]+ completed, none running, GOGC=off$' "$tmp/comments"
check "comments: what is new" grep -qE '^since the last collection: [0-9.]+M allocated in [0-9]+ objects' "$tmp/comments"
# Without -v only what everyone should read.
dir=$(memcg_make living $((64 << 20)))
at_exit memcg_remove "$dir"
rm "$tmp/said"
memcg_start "$dir" env GOMEMLIMIT=32MiB "$program" -stop 2>"$tmp/said"
runs=$!
wait_for 30 grep -q READY "$tmp/said"
equal "a limit that is kept is not spoken of" "$("$tools/oomprof" -p "$runs" -n 0 -o "$tmp" | wc -l)" 1
matches "but with -v" "$("$tools/oomprof" -v -p "$runs" -n 0 -o "$tmp")" \
	$'\n'"  GOMEMLIMIT=32MiB, below the cgroup's limit of 64MiB"$'\n'
kill -KILL "$runs"
wait "$runs" 2>/dev/null
# Where profiling is off the runtime still knows that much.
noprof=$("$workloads/go-victim" "$(tail -n 1 <<<"$toolchains" | cut -d " " -f 1)" exec noprof 2>"$tmp/log")
rm "$tmp/said"
GOGC=150 "$noprof" 2>"$tmp/said" &
runs=$!
wait_for 30 grep -q READY "$tmp/said"
"$tools/oomprof" -p "$runs" -j -o "$tmp" >"$tmp/living"
equal "no profile: outcome" "$(json "$tmp/living" outcome)" profiling_off_by_linker
equal "no profile: GOGC" "$(json "$tmp/living" go_gc_percent)" 150
[ "$(json "$tmp/living" go_heap_live_bytes)" -ge $((32 << 20)) ]
ok "no profile: live heap" $?
kill -KILL "$runs"
wait "$runs" 2>/dev/null
# That needs 32 MiB.
kill_in no-profile $((24 << 20)) env GOMEMLIMIT=1GiB "$noprof"
until_line 60 "$tmp/json.out" "\"pid\":$victim," >"$tmp/killed"
equal "no profile, killed: GOMEMLIMIT" "$(json "$tmp/killed" go_memory_limit_bytes)" $((1 << 30))
equal "no profile, killed: is above" "$(json "$tmp/killed" go_memory_limit)" above
until_line 60 "$tmp/text.out" "OOM kill of PID $victim " >/dev/null
wait_for 10 grep -qF "  GOMEMLIMIT=1GiB is above the cgroup's limit of 24MiB: set GOMEMLIMIT=21MiB" "$tmp/text.out"
ok "no profile, killed: said" $?
stop "$text"
