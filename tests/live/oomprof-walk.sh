#!/usr/bin/env bash
# The walk over large, damaged and hurried heap profiles: what is missing is counted, to the last bucket.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
OOMTOOLS_GO_VERSIONS="${OOMTOOLS_WALK_VERSIONS:-1.19 1.24 1.27}" find_toolchains
buckets=$builddir/tests/live/buckets
count=0

watch() { # NAME OPTION...: an oomprof of its own; its pid is in $pid
	local name=$1
	shift
	start "$name" oomprof -j -n 0 -o "$tmp/$name" "$@"
}
# victim NAME COMMAND LIMIT OPTION...: a Go program in a cgroup, its buckets spoilt by tests/live/buckets, then
# killed. Sets $had, the number of its buckets, $printed, what COMMAND has printed, and $victim.
victim() {
	local dir name=$1 command=$2
	count=$((count + 1))
	dir=$(memcg_make "$name$count" "$3") || return
	at_exit memcg_remove "$dir"
	shift 3
	# Without collections, which go through all buckets too. Of a dozen threads all can go on with a walk.
	export GOGC=off
	memcg_start "$dir" "$program" -rate 1 -grow 200 -stop "$@" >"$tmp/ready"
	victim=$!
	unset GOGC
	wait_for 120 is_stopped "$victim"
	had=$("$buckets" count "$victim")
	printed=
	[ "$command" = none ] || printed=$("$buckets" "$command" "$victim") || echo "# $command failed"
	kill -CONT "$victim"
	wait "$victim" 2>/dev/null
}
is_stopped() { [ "$(sed 's/.*) //; s/ .*//' "/proc/$1/stat")" = T ]; }
told() { # NAME: the line of the last victim
	until_line 120 "$tmp/$1.out" "\"pid\":$victim," >"$tmp/line"
}
number() { json "$tmp/line" "$1"; }
# Buckets that came into being between the count and the kill, those of the growing, are few.
close_to() { # DESCRIPTION GOT WANT
	[ "$2" -ge "$3" ] && [ "$2" -le $(($3 + 20)) ]
	ok "$1" $? || echo "# got $2, want $3 or a few more"
}

while read -r version _; do
	program=$("$workloads/go-victim" "$version" exec leaky 2>"$tmp/log")
	name="Go $version"
	watch "page$version"
	victim page hide $((96 << 20)) -buckets 5000
	told "page$version"
	equal "$name, a page in the middle cannot be read: it costs what lies on it" "$(number buckets_unreadable)" "$printed"
	close_to "$name, all others are there" "$(number buckets_read)" $((had - printed))
	equal "$name, and it is said" "$(number walk_complete)" false
	victim circle circle $((96 << 20)) -buckets 5000
	told "page$version"
	close_to "$name, a list in a circle: all are found" "$(number buckets_read)" "$had"
	equal "$name, and something is wrong" "$(number buckets_damaged)" 1
	stop "$pid"
done <<<"$toolchains"

program=$("$workloads/go-victim" 1.24 exec leaky 2>"$tmp/log")
watch broken
victim broken break $((96 << 20)) -buckets 5000
told broken
close_to "a link to nowhere: all are found" "$(number buckets_read)" "$had"
equal "the place where there is nothing is one that cannot be read" "$(number buckets_unreadable)" 1
stop "$pid"

watch hurried --max-walk 1ms
victim hurried none $((160 << 20)) -buckets 30000
told hurried
echo "# $had buckets: $(jq -c '[.buckets_read, .buckets_lost, .walk_threads, .walk_longest_hold_us, .walk_complete]' "$tmp/line")"
if [ "$(number walk_complete)" = true ]; then
	close_to "with a millisecond for each thread: all by many threads" "$(number buckets_read)" "$had"
	check "there were several" test "$(number walk_threads)" -gt 1
else
	check "with a millisecond for each thread: part of it, and that is said" test "$(number buckets_read)" -lt "$had"
	check "there were several" test "$(number walk_threads)" -gt 1
fi
stop "$pid"

watch narrow --ring 16K
victim narrow none $((160 << 20)) -buckets 30000
told narrow
echo "# $had buckets: $(jq -c '[.buckets_read, .buckets_lost, .walk_threads, .walk_longest_hold_us, .walk_complete]' "$tmp/line")"
sum=$(($(number buckets_read) + $(number buckets_lost)))
if [ "$sum" -ge "$had" ]; then
	close_to "a tiny ring: what is not read is counted as lost" "$sum" "$had"
else
	equal "a tiny ring: what is not reached is said" "$(number walk_complete)" false
fi
stop "$pid"

if [ "${OOMTOOLS_WALK_MOST:-1000000}" -gt 0 ]; then
	watch million --ring 512M --max-walk 10
	victim million none $((1200 << 20)) -buckets "${OOMTOOLS_WALK_MOST:-1000000}"
	told million
	close_to "${OOMTOOLS_WALK_MOST:-1000000} buckets in one profile" "$(number buckets_read)" "$had"
	equal "and nothing is missing" "$(number walk_complete)" true
	echo "# $(jq -c '[.walk_threads, .walk_longest_hold_us, .kill_to_file_us]' "$tmp/line"); $(grep -E 'VmHWM|VmRSS' "/proc/$pid/status" | tr -s '\n\t' ' ')"
	check "the file is whole" gzip -t "$(number file)"
	stop "$pid"
fi

watch deep
export GODEBUG=profstackdepth=1024
victim deep none $((96 << 20)) -depth 1000
unset GODEBUG
told deep
equal "stacks of 1,000 frames: none is cut" "$(number buckets_cut)" 0
samples "$(number file)" >"$tmp/samples"
equal "and they are there from end to end" "$(awk '$1 == "sample" && $6 == "bytes:[1024]" && $7 ~ /^main.leakDeep\|/ {
	main = / main\.main\|/
	print gsub(/main\.leakDeep\|/, ""), main }' "$tmp/samples")" "1000 1"
stop "$pid"
