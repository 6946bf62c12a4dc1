#!/usr/bin/env bash
# The row of a program against what the program's own runtime says (runtime.MemStats, runtime/debug), for every Go
# version at hand.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
. "$srcdir/tests/live/ledger.sh"
require_root
find_toolchains
names=()
while read -r version _; do
	program=$("$workloads/go-victim" "$version" exec ledger 2>"$tmp/log") && ledger "$version" "$program"
	ok "$version: it runs" $?
	names+=("$version")
	tell "$version" "gogc 150" "memlimit 1058013184" "goroutines 101"
done <<<"$toolchains"
"$tools/goalloctop" -p "$(IFS=,; echo "${ledger_pid[*]}")" --by program -j 0.5 >"$tmp/rows" 2>"$tmp/err" &
at_exit stop_quietly $!

refresh_program() { # NAME: until all is shown that was so when it was called
	local pid=${ledger_pid[$1]} n
	n=$(grep -c "\"pid\":$pid," "$tmp/rows")
	wait_for 60 eval "[ \$(grep -c '\"pid\":$pid,' '$tmp/rows') -ge $((n + 2)) ]"
}
look() { # NAME WHEN: what it says, and what is then shown
	ask "$1" stats
	echo "$said" >"$tmp/$1.said.$2"
	refresh_program "$1"
	grep "\"pid\":${ledger_pid[$1]}," "$tmp/rows" | tail -n 1 >"$tmp/$1.row.$2"
	grep -c "\"pid\":${ledger_pid[$1]}," "$tmp/rows" >"$tmp/$1.rows.$2"
}
told_of() { jq -r "$3" "$tmp/$1.said.$2"; }
shown() { jq -r "$3" "$tmp/$1.row.$2"; }
near() { # DESCRIPTION GOT WANT BYTES: they differ by so much at most
	awk -v got="$2" -v want="$3" -v far="$4" 'BEGIN { exit !(got != "null" && got - want <= far && want - got <= far) }'
	local status=$?
	[ $status = 0 ] || echo "# got $2, want $3 and at most $4 more or less"
	ok "$1" $status
}
for name in "${names[@]}"; do ask "$name" gc && look "$name" before; done
for name in "${names[@]}"; do
	tell "$name" "alloc large 1009 0" "alloc small 100003 0" "alloc large 503 0" gc gc "alloc generic 5003 101" gc
done
for name in "${names[@]}"; do told "$name" && look "$name" after; done

for name in "${names[@]}"; do
	matches "$name: the version" "$(shown "$name" after .go_version)" "^go${name/./\\.}(\.|$)"
	equal "$name: GOGC" "$(shown "$name" after .go_gc_percent)" "$(told_of "$name" after .gogc)"
	equal "$name: that is what it was set to" "$(shown "$name" after .go_gc_percent)" 150
	equal "$name: GOMEMLIMIT" "$(shown "$name" after .go_memory_limit_bytes)" "$(told_of "$name" after .memory_limit)"
	equal "$name: that is what it was set to" "$(shown "$name" after .go_memory_limit_bytes)" 1058013184
	equal "$name: the sampling rate" "$(shown "$name" after .mem_profile_rate_bytes)" "$(told_of "$name" after .rate)"
	equal "$name: profiling is on" "$(shown "$name" after .profiling)" true
	# The runtime has some goroutines of its own.
	near "$name: goroutines" "$(shown "$name" after .goroutines)" "$(($(told_of "$name" after .goroutines) + 5))" 5
	equal "$name: collections" "$(shown "$name" after .total_collections)" "$(told_of "$name" after .num_gc)"
	sum=$(grep "\"pid\":${ledger_pid[$name]}," "$tmp/rows" | head -n "$(cat "$tmp/$name.rows.after")" |
		tail -n "+$(($(cat "$tmp/$name.rows.before") + 1))" | jq -s 'map(.collections) | add')
	equal "$name: those of the intervals add up" "$sum" \
		$(($(told_of "$name" after .num_gc) - $(told_of "$name" before .num_gc)))
	# What the Ps have cached is counted when they are asked, and the answer itself allocates.
	near "$name: allocated since its start" "$(shown "$name" after .total_alloc_bytes)" \
		"$(told_of "$name" after .total_alloc)" 65536
	near "$name: allocated between two looks" \
		$(($(shown "$name" after .total_alloc_bytes) - $(shown "$name" before .total_alloc_bytes))) \
		$(($(told_of "$name" after .total_alloc) - $(told_of "$name" before .total_alloc))) 65536
	near "$name: live heap" "$(shown "$name" after .heap_live_bytes)" "$(told_of "$name" after .heap_alloc)" 262144
	near "$name: resident" "$(($(shown "$name" after .rss_bytes) / 1024))" \
		"$(awk '/^VmRSS/ { print $2 }' "/proc/${ledger_pid[$name]}/status")" 4096
done
