#!/usr/bin/env bash
# What oomkill does besides printing, on real kills: a command for each (--exec) and a file of counters (--prom).
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
mkdir "$tmp/of" "$tmp/disk"
mount -t tmpfs -o size=256k none "$tmp/disk" 2>/dev/null || skip_all "cannot mount a small filesystem"
at_exit umount -l "$tmp/disk"

# /bin/sh runs this for each kill: what it is like goes into files named after the victim.
cat >"$tmp/command" <<-'EOT'
	me=$OUT/$OOMKILL_VICTIM_PID
	for f in /proc/$$/fd/*; do
		[ ! -h "$f" ] || fds="$fds ${f##*/}"
	done
	echo $fds >"$me.fds"
	readlink /proc/$$/fd/0 >"$me.input"
	grep -E '^Sig(Blk|Ign):' /proc/$$/status | sort -u -k 2 | cut -f 2 >"$me.signals"
	cut -d ' ' -f 6 /proc/$$/stat | grep -cx $$ >"$me.session"
	env -0 >"$me.env"
	echo "the command speaks of $OOMKILL_VICTIM_PID"
	case $OOMKILL_VICTIM_COMM in
	fails) exit 7 ;;
	hangs) echo $$ >"$me.pid" && exec sleep 1000 ;;
	esac
	: >"$me.done"
EOT
# Those descriptors, that signal and that variable of the tool's are none of the command's.
exec 8</dev/null 9<"$tmp"
trap '' USR1 PIPE
OUT=$tmp/of OOMKILL_OLD=1 start sinks oomkill -j --exec "$(cat "$tmp/command")" --prom "$tmp/kills.prom"
sinks=$pid
trap - USR1 PIPE
exec 8<&- 9<&-
start disk oomkill --prom "$tmp/disk/kills.prom"
disk=$pid

two=$(memcg_make two $((16 << 20)))
one=$(memcg_make one $((16 << 20)))
at_exit memcg_remove "$two" "$one"
cgroup_of() { # DIRECTORY: as the kernel and the tool name it
	sed -E 's,^/sys/fs/cgroup(/memory)?,,' <<<"$1"
}
killed_in() { # DIRECTORY NAME
	memcg_start "$1" "$hog" -n "$2" 32 >&2
	victim=$!
	wait "$victim" 2>/dev/null
}
is_done() { # PID
	[ -e "$tmp/of/$1.done" ]
}
counted() { # FILE DIRECTORY: the kills there, by that file
	awk -v series="oomkill_kills_total{domain=\"memcg\",cgroup=\"$(cgroup_of "$2")\"}" \
		'$1 == series { n = $2 } END { print n + 0 }' "$1"
}
counts() { # FILE DIRECTORY NUMBER
	[ "$(counted "$1" "$2")" = "$3" ]
}
is_whole() { # FILE
	tail -n 1 "$1" | grep -qE '^oomkill_start_time_seconds [0-9]+\.[0-9]{3}$'
}

# A reader that looks all the time must find a whole file.
while [ -e "$tmp/of" ]; do
	is_whole "$tmp/kills.prom" || echo half
	sleep 0.05
done >"$tmp/halves" 2>&1 &
reader=$!
check "--prom: a whole file before the first kill" is_whole "$tmp/kills.prom"
equal "--prom: others may read it" "$(stat -c %a "$tmp/kills.prom")" 644
exec 7<"$tmp/kills.prom"

killed_in "$two" hangs
hangs=$victim
wait_for 30 test -s "$tmp/of/$hangs.pid"
ok "--exec: a command for the first kill, which hangs" $?
at_exit kill "$(cat "$tmp/of/$hangs.pid")"
killed_in "$one" fails
fails=$victim
killed_in "$two" plain
plain=$victim
wait_for 30 is_done "$plain"
ok "--exec: one that hangs does not hold up the next ones" $?
check "it still hangs" kill -0 "$(cat "$tmp/of/$hangs.pid")"
until_line 30 "$tmp/sinks.err" "the command for PID $fails " >"$tmp/failed"
equal "--exec: a failing one is said, once" "$(cat "$tmp/failed"):$(grep -c "PID $fails " "$tmp/sinks.err")" \
	"oomkill: warning: the command for PID $fails (\"fails\") ended with status 7:1"

# What a command gets.
at=$tmp/of/$plain
equal "--exec: no descriptor but the first three" "$(cat "$at.fds")" "0 1 2"
equal "--exec: nothing to read" "$(cat "$at.input")" /dev/null
equal "--exec: no signal blocked or ignored" "$(cat "$at.signals")" 0000000000000000
equal "--exec: a session of its own" "$(cat "$at.session")" 1
equal "--exec: what it prints is not among the JSON" "$(grep -c 'the command speaks' "$tmp/sinks.out"):$(
	jq -c . "$tmp/sinks.out" | wc -l)" "0:$(wc -l <"$tmp/sinks.out")"
