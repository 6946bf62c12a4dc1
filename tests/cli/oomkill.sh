#!/usr/bin/env bash
# oomkill without root: recordings shown again, through filters and in each form; what is no recording; options
# that do not go together.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
oomkill=$builddir/tools/oomkill

kill() { # JQ-EXPRESSION: a recorded kill, changed by it
	jq -c "$1" <<-EOT
		{"time":"2026-11-22T13:03:27.123Z","kernel_time_ns":5,"trigger_pid":7,"trigger_comm":"sh","victim_pid":10,
		"victim_comm":"hog","victim_uid":1000,"domain":"memcg","domain_pages":8192,"memcg_path":"/shop",
		"victim_memcg_path":"/shop/box","victim_container_id":"$(printf 'ab%.0s' {1..32})",
		"victim_container_name":"web","loadavg":"0.33 1.04 12.50 3/282 13724",
		"members":[{"why":"memory.oom.group","pid":11,"comm":"helper","uid":33}]}
	EOT
}
kill . >"$tmp/kills"
kill '.victim_pid=20 | .victim_comm="b" | .memcg_path="/other" | .victim_memcg_path="/other" | .members=[] |
	.victim_container_id=null | .victim_container_name=null | .victim_uid=0' >>"$tmp/kills"
kill '.victim_pid=30 | .domain="machine" | .memcg_path=null | .victim_memcg_path="/" | .members=[]' >>"$tmp/kills"

TZ=UTC "$oomkill" --replay "$tmp/kills" >"$tmp/lines" 2>"$tmp/err"
equal "--replay: exit status" $? 0
equal "--replay: nothing on standard error" "$(cat "$tmp/err")" ""
equal "--replay: the line" "$(head -n 1 "$tmp/lines")" \
	'13:03:27 Triggered by PID 7 ("sh"), OOM kill of PID 10 ("hog"), 8192 pages, loadavg: 0.33 1.04 12.50 3/282 13724'
equal "--replay: one for each kill" "$(wc -l <"$tmp/lines")" 3
equal "-T: date and time, of the zone where it is shown" \
	"$(TZ=UTC-2 "$oomkill" -T --replay "$tmp/kills" | cut -c 1-23 | head -n 1)" "2026-11-22 15:03:27.123"
equal "--replay -: standard input" "$(TZ=UTC "$oomkill" --replay - <"$tmp/kills" | cmp - "$tmp/lines" && echo same)" same
"$oomkill" -j --replay "$tmp/kills" >"$tmp/full"
"$oomkill" -j --replay "$tmp/full" >"$tmp/again"
check "-j of a recording is a recording" cmp "$tmp/full" "$tmp/again"
equal "-j has all keys, whatever is known" "$(jq -r 'keys | length' "$tmp/full" | sort -u | wc -l)" 1
equal "-j keeps what it has read" "$(jq -c '[.victim_pid, .members[0].pid, .memcg_path, .victim_swap_bytes]' "$tmp/full" | head -n 1)" \
	'[10,11,"/shop",null]'
"$oomkill" -x --replay "$tmp/kills" >"$tmp/explained"
equal "-x: the line and more" "$(grep -c 'Triggered by' "$tmp/explained"):$(($(wc -l <"$tmp/explained") > 9))" 3:1

shown() { # FILTER...: the victims that pass, on one line
	"$oomkill" -j --replay "$tmp/kills" "$@" 2>&1 | jq -r .victim_pid | xargs
}
equal "-p" "$(shown -p 20)" 20
equal "-p: several" "$(shown -p 20,30)" "20 30"
equal "-p: one that died with the victim" "$(shown --pid 11)" 10
equal "-n" "$(shown -n hog)" "10 30"
equal "-n: one that died with the victim" "$(shown --name helper)" 10
equal "-u" "$(shown -u 0)" 20
equal "-u: one that died with the victim" "$(shown --uid 33,34)" 10
equal "--cgroup: below it" "$(shown --cgroup /shop)" 10
equal "--cgroup: without the slash" "$(shown --cgroup shop/box)" 10
equal "--cgroup: not a part of a name" "$(shown --cgroup /sho)" ""
equal "--cgroup: the directory" "$(shown --cgroup /sys/fs/cgroup/other)" 20
equal "--container: by id" "$(shown --container abab)" "10 30"
equal "--container: too few digits" "$(shown --container aba)" ""
equal "--container: by name" "$(shown --container web)" "10 30"
equal "-g" "$(shown -g)" 30
equal "all of them must hold" "$(shown -g -p 10):$(shown -n hog -u 1000 --container web -p 30)" :30

