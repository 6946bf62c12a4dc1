#!/usr/bin/env bash
# The tools while they run: killed, stopped for so long that the ring is full, two at once, nowhere to print to.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
mkdir "$tmp/tmp" "$tmp/out"
export TMPDIR=$tmp/tmp
storm=$builddir/tests/workloads/storm
for i in 1 2 3 4; do
	cgroups[i]=$(memcg_make "fire$i" $((4 << 20)))
	at_exit memcg_remove "${cgroups[i]}"
done
# kills N: that many; their PIDs are in $tmp/victims
kills() {
	"$storm" "$1" 4 0 "${cgroups[@]}" | cut -d ' ' -f 1 >"$tmp/victims"
	[ "$(wc -l <"$tmp/victims")" = "$1" ]
}
ids_of() { # PID: of the BPF programs that it holds
	sed -n 's/^prog_id:[[:space:]]*//p' "/proc/$1/fdinfo/"* 2>/dev/null | sort -u
}
loaded() { # how many of $ids the kernel has
	"$builddir/tests/live/bpf_ids" | grep -cxFf <(echo "$ids")
}
none_loaded() { [ "$(loaded)" = 0 ]; }

# Two start at the same moment, with nothing in the cache: both compile.
"$tools/oomkill" -j >"$tmp/one.out" 2>"$tmp/one.err" &
one=$!
"$tools/oomkill" -j >"$tmp/two.out" 2>"$tmp/two.err" &
two=$!
"$tools/oomprof" -o "$tmp/out" >"$tmp/prof.out" 2>"$tmp/prof.err" &
prof=$!
for p in $one $two $prof; do at_exit stop_quietly "$p"; done
wait_for 120 is_started one "$one" && wait_for 120 is_started two "$two" && wait_for 120 is_started prof "$prof"
ok "two oomkill and an oomprof start at once" $?
equal "the cache holds whole images, and nothing else" \
	"$(find "$OOMTOOLS_CACHE_DIR" -mindepth 1 ! -name '*.image' | wc -l):$(find "$OOMTOOLS_CACHE_DIR" -name '*.image' | wc -l)" 0:2
equal "which the next one uses" "$("$tools/oomkill" -j -d 0.05 -v 2>&1 | grep -c 'image from the cache')" 1
kills 7
ok "seven kills" $?
for name in one two; do
	while read -r victim; do
		until_line 20 "$tmp/$name.out" "\"victim_pid\":$victim," >/dev/null || echo "$victim"
	done <"$tmp/victims" >"$tmp/missing"
	equal "$name tells of each" "$(cat "$tmp/missing")" ""
done

# Killed: nothing stays attached.
for p in $one $prof; do
	ids=$(ids_of "$p")
	equal "what $p has loaded is seen" "$(loaded)" "$(wc -l <<<"$ids")"
	kill -KILL "$p"
	wait "$p" 2>/dev/null
	wait_for 20 none_loaded
	ok "killed, it leaves no BPF program" $?
done
stop "$two"
equal "the other one ends well" "$status" 0
equal "no temporary file is left" "$(ls -A "$TMPDIR")" ""

# A ring of two pages, and nobody who reads it. The rest is counted, and said to the last one.
"$tools/oomkill" --ebpf | sed -E 's/^#define RING_PAGES [0-9]+$/#define RING_PAGES 2/' >"$tmp/small.c"
check "the ring can be made smaller" grep -q '^#define RING_PAGES 2$' "$tmp/small.c"
start small oomkill -j --probe "$tmp/small.c"
small=$pid
start whole oomkill -j
whole=$pid
kill -STOP "$small"
wait_for 20 grep -q '^State:.T' "/proc/$small/status"
now() { # CLOCK_MONOTONIC, in ns, cut to hundredths of a second; there is no suspend here
	awk '{ printf "%.0f\n", $1 * 1e9 }' /proc/uptime
}
begin=$(now)
kills 41
ok "41 kills while it is stopped" $?
kill -CONT "$small"
missing_said() { grep -q ' [0-9]* kills are missing: the ring was full$' "$tmp/small.err"; }
wait_for 20 missing_said
ok "it says that some are missing" $?
end=$(($(now) + 10000000))
stop "$small"
stop "$whole"
missing=$(sed -nE 's/^oomkill: warning: ([0-9]+) kills are missing: the ring was full$/\1/p' "$tmp/small.err" | awk '{ n += $1 } END { print n + 0 }')
told() { # NAME: kills in that time; those of other programs on this machine among them
	jq -r '.kernel_time_ns' "$tmp/$1.out" | awk -v begin="$begin" -v end="$end" '$1 >= begin && $1 <= end' | wc -l
}
equal "what it tells and what is missing is all there was" "$(($(told small) + missing))" "$(told whole)"
check "most are missing" test "$missing" -ge 20
check "those that were there are told" test "$(told small)" -ge 1
equal "no line is torn" "$(jq -c . "$tmp/small.out" | wc -l)" "$(wc -l <"$tmp/small.out")"

# Standard output is a full disk by the time there is something to print.
"$tools/oomkill" -j >/dev/full 2>"$tmp/full.err" &
full=$!
at_exit stop_quietly "$full"
wait_for 60 grep -q 'Ctrl-C to stop' "$tmp/full.err"
kills 1
wait "$full"
equal "it ends, with status 1" "$?" 1
matches "and says why" "$(tail -n 1 "$tmp/full.err")" '^oomkill: cannot print: No space left on device$'
