#!/usr/bin/env bash
# oomkill beyond the line: what is recorded is what was printed, and is shown again the same; filters; nothing is
# lost when it ends while kills wait. Kills come in the order of the kernel's log.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
begun=$(cut -d ' ' -f 1 /proc/uptime)

where=$(memcg_parent)/oomtools-$$-wanted # not there yet
start line oomkill --record "$tmp/line.rec"
tools_running=("$pid")
start all oomkill -j --record "$tmp/all.rec"
tools_running+=("$pid")
start wanted oomkill --cgroup "$where" -n hog -u "$(id -u)"
tools_running+=("$pid")
start other oomkill --cgroup "$where/other"
tools_running+=("$pid")
start global oomkill -g
tools_running+=("$pid")
start classic oomkill
tools_running+=("$pid")

kill_in unwanted $((16 << 20)) "$hog" 32
unwanted=$victim
kill_in wanted $((16 << 20)) "$hog" 32
wanted=$victim
for name in line all wanted classic; do
	until_line 10 "$tmp/$name.out" "(OOM kill of PID |\"victim_pid\":)${wanted}[ ,]" >/dev/null
	ok "$name: the kill is told" $?
done
equal "filters: the wanted one only" "$(grep -c "OOM kill of PID $unwanted " "$tmp/wanted.out")" 0
equal "filters: another cgroup, the whole machine: neither" \
	"$(grep -cE "OOM kill of PID ($wanted|$unwanted) " "$tmp/other.out" "$tmp/global.out" | sed 's/.*://' | xargs)" "0 0"
event() { # FILE: what is known of the wanted kill
	jq -c "select(.victim_pid == $wanted)" "$1" >"$tmp/event"
}
event "$tmp/all.out"
equal "its story was waited for" "$(json "$tmp/event" is_over)" true
equal "its command line" "$(json "$tmp/event" victim_command_line)" "$hog 32"
equal "its parent" "$(json "$tmp/event" victim_parent_pid)" $$
matches "what it gave back" "$(json "$tmp/event" freed_bytes)" '^[0-9]{8}$'

# The PID of a victim is used again, by the next one.
kill_in again $((16 << 20)) "$builddir/tests/workloads/with-pid" "$wanted" "$hog" 48
again=$(until_line 10 "$tmp/all.out" "\"victim_pid\":$wanted,.*\"victim_command_line\":\"$hog 48\"" | jq -c .is_over)
equal "another process with a victim's PID is told of, with its story" "$again" true

# Many at once, and an end in the middle of them: the last have not been waited for.
for i in {1..5}; do
	dir=$(memcg_make "end$i" $((8 << 20)))
	at_exit memcg_remove "$dir"
	memcg_start "$dir" "$hog" 16 >&2
	last[i]=$!
done
wait "${last[@]}" 2>/dev/null
for pid in "${tools_running[@]}"; do
	stop "$pid"
	equal "SIGTERM ends it well" "$status" 0
done
ours=$(IFS='|' && echo "$unwanted|$wanted|${last[*]}")
told() { # FILE: our victims in it, in order
	grep -oE "(OOM kill of PID |\"victim_pid\":)($ours)[ ,]" "$1" | grep -oE '[0-9]+' | xargs
}
# Before that others may have had these PIDs.
log=$(dmesg | awk -F '[][ ]+' -v begun="$begun" '$2 >= begun' | grep -oE "Killed process ($ours) " | grep -oE '[0-9]+' | xargs)
equal "the kernel has killed all" "$(wc -w <<<"$log")" 8
for name in line.out all.out classic.out all.rec line.rec; do
	equal "$name: all of them, in the kernel's order" "$(told "$tmp/$name")" "$log"
done

# Others may have been killed meanwhile: each file has what its own tool has printed.
check "--record is what -j prints" cmp "$tmp/all.out" "$tmp/all.rec"
"$tools/oomkill" -j --replay "$tmp/all.rec" >"$tmp/again"
check "--replay -j: the same" cmp "$tmp/all.rec" "$tmp/again"
"$tools/oomkill" --replay "$tmp/line.rec" >"$tmp/again"
check "--replay: the line that was printed" cmp "$tmp/again" <(grep Triggered "$tmp/line.out")
equal "a replay through filters" "$("$tools/oomkill" --replay "$tmp/all.rec" --cgroup "$where" -p "$wanted" -j | jq -c .)" \
	"$(cat "$tmp/event")"

# -d ends it as well, with a kill that waits.
"$tools/oomkill" -j -d 2 >"$tmp/timed.out" 2>"$tmp/timed.err" &
timed=$!
wait_for 180 grep -q 'Ctrl-C to stop' "$tmp/timed.err"
kill_in timed $((8 << 20)) "$hog" 16
wait "$timed"
equal "-d: what waits is printed" "$?:$(told "$tmp/timed.out"):$(grep -c "\"victim_pid\":$victim," "$tmp/timed.out")" 0::1

# What cannot tell it is refused.
"$tools/oomkill" --ebpf >"$tmp/text.c"
"$builddir/libexec/oomtools-compile" --name oomkill -D PROBE_MARK_VICTIM -o "$tmp/image" "$tmp/text.c" 2>"$tmp/err"
"$tools/oomkill" -x -d 0.1 --image "$tmp/image" >"$tmp/out" 2>"$tmp/err"
equal "an image without the story" "$?:$(grep -c 'made without -DOOMKILL_STORY' "$tmp/err")" 1:1
sed 's/OOMKILL_STORY/OLDER/' "$tmp/text.c" >"$tmp/older.c"
"$tools/oomkill" -j -d 0.1 --probe "$tmp/older.c" >"$tmp/out" 2>"$tmp/err"
equal "a text without the story" "$?:$(grep -c 'is the text of an older oomkill' "$tmp/err")" 1:1