# Recording.
"$oomkill" --replay "$tmp/kills" --record "$tmp/kept" -p 20 >/dev/null
"$oomkill" --replay "$tmp/kills" --record "$tmp/kept" -g >/dev/null
equal "--record appends, what the filters let pass" "$(jq -r .victim_pid "$tmp/kept" | xargs)" "20 30"
equal "--record: the same as -j" "$("$oomkill" -j --replay "$tmp/kills" -p 20 -p 30 | cmp - "$tmp/kept" && echo same)" same
equal "--record: a new file is for its owner only" "$(stat -c %a "$tmp/kept")" 600
printf '{"victim_pid":4' >"$tmp/cut"
"$oomkill" --replay "$tmp/kills" --record "$tmp/cut" -p 20 >/dev/null
equal "--record: a cut line gets its end first" "$(sed -n 2p "$tmp/cut" | jq .victim_pid)" 20
"$oomkill" --replay "$tmp/kills" --record /dev/full >"$tmp/out" 2>"$tmp/err"
equal "--record: a full disk: all are shown, it is said once, and how many" \
	"$?:$(wc -l <"$tmp/out"):$(grep -c 'No space left' "$tmp/err"):$(grep -c '3 kills could not be recorded' "$tmp/err")" 1:3:1:1
"$oomkill" --replay "$tmp/kills" --record "$tmp/none/kept" >"$tmp/out" 2>"$tmp/err"
equal "--record: a file that cannot be" "$?:$(cat "$tmp/out" "$tmp/err")" \
	"1:oomkill: --record: cannot write $tmp/none/kept: No such file or directory"
cp "$tmp/kills" "$tmp/same"
"$oomkill" --replay "$tmp/same" --record "$tmp/same" >"$tmp/out" 2>"$tmp/err"
equal "--record into what is replayed" "$?:$(cmp "$tmp/same" "$tmp/kills" && cat "$tmp/out"):$(grep -c 'it would never end' "$tmp/err")" 1::1

# What is no recording.
said() { # TEXT: what is said of a line
	printf '%s\n' "$1" | { "$oomkill" --replay - >/dev/null; } 2>&1
}
matches "a file of another kind" "$(said 'Nov 22 host kernel: Out of memory')" '^oomkill: standard input, line 1: no JSON'
matches "JSON of another kind" "$(said '{"level":"info"}')" 'line 1: no kill'
matches "a value of the wrong kind" "$(said '{"victim_pid":"x"}')" 'line 1: victim_pid is not a whole number'
matches "nested too deep" "$(said "{\"a\":$(printf '[%.0s' {1..5000})}")" 'line 1: nested too deep'
for _ in {1..2000}; do cat "$tmp/kills"; done | "$oomkill" -j --replay - 2>"$tmp/err" | head -n 1 >/dev/null
equal "it ends when its reader has gone" "${PIPESTATUS[1]}:$(cat "$tmp/err")" 0:

# A recording may be made to do harm to a terminal.
kill '.victim_comm="\u001b[2J\n" | .memcg_path="/\u001b]0;x\u0007" | .victim_command_line="\u202e\u009b"' >"$tmp/hostile"
equal "no control character reaches the terminal" "$("$oomkill" -x --replay "$tmp/hostile" | LC_ALL=C grep -c '[^[:print:]]')" 0

refused() { # MESSAGE ARG...: a command line that oomkill does not take
	local want=$1
	shift
	"$oomkill" "$@" >"$tmp/out" 2>"$tmp/err"
	equal "oomkill $*: exit status" "$?:$(wc -l <"$tmp/err")" 2:1
	matches "oomkill $*: message" "$(cat "$tmp/err")" "$want"
}
for bad in "-d 1" "--probe x.c" "--edit" "--image x" "--kernel-headers" "--ebpf"; do
	refused "^oomkill: --replay reads a file and traces nothing" --replay "$tmp/kills" $bad
done
refused "^oomkill: -j has all that -x explains" -j -x
refused "^oomkill: --cgroup: '/a/../b' has '..' in it" --cgroup /a/../b
refused "^oomkill: --pid: '0' is not within 1 to 2147483647" -p 0
refused "^oomkill: --pid: '1,x' is not a whole number" -p 1,x
refused "^oomkill: --uid: 'root' is not a whole number" -u root
refused "^oomkill: --name: '' is not a name" -n ""
