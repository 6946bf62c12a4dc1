#!/usr/bin/env bash
# What goalloctop's probes tell besides numbers of sites: single allocations, who made them, estimates where heap
# profiling is off; and that nothing stays attached.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
. "$srcdir/tests/live/ledger.sh"
can_trace
find_toolchains
program() { # VERSION KIND: builds the ledger
	"$workloads/go-victim" "$1" "$2" ledger 2>"$tmp/log" || cat "$tmp/log" >&2
}
newest=$(tail -n 1 <<<"$toolchains" | cut -d ' ' -f 1) oldest=$(head -n 1 <<<"$toolchains" | cut -d ' ' -f 1)
runs() { # NAME COMMAND...: goalloctop in the background; its pid is in $pid
	local name=$1
	shift
	"$tools/goalloctop" "$@" >"$tmp/$name.out" 2>"$tmp/$name.err" &
	pid=$!
	at_exit stop_quietly "$pid"
}
lines() { # FILE REGEX: how many
	grep -cE -- "$2" "$1"
}
has_lines() { # FILE REGEX NUMBER
	[ "$(lines "$1" "$2")" -ge "$3" ]
}
summed() { # FILE FILTER KEY: the sum over the rows that the jq filter takes
	jq -s "map(select($2) | .$3 // 0) | add // 0" "$1"
}
# probed PID: how many bytes of the functions that are probed are breakpoints now
probed() {
	"$builddir/tests/live/breakpoints" "$1"
}
is_probed() { # PID NUMBER
	[ "$(probed "$1")" = "$2" ]
}

for v in $oldest $newest; do
	# Every allocation is sampled: each must be told, with thread, goroutine and stack.
	ledger "$v" "$(program "$v" exec)" -rate 1
	target=${ledger_pid[$v]}
	equal "$v: nothing is attached" "$(probed "$target")" 0
	runs "$v-trace" -p "$target" --trace -j -F 1
	wait_for 60 is_probed "$target" 3
	ok "$v: --trace attaches to allocation, free and the end of collections" $?
	ask "$v" "alloc small 5003 0" "run pointers 1009 0 100"
	file=$tmp/$v-trace.out
	wait_for 60 has_lines "$file" '"object_bytes":64,.*"function":"main.allocPointers"' 3027
	ok "$v: a goroutine's allocations come as they happen" $?
	ask "$v" halt
	stop "$pid"
	equal "$v: exit status, messages" "$status:$(cat "$tmp/$v-trace.err")" "0:"
	small='.stack[0].function == "main.allocSmall"'
	equal "$v: each is told" "$(lines "$file" '"object_bytes":48,.*"function":"main.allocSmall"')" 5003
	equal "$v: at rate 1 each stands for itself" "$(summed "$file" "$small" stands_for_bytes)" $((5003 * 48))
	equal "$v: by the goroutine that runs main" \
		"$(jq -s -c "map(select($small) | .goroutine) | unique" "$file")" "[1]"
	equal "$v: another one by another" \
		"$(jq -s "map(select(.function == \"main.allocPointers\") | .goroutine) | unique | length == 1 and .[0] > 1" "$file")" true
	equal "$v: threads are the program's" "$(jq -s "map(.thread) | unique | .[]" "$file" | while read -r tid; do
		[ -d "/proc/$target/task/$tid" ] || echo "$tid"
	done)" ""
	matches "$v: the whole stack" "$(jq -s -c "map(select($small))[0].stack | map(.function)" "$file")" \
		'^\["main.allocSmall",.*"main.main","runtime.main"\]$'
	wait_for 30 is_probed "$target" 0
	ok "$v: nothing is attached afterwards" $?

	# Some of them only.
	runs "$v-focus" -p "$target" --trace -j --focus allocDeep --ignore allocSmall 1
	wait_for 60 is_probed "$target" 3
	ask "$v" "alloc small 503 0" "alloc deep 1009 0" "alloc pointers 503 0"
	wait_for 60 has_lines "$tmp/$v-focus.out" '"function":"main.allocDeep"' 1009
	stop "$pid"
	equal "$v: --focus and --ignore choose" "$(jq -r .function "$tmp/$v-focus.out" | sort | uniq -c | awk '{ print $1, $2 }')" \
		"1009 main.allocDeep"

	# Who allocates, in the table.
	runs "$v-split" -p "$target" -L goroutine -j -r 1000 0.2
	file=$tmp/$v-split.out
	wait_for 60 is_probed "$target" 3
	ask "$v" "alloc small 3001 0" "run small 503 0 10"
	small='.function == "main.allocSmall"'
	goroutines() {
		jq -s "map(select($small and .goroutine > 0 and .total_alloc_objects >= 1) | .goroutine) | unique | length" "$file"
	}
	has_two() { [ "$(goroutines)" -ge 2 ]; }
	wait_for 60 has_two
	ok "$v: --split goroutine: a row for each" $?
	ask "$v" halt
	equal "$v: main's own" \
		"$(jq -s "map(select($small and .goroutine == 1))[-1].total_alloc_objects" "$file")" 3001
	equal "$v: what is freed is nobody's" "$(jq -s -c "map(select($small) | .inuse_bytes) | unique" "$file")" "[null]"

	# SIGKILL: no clean-up of ours, and still nothing stays.
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	wait_for 30 is_probed "$target" 0
	ok "$v: nothing is attached after SIGKILL" $?
	ask "$v" "alloc small 1009 0"
	ok "$v: and the program lives" $?

	# Where profiling is off: spans tell. What goes into spans of objects of 48 bytes is within one span of each
	# thread; a large object is a span of its own.
	ledger "$v-off" "$(program "$v" exec-stripped)" -rate 0
	target=${ledger_pid[$v-off]}
	runs "$v-refill" -p "$target" --via refill -j -F -r 1000 0.2
	file=$tmp/$v-refill.out
	wait_for 60 is_probed "$target" 3
	ok "$v: --via refill attaches to refills, large objects and the end of collections" $?
	ask "$v-off" "alloc small 1000003 0" "alloc large 101 0"
	wait_for 60 has_lines "$file" '"function":"main.allocLarge"' 2
	latest() { jq -s "(map(.time) | max) as \$last | map(select(.time == \$last and .function == \"$1\").$2) | add" "$file"; }
	equal "$v: large objects are counted" "$(latest main.allocLarge total_alloc_objects)" 101
	equal "$v: with their size" "$(latest main.allocLarge total_alloc_bytes)" $((101 * 40960))
	small=$(latest main.allocSmall total_alloc_objects)
	check "$v: small ones, but for those in spans that are not full: $small" \
		[ $((small > 980000 && small <= 1000003)) = 1 ]
	equal "$v: it is said to be an estimate" "$(jq -s -c 'map([.estimate, .inuse_bytes]) | unique' "$file")" "[[true,null]]"
	matches "$v: stacks" "$(jq -s -c 'map(select(.function == "main.allocSmall"))[0].stack | map(.function)' "$file")" \
		'^\["main.allocSmall",.*"main.main","runtime.main"\]$'
	stop "$pid"
	matches "$v: and in the table" "$("$tools/goalloctop" -p "$target" --via refill 0.1 1)" \
		"estimated from span refills"
	ask "$v" exit
	ask "$v-off" exit
