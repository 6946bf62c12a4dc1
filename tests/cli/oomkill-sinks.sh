#!/usr/bin/env bash
# oomkill --exec and --prom without root: from recordings, and what they refuse.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
oomkill=$builddir/tools/oomkill

for pid in {1..100}; do
	echo '{"time":"2026-11-22T13:03:27.123Z","trigger_pid":7,"trigger_comm":"sh","victim_pid":'"$pid"',
		"victim_comm":"a;\"$(false)","domain":"memcg","memcg_path":"/a\"b\\c\n","victim_memcg_path":"/x","victim_rss_bytes":4096,
		"members":[{"why":"memory.oom.group","pid":1000,"rss_bytes":1},{"why":"shares memory","pid":1001,"rss_bytes":4096}]}' |
		jq -c .
done >"$tmp/kills"
head -n 1 "$tmp/kills" >"$tmp/kill"

# --exec.
export FILE=$tmp/run
"$oomkill" --replay "$tmp/kills" --exec 'echo "$OOMKILL_VICTIM_PID" >>"$FILE"; sleep 0.02' >"$tmp/out" 2>"$tmp/err"
equal "--exec: a command for each kill of a recording, and all have ended" \
	"$?:$(wc -l <"$tmp/out"):$(cat "$tmp/err"):$(sort -n "$FILE" | cmp - <(seq 100) && echo all)" 0:100::all
"$oomkill" --replay "$tmp/kills" -p 30,31 --exec 'echo "$OOMKILL_VICTIM_PID" >"$FILE.$OOMKILL_VICTIM_PID"' >/dev/null
equal "--exec: filters hold for it" "$(cat "$FILE".* | xargs)" "30 31"
OOMKILL_OLD=1 "$oomkill" --replay "$tmp/kill" --exec 'env -0 >"$FILE"' >/dev/null
equal "--exec: all that is known, and nothing else" "$(tr '\n\0' '?\n' <"$FILE" | grep ^OOMKILL_ | grep -v ^OOMKILL_LINE= | sort)" "$(
	cat <<-'EOT'
		OOMKILL_DOMAIN=memcg
		OOMKILL_IS_OVER=false
		OOMKILL_MEMBERS=2
		OOMKILL_MEMBER_PIDS=1000 1001
		OOMKILL_MEMCG_PATH=/a"b\c?
		OOMKILL_TIME=2026-11-22T13:03:27.123Z
		OOMKILL_TRIGGER_COMM=sh
		OOMKILL_TRIGGER_PID=7
		OOMKILL_VICTIM_COMM=a;"$(false)
		OOMKILL_VICTIM_COMMAND_LINE_CUT=false
		OOMKILL_VICTIM_MEMCG_PATH=/x
		OOMKILL_VICTIM_PID=1
		OOMKILL_VICTIM_RSS_BYTES=4096
		OOMKILL_VICTIM_WAS_DYING=false
	EOT
)"
equal "--exec: the line" "$(tr '\0' '\n' <"$FILE" | sed -n 's/^OOMKILL_LINE=//p')" "$("$oomkill" --replay "$tmp/kill")"
"$oomkill" -j --replay "$tmp/kill" --exec 'echo spoken; cat; exit 3' >"$tmp/out" 2>"$tmp/err"
equal "--exec: what it prints goes to standard error; it reads nothing; its status is said" \
	"$?:$(jq .victim_pid "$tmp/out"):$(cat "$tmp/err")" \
	"0:1:spoken
oomkill: warning: the command for PID 1 (\"a;\"\$(false)\") ended with status 3"

# --prom.
"$oomkill" --replay "$tmp/kills" --prom "$tmp/x.prom" >/dev/null
equal "--prom: counters of a recording" "$?:$(grep -vE '^#|_seconds ' "$tmp/x.prom" | grep -v ' 0$')" "0:$(
	cat <<-'EOT'
		oomkill_kills_total{domain="memcg",cgroup="/a\"b\\c\\x0a"} 100
		oomkill_victims_total{domain="memcg",cgroup=""} 200
		oomkill_victims_total{domain="memcg",cgroup="/x"} 100
		oomkill_victim_bytes_total{domain="memcg",cgroup=""} 100
		oomkill_victim_bytes_total{domain="memcg",cgroup="/x"} 409600
	EOT
)"
equal "--prom: the last kill's time" "$(sed -n 's/^oomkill_last_kill_timestamp_seconds //p' "$tmp/x.prom")" 1795352607.123
"$oomkill" --replay "$tmp/kills" --prom "$tmp/x.prom" -p 9 >/dev/null
equal "--prom: filters hold for it, and it begins anew" "$(grep -c '^oomkill_kills_total.* 1$' "$tmp/x.prom")" 1
equal "--prom: it can be read by all" "$(stat -c %a "$tmp/x.prom")" 644
equal "--prom: each name has its type" "$(grep -o '^oomkill_[a-z_]*' "$tmp/x.prom" | sort -u)" \
	"$(awk '/^# TYPE/ && $4 ~ /^(counter|gauge)$/ { print $3 }' "$tmp/x.prom" | sort)"
! command -v promtool >/dev/null || check "promtool takes it" promtool check metrics <"$tmp/x.prom"

# Where it cannot be written, that is said before anything is traced.
cannot() { # PATH WHY
	timeout 20 "$oomkill" --prom "$1" >"$tmp/out" 2>"$tmp/err"
	equal "--prom $3: an error at once" "$?:$(cat "$tmp/out" "$tmp/err")" "1:oomkill: --prom: cannot write $1: $2"
}
mkdir "$tmp/directory"
cannot "$tmp/none/x.prom" "No such file or directory" "into no directory"
cannot "$tmp/x.prom/y" "Not a directory" "below a file"
cannot "$tmp/directory" "Is a directory" "on a directory"
cannot /dev/full "No space left on device" "on a full disk"
"$oomkill" --replay "$tmp/kills" --prom "$tmp/none/x.prom" >"$tmp/out" 2>"$tmp/err"
equal "--prom with --replay: the same" "$?:$(wc -l <"$tmp/out")" 1:0