equal "but on standard error" "$(grep -cx "the command speaks of $plain" "$tmp/sinks.err")" 1
jq -c "select(.victim_pid == $plain)" "$tmp/sinks.out" >"$tmp/event"
# Each fact that JSON has (stacks apart), the same; and no other variable of that kind.
jq -Rs 'split("\u0000") | map(select(startswith("OOMKILL_")) | capture("^(?<key>[^=]*)=(?<value>(.|\n)*)")) |
	from_entries | del(.OOMKILL_LINE, .OOMKILL_MEMBERS, .OOMKILL_MEMBER_PIDS)' "$at.env" >"$tmp/has"
jq 'with_entries(select(.key | endswith("stack_cut") | not) |
	select(.value | type == "string" or type == "number" or type == "boolean") |
	.key |= "OOMKILL_" + ascii_upcase | .value |= tostring)' "$tmp/event" >"$tmp/wanted"
numbers() { # FILE: 1.50 is 1.5
	jq -S 'map_values(tonumber? // .)' "$1"
}
check "--exec: the environment has what JSON has, and what is null is not set" \
	diff <(numbers "$tmp/has") <(numbers "$tmp/wanted")
equal "among it" "$(jq -r '[.OOMKILL_VICTIM_PID, .OOMKILL_VICTIM_COMM, .OOMKILL_MEMCG_PATH,
	has("OOMKILL_VICTIM_CONTAINER_NAME"), .OOMKILL_IS_OVER] | @tsv' "$tmp/has" | xargs)" \
	"$plain plain $(cgroup_of "$two") false true"
equal "OOMKILL_LINE is the line" "$(tr '\0' '\n' <"$at.env" | sed -n 's/^OOMKILL_LINE=//p')" \
	"$("$tools/oomkill" --replay "$tmp/event")"
equal "none has died with it" "$(tr '\0' '\n' <"$at.env" | grep OOMKILL_MEMBER | sort | xargs)" \
	"OOMKILL_MEMBERS=0 OOMKILL_MEMBER_PIDS="

# The counters.
wait_for 10 counts "$tmp/kills.prom" "$two" 2
equal "--prom: kills of each cgroup" "$(counted "$tmp/kills.prom" "$two") $(counted "$tmp/kills.prom" "$one")" "2 1"
of_kernel=$(awk '$1 == "oom_kill" { print $2 }' "$two/memory.oom_control" "$two/memory.events" 2>/dev/null)
equal "as many as the kernel has counted" "$(counted "$tmp/kills.prom" "$two")" "$of_kernel"
bytes=$(jq -s "map(select(.victim_pid == $plain or .victim_pid == $hangs) | .victim_rss_bytes) | add" "$tmp/sinks.out")
equal "--prom: the victims' memory" "$(grep -F "$(cgroup_of "$two")\"}" "$tmp/kills.prom" | grep victim | sed 's/{.*}//' | xargs)" \
	"oomkill_victims_total 2 oomkill_victim_bytes_total $bytes"
equal "--prom: another file took its place" "$(stat -c %i "$tmp/kills.prom" | grep -cvx "$(stat -L -c %i /proc/$$/fd/7)")" 1
equal "the old one, still open, is as it was" "$(cat <&7 | grep -c "$(cgroup_of "$two")"):$(is_whole /proc/$$/fd/7 && echo whole)" 0:whole

# A disk that becomes full: what is there stays, the tool goes on.
wait_for 10 counts "$tmp/disk/kills.prom" "$two" 2
cp "$tmp/disk/kills.prom" "$tmp/before"
cat /dev/zero 2>/dev/null >"$tmp/disk/filler"
killed_in "$one" late
until_line 10 "$tmp/disk.err" 'cannot write' >"$tmp/said"
equal "--prom: a full disk is said" "$(cat "$tmp/said")" \
	"oomkill: warning: cannot write $tmp/disk/kills.prom: No space left on device; what is there stays, and it is tried again every second"
killed_in "$one" later
until_line 10 "$tmp/disk.out" "OOM kill of PID $victim " >/dev/null
ok "kills are still told" $?
sleep 1.2
equal "it is said once" "$(grep -c 'cannot write' "$tmp/disk.err")" 1
check "the file is the last that could be written" cmp "$tmp/before" "$tmp/disk/kills.prom"
equal "and nothing half written is left" "$(cd "$tmp/disk" && find . -type f | sort | xargs)" "./filler ./kills.prom"
rm "$tmp/disk/filler"
wait_for 10 counts "$tmp/disk/kills.prom" "$one" 3
ok "with room again it catches up by itself" $?
wait_for 10 is_done "$victim"

for p in $sinks $disk; do
	stop "$p"
	equal "it ends well" "$status" 0
done
equal "the last state is in the file" "$(counted "$tmp/kills.prom" "$one")" 3
rm -r "$tmp/of"
wait "$reader"
equal "--prom: never half a file" "$(sort "$tmp/halves" | uniq -c)" ""
