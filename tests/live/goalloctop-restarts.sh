#!/usr/bin/env bash
# A function whose stack is too small, or whose goroutine is to be preempted, begins anew: it passes its probe twice and
# must be counted once. A program of each Go version allocates on stacks that are full to all degrees, and while
# collections stop it all the time. What is counted is compared with its books, and with what a text counts that does not
# ask whether the function begins anew: that is too much.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
. "$srcdir/tests/live/ledger.sh"
can_trace
find_toolchains

"$tools/goalloctop" --via refill --ebpf >"$tmp/text"
sed 's/ && JUMPS(ctx))/ \&\& 0)/' "$tmp/text" >"$tmp/blind.c"
equal "one line of the probe asks" "$(diff "$tmp/text" "$tmp/blind.c" | grep -c '^>')" 1

# watch NAME OPTION...: goalloctop in the background; its pid is in $pid.
watch() {
	local name=$1
	shift
	"$tools/goalloctop" -p "${ledger_pid[$v]}" --via refill --by function -j -r 1000 "$@" 0.2 \
		>"$tmp/$name.out" 2>"$tmp/$name.err" &
	pid=$!
	at_exit stop_quietly "$pid"
	wait_for 60 is_probed 3
}
is_probed() { # NUMBER
	[ "$("$builddir/tests/live/breakpoints" "${ledger_pid[$v]}")" = "$1" ]
}
# shown NAME: how many objects it has seen by now. By their bytes: now and then a collection begins there, for which the
# runtime wants something small.
shown() {
	jq -s 'map(select(.function == "main.allocLarge").total_alloc_bytes) | (max // 0) / 40960 | floor' "$tmp/$1.out"
}
shows() { # NAME NUMBER
	[ "$(shown "$1")" -ge "$2" ]
}
allocated() { # by its books
	jq 'map(select(.site == "large").allocated) | add' <<<"$said"
}

# A probe that does not ask.
blind() {
	watch "$v-blind" --probe "$tmp/blind.c"
	ok "$v: a blind probe watches" $?
	ask "$v" "grow large 1535"
	wait_for 60 shows "$v-blind" 1536
	ok "$v: functions begin anew: it counts too many" $?
	stop "$pid"
	equal "$v: without a message" "$(cat "$tmp/$v-blind.err")" ""
	wait_for 60 is_probed 0
	ok "$v: it is gone" $?
}

while read -r v _; do
	program=$("$workloads/go-victim" "$v" exec ledger 2>"$tmp/log")
	ok "$v: builds" $?
	ledger "$v" "$program" -rate 0
	case $v in
	1.21 | 1.22 | 1.23) ;; # another function asks for as much stack, just before
	*) blind ;;
	esac
	ask "$v" books
	before=$(allocated)
	watch "$v"
	ok "$v: the true one watches" $?
	ask "$v" "grow large 1535"
	wait_for 60 shows "$v" 1535
	equal "$v: small stacks: each object is counted once" "$(shown "$v")" 1535
	tell "$v" "gogc 1" "run large 53 0 1" "run large 47 0 1" "run large 43 0 1" "run large 41 0 1"
	sleep 2
	ask "$v" halt books
	want=$(($(allocated) - before))
	check "$v: much is allocated" [ "$want" -gt 1000 ]
	wait_for 60 shows "$v" "$want"
	equal "$v: preempted: each object is counted once" "$(shown "$v")" "$want"
	ask "$v" stats
	check "$v: by so many collections: $(jq .num_gc <<<"$said")" [ "$(jq .num_gc <<<"$said")" -gt 20 ]
	stop "$pid"
	equal "$v: exit status, messages" "$status:$(cat "$tmp/$v.err")" "0:"
	ask "$v" exit
done <<<"$toolchains"
