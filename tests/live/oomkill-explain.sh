#!/usr/bin/env bash
# oomkill -x against the kernel's own log: the numbers of the block, on a real kill, and that it is fit to be read.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
[ -r /dev/kmsg ] && dmesg >/dev/null 2>&1 || skip_all "the kernel log cannot be read"

start text oomkill -x --record "$tmp/record"
text=$pid

# block PID: the line on that victim, and the block below it
block() {
	awk -v victim="OOM kill of PID $1 " '/ Triggered by PID / { mine = index($0, victim) } mine' "$tmp/text.out"
}
# told PID: its block ends with how the machine was
told() {
	block "$1" | grep -q '^OOM: load '
}
# size BYTES: as the block has it
size() {
	awk -v b="$1" 'BEGIN {
		split("B K M G T", unit)
		for (i = 1; b >= 1023.95 && i < 5; i++) b /= 1024
		printf(i > 1 ? "%.1f%s" : "%d%s", b, unit[i])
	}'
}
# has DESCRIPTION PID EXTENDED-REGEX: what the block says, its rows joined
has() {
	matches "$1" "$(block "$2" | sed -E 's/^OOM: +//' | xargs -0 | tr '\n' ' ')" "$3"
}

kill_in plain $((48 << 20)) "$hog" -t 3 -n 'hog\x1b[2J' 64 'two words'
ok "the hog was killed" $?
check "it is told of" wait_for 20 told "$victim"
block "$victim" | sed 's/^/# /'
until_line 10 "$tmp/record" "\"victim_pid\":$victim," >"$tmp/event"
bytes() { # KEY: tests/live/oomkill.sh compares it with the kernel log, to the page
	size "$(json "$tmp/event" "victim_$1_bytes")"
}
domain=$(of_kernel "$victim" '^.*oom-kill:')
path=$(field "$domain" oom_memcg)
invoked=$(dmesg | awk -v end="oom-kill:.*,pid=$victim," '/ invoked oom-killer/ { begin = $0 } $0 ~ end { print begin; exit }')
flags=$(sed -nE 's/.*gfp_mask=0x[0-9a-f]+\(([^)]*)\).*/\1/p' <<<"$invoked")
pages=$((48 << 20 >> 12))

matches "the line is as without -x" "$(block "$victim" | head -n 1)" \
	"^[0-9:]{8} Triggered by PID [0-9]+ \(\"[^\"]*\"\), OOM kill of PID $victim \(\"[^\"]*\"\), $pages pages, loadavg: "
equal "the memcg is the kernel's" "$(block "$victim" | sed -E '/^OOM: allocation/Q; s/^OOM: +//' | tail -n +2 |
	tr -d ' \n' | sed -E 's/^memcg//; s/,limit.*//')" "$path"
has "its limit and usage" "$victim" 'limit 48\.0M( \(hit [0-9]+ times?\))?, usage 48\.0M'
has "the allocation, in the kernel's words" "$victim" "allocation: order 0 \(4\.0K\), ${flags//|/\\|}( \([a-z ]+\))?, by the victim"
has "the victim" "$victim" "\*KILL\* proc $victim 'hog\\\\x1b\[2J', points [0-9.]+M \([0-9.]+% of 48\.0M\)"
has "its page tables and adjustment" "$victim" "page tables $(bytes pgtables), adj 0"
has "the parts of its memory" "$victim" "anon $(bytes anon), file $(bytes file), shmem $(bytes shmem)"
has "who it was" "$victim" "uid 0, parent $$ '[^']+', age [0-9.]+ m?s, [1-4] threads?, in that memcg"
has "its command line" "$victim" "command: $hog -t 3 -n hog.x1b\[2J 64 two words"
has "how it ended" "$victim" 'took [0-9.]+ m?s: signal after [0-9.]+ m?s, exit after [0-9.]+ m?s, [0-9.]+M freed, usage then '
has "the machine" "$victim" "machine: [0-9.]+[MG] available / $(size $(($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) * 1024))), "
has "the load" "$victim" 'load [0-9.]+ [0-9.]+ [0-9.]+ (rising|falling|steady), psi '

# The points are what the kernel's own numbers add up to, but for what has not been added up on each CPU.
sum=$((($(json "$tmp/event" victim_rss_bytes) + $(json "$tmp/event" victim_swap_bytes) + $(json "$tmp/event" victim_pgtables_bytes)) / 4096))
points=$(json "$tmp/event" victim_points)
echo "# points $points, its parts $sum"
check "the points are the sum of their parts" test $((points - sum < 512 && sum - points < 512)) = 1
equal "gfp_flags is the kernel's" "$(json "$tmp/event" gfp_flags)" "$flags"

# A group of 13 and a victim that is hit below the domain; cgroup v1 has no groups.
if [ -e "$cgroup/memory.oom.group" ]; then
	cgroup=$(memcg_make group $((48 << 20)))
	at_exit memcg_remove "$cgroup"
	echo 1 >"$cgroup/memory.oom.group"
	memcg_start "$cgroup" bash -c "for i in {1..11}; do sleep 99 & done; $hog 64; true" >/dev/null 2>&1
	wait $!
	wait_for 20 grep -q '^OOM: *= ' "$tmp/text.out"
	until_line 10 "$tmp/record" '"why":"memory.oom.group"' >"$tmp/event"
	victim=$(json "$tmp/event" victim_pid)
	check "the group is told of" wait_for 20 told "$victim"
	block "$victim" | sed 's/^/# /'
	has "who died with it" "$victim" "\+ proc [0-9]+ '(sleep|bash)', [0-9.]+[KM], memory\.oom\.group"
	has "a bounded list" "$victim" '\+ \.\.\. and 2 more = 13 processes, ~[0-9.]+M'
fi

equal "pages are no unit there" "$(grep '^OOM:' "$tmp/text.out" | grep -c '[0-9] pages')" 0
equal "no line is longer than 100 columns" "$(grep '^OOM:' "$tmp/text.out" | grep -cE '.{101}')" 0
equal "nothing in it controls a terminal" "$(LC_ALL=C grep -c '[[:cntrl:]]' "$tmp/text.out")" 0
stop "$text"
equal "SIGTERM ends it well" "$status" 0
cp "$tmp/text.out" "$tmp/told"
"$tools/oomkill" -x --replay "$tmp/record" >"$tmp/replayed"
equal "a recording is explained alike" "$?:$(cat "$tmp/replayed")" "0:$(grep -v '^Tracing' "$tmp/told")"