done

# A program that ends takes its probes with it, one that runs another program, too.
ledger ends "$(program "$newest" exec)" -rate 4096
target=${ledger_pid[ends]}
runs ends --via events --by site -j -r 100000 0.2
wait_for 60 is_probed "$target" 3
ok "without a name all Go programs are probed" $?
descriptors() { find "/proc/$pid/fd" -mindepth 1 | wc -l; }
tell ends "exec $(type -P sleep) 60"
wait_for 30 grep -qsx sleep "/proc/$target/comm"
ok "it runs another program" $?
equal "which has no breakpoints" "$(probed "$target")" 0
stop "$pid"
equal "exit status" "$status" 0

refused() { # STATUS MESSAGE ARG...
	local status=$1 want=$2
	shift 2
	"$tools/goalloctop" "$@" >"$tmp/out" 2>"$tmp/err"
	equal "goalloctop $*: exit status, lines out" "$?:$(wc -l <"$tmp/out")" "$status:0"
	matches "goalloctop $*: message" "$(cat "$tmp/err")" "^goalloctop: $want"
}
refused 2 "--via: 'x' is not snapshot, events or refill" --via x
refused 2 "--trace needs --via events" --trace --via snapshot
refused 2 "--trace needs --via events" --trace --via refill
refused 2 "--split is for allocation sites" -L thread
refused 2 "with --split nothing is known of what is in use" -p $$ -L thread --folded
refused 2 "with --via refill nothing is known of what is in use" -p $$ --via refill --folded
refused 2 "--sort: with --via refill only what is allocated" -p $$ --via refill -s inuse

# Without the right to load BPF programs: a clear word where it was asked for, and /proc where it was not.
without() {
	setpriv --bounding-set -sys_admin,-bpf,-perfmon --inh-caps -sys_admin,-bpf,-perfmon --ambient-caps -all -- \
		"$tools/goalloctop" "$@" >"$tmp/out" 2>"$tmp/err"
}
without --via events 0.1 1
equal "not permitted: exit status" $? 3
matches "not permitted: the message says which capability" "$(cat "$tmp/err")" "CAP_BPF|CAP_SYS_ADMIN"
without 0.1 1
equal "the default does without: exit status" $? 0
matches "the default does without, and says so" "$(cat "$tmp/err")" "programs that start are found late"
check "it goes on all the same" grep -q ' loadavg: ' "$tmp/out"
