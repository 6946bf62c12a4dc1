#!/usr/bin/env bash
# What memrate does not take, and what it says then; recordings, which need neither root nor BPF.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
memrate=$builddir/tools/memrate

refused() { # STATUS MESSAGE ARG...
	local status=$1 want=$2
	shift 2
	timeout 60 "$memrate" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	equal "memrate $*: exit status, lines out, lines of messages" \
		"$?:$(wc -l <"$tmp/out"):$(wc -l <"$tmp/err")" "$status:0:1"
	matches "memrate $*: message" "$(cat "$tmp/err")" "^memrate: $want"
}
for bad in 0 abc 0s ""; do refused 2 "'$bad' is not an interval: seconds more than 0" "$bad"; done
refused 2 "'0' is not a count: a whole number from 1 on" 1 0
refused 2 "--pid: 'x' is not a whole number, or several with commas between" -p x
refused 2 "--sort: 'heap' is not growth, rss, .* full or pid; see" -s heap
refused 2 "--rows: '0' is not within 1 to" -r 0
refused 2 "--sample: '1001' is not within 0 to 1000" --sample 1001
refused 2 "--name: '' is not a name" -n ""
refused 2 "-g and --by-container do not go together" -g --by-container
refused 2 "--exec is for alarms: give --alert TIME, too" --exec true
refused 2 "--alert: " --alert soon
matches "an alarm that would come too late" "$("$memrate" --alert 2 --cgroup no/such/group 2>&1)" \
	"^memrate: warning: an alarm takes 3 intervals at least: with --alert 2 s give a shorter interval"
equal "and one that would not" "$("$memrate" --alert 2 --cgroup no/such/group 0.5 2>&1 | wc -l)" 1
refused 2 "--replay and --alert do not go together" --replay x --alert 1
refused 2 "--record and --replay do not go together" --replay x --record y
refused 2 "--replay shows a file and ends: in a console there is 'replay FILE'" --replay x -c show
refused 1 "--cgroup: " --cgroup no/such/group
refused 1 "--record: cannot write /nonexistent/x: No such file" --record /nonexistent/x
matches "a line that is no row" "$(echo '{"time":"T"}' | "$memrate" --replay - 2>&1)" "line 1: no row of memrate's"

row() { # TIME PID COMM GROWTH
	printf '{"time":"%s","by":"process","interval_seconds":1.00,"sampled_one_in":100.00,"pid":%d,"comm":"%s",' "$1" "$2" "$3"
	printf '"rss_bytes":4096,"anon_bytes":4096,"file_bytes":0,"shmem_bytes":0,"anon_growth_bytes_per_second":%d,' "$4"
	printf '"file_growth_bytes_per_second":0,"shmem_growth_bytes_per_second":0,"limit":"memcg","limit_cgroup":"/a",'
	printf '"limit_bytes":1048576,"limit_used_bytes":4096,"limit_seconds":12.5,"limit_confidence":"high"}\n'
}
{ row T1 10 slow 1024 && row T1 11 fast 4096 && row T2 10 slow 2048; } >"$tmp/rows"
"$memrate" --replay "$tmp/rows" >"$tmp/out"
equal "--replay: exit status" $? 0
equal "a table for each time, the fastest first" \
	"$(awk '/^T/ { print $1 } $2 ~ /^(slow|fast)$/ { print $1, $2, $3, $4 }' "$tmp/out" | paste -sd';')" \
	"T1,;11 fast 4.0K 4.0K;10 slow 4.0K 1.0K;T2,;10 slow 4.0K 2.0K"
matches "with its limit" "$(cat "$tmp/out")" '12.5 s high'
equal "-r: fewer rows" "$("$memrate" --replay "$tmp/rows" -r 1 | grep -c slow)" 1
equal "-s pid: the smallest first" "$("$memrate" --replay "$tmp/rows" -s pid | awk '$1 ~ /^1[01]$/ { print $1; exit }')" 10
equal "-j: the lines as they are" "$("$memrate" -j --replay - <"$tmp/rows")" "$(cat "$tmp/rows")"
# Without BPF, as somebody else: sizes and growth come from /proc.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$memrate" -j -p $$ 0.2 2 >"$tmp/out" 2>"$tmp/err"
	equal "without root: exit status" $? 0
	matches "without root: it says what is missing" "$(cat "$tmp/err")" "allocations are not counted, and sizes are read from /proc"
	equal "without root: sizes are there, what is allocated is not known" \
		"$(jq -c '[.rss_bytes > 0, .page_alloc_bytes_per_second, .sampled_one_in]' "$tmp/out" | sort -u)" "[true,null,null]"
fi
