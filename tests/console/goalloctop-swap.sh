#!/usr/bin/env bash
# Another text takes over while goalloctop counts: in every mode the numbers stay exact, and members that it adds are shown.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/console/goalloctop.sh"
can_trace
OOMTOOLS_GO_VERSIONS=1.24 find_toolchains
program=$("$workloads/go-victim" 1.24 exec ledger)
ok "the program builds" $?
ledger one "$program" -rate 1
ok "it runs" $?
one=${ledger_pid[one]}
comm=$(cat "/proc/$one/comm")
longer_text "$tmp/longer.c"
ok "a text with more members" $?
small=0 # objects allocated there by now, and kept
kept=0
# work N KEEP: prime numbers
work() {
	tell one "alloc small $1 $2"
	small=$((small + $1)) kept=$((kept + $2))
}
work 1009 503
told one

# swaps: the text is changed and changed back while the program allocates
swaps() {
	local i
	for i in 1 2; do
		work 307 101
		echo "load $tmp/longer.c; apply" >&"$console_fd"
		work 401 0
		say "wait 0.1"
		work 211 53
		echo "undo" >&"$console_fd"
		work 503 7
		say "wait 0.1"
	done
	tell one gc
	told one
}
# row JQ: of the last row of allocSmall
row() {
	grep "\"pid\":$one," "$tmp/$console.out" | grep '"function":"main.allocSmall"' | tail -n 1 | jq -c "$1"
}
counted() { # WANTED JQ
	[ "$(row "$2" 2>/dev/null)" = "$1" ]
}
exact() { # DESCRIPTION JQ WANTED
	wait_for 60 counted "$3" "$2"
	equal "$1" "$(row "$2")" "$3"
}

for via in snapshot events; do
	console $via -p "$one" --via $via -j -r 1000 0.2
	say "wait 2 events 60"
	ok "$via: it is watched" $?
	exact "$via: before" '[.total_alloc_objects]' "[$small]"
	swaps
	exact "$via: all are counted, through four changes, and what was freed" \
		'[.total_alloc_objects, .inuse_objects]' "[$small,$kept]"
	say status
	matches "$via: the text is the built-in one again" "$answer" 'built'
	hang_up
	equal "$via: it ends well" "$status" 0
	equal "$via: no complaints" "$(grep -v 'the draft' "$tmp/$via.err")" ""
done

# Starts and ends are told after a change as before it.
console starts -n "$comm" --by program -j 0.2
say "wait 1 events 60" "load $tmp/longer.c" apply
ok "another text runs" $?
ledger two "$program" -rate 1
two=${ledger_pid[two]}
wait_for 30 grep -q "\"pid\":$two," "$tmp/starts.out"
ok "a program that starts is told of" $?
tell two exit
wait_for 30 eval 'grep "\"pid\":$two," "$tmp/starts.out" | grep -q "\"state\":\"exited\""'
ok "and that it ends" $?
hang_up
equal "starts: it ends well" "$status" 0

# Each sampled allocation, in the order in which it was; and what the text tells besides.
console trace -p "$one" --trace -j
say "wait 0.5"
ok "trace: it is watched" $?
first=$small
swaps
traced() {
	[ "$(grep -c '"function":"main.allocSmall"' "$tmp/trace.out")" -ge $((small - first)) ]
}
wait_for 60 traced
say "wait 0.3" "load $tmp/longer.c" apply
work 13 13
told one
wait_for 60 traced
say columns "set json off"
equal "trace: each one once, through four changes" "$(grep -c '"function":"main.allocSmall"' "$tmp/trace.out")" $((small - first))
matches "trace: more columns" "$answer" 'weight +.*word +.*function'
equal "trace: their values in its JSON" "$(grep '"function":"main.allocSmall"' "$tmp/trace.out" | tail -n 13 |
	jq -sc '[length, (map([.weight, .word, .object_bytes]) | unique)]')" '[13,[[4711,"sample",48]]]'
work 3 3
told one
wait_for 60 grep -q ' 4711 *sample main.allocSmall' "$tmp/trace.out"
ok "trace: and in its lines" $?
matches "trace: below heads" "$(grep -A 1 '^TIME' "$tmp/trace.out")" ' weight +word +FUNCTION'
work 5 5
say "set columns pid,word"
work 7 7
told one
wait_for 60 grep -qE "^ *$one +sample\$" "$tmp/trace.out"
ok "trace: only what was chosen" $?
hang_up
equal "trace: it ends well" "$status" 0
matches "trace: nothing was missed" "$(grep -v 'the draft' "$tmp/trace.err")-" '^-$'

# Refills: objects above 32 KiB are exact there.
console refill -p "$one" --via refill -j -r 1000 0.2
say "wait 2 events 60"
tell one "alloc large 53 0"
say "load $tmp/longer.c" apply
tell one "alloc large 53 0"
say undo
told one
larges() { grep '"function":"main.allocLarge"' "$tmp/refill.out" | tail -n 1 | jq .total_alloc_objects; }
wait_for 60 eval '[ "$(larges)" = 106 ]'
equal "refill: large objects, through two changes" "$(larges)" 106
hang_up
equal "refill: it ends well" "$status" 0

# What cannot be: the numbers' maps must stay.
console refused -p "$one" --via events -j 60
sed 's/struct goalloctop_count, 131072/struct goalloctop_count, 1024/' "$tmp/longer.c" >"$tmp/smaller.c" && chmod 600 "$tmp/smaller.c"
say "load $tmp/smaller.c"
echo apply >&"$console_fd"
hang_up
equal "a text with other maps is refused" "$status" 1
matches "and which map it is" "$(cat "$tmp/refused.err")" "sites"

# Members of ours that are missing.
console missing -p "$one" --trace
sed 's/^	__u64 bucket;/	__u32 bucket;/' "$tmp/longer.c" >"$tmp/missing.c" && chmod 600 "$tmp/missing.c"
say "load $tmp/missing.c"
echo apply >&"$console_fd"
hang_up
equal "a text with a member of another size is refused" "$status" 1
matches "and which member it is" "$(cat "$tmp/missing.err")" "bucket"

# At the start likewise, without a console.
timeout 60 "$goalloctop" -p "$one" --trace -j --probe "$tmp/longer.c" >"$tmp/probe.out" 2>"$tmp/probe.err" &
at_exit stop_quietly $!
wait_for 60 eval 'tell one "alloc small 1 0"; told one; grep -q "\"weight\":4711,\"word\":\"sample\"" "$tmp/probe.out"'
ok "--probe: more members without a console" $?
timeout 60 "$goalloctop" -p "$one" --trace --probe "$tmp/missing.c" >"$tmp/out" 2>"$tmp/err"
equal "--probe: one of another size: exit status" $? 1
matches "--probe: and it is said" "$(cat "$tmp/err")" "bucket"

# No probe: the commands for it say why.
unshare --pid --fork --mount-proc timeout 60 "$goalloctop" -c 'show; maps' 60 >"$tmp/out" 2>"$tmp/err"
equal "without a probe: show works, maps does not" "$?:$(grep -c loadavg "$tmp/out")" 1:1
matches "without a probe: why" "$(tail -n 1 "$tmp/err")" 'PID namespace'
