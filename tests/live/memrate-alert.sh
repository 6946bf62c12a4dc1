#!/usr/bin/env bash
# memrate --alert and --exec: a Go program that leaks in a small cgroup gives its profile to oomprof -p before it is killed.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
OOMTOOLS_GO_VERSIONS=1.19 find_toolchains
leaky=$("$workloads/go-victim" 1.19 exec leaky)
ok "the program builds" $?
cd "$tmp" || exit
mkdir profiles
export tools

# What the command is told, then the profile, and when it was done.
# shellcheck disable=SC2016 # for the command's shell
command='env | grep ^MEMRATE_ >told-$MEMRATE_ALERT; [ "$MEMRATE_ALERT" != 1 ] ||
	{ "$tools/oomprof" -p "$MEMRATE_PID" -n 0 -j -o profiles >profile.json 2>profile.err && date +%s%N >done-at; }'
cgroup=$(memcg_make leak $((192 << 20)))
at_exit memcg_remove "$cgroup"
path=${cgroup#/sys/fs/cgroup}
[ ! -d /sys/fs/cgroup/memory ] || path=${path#/memory}
memcg_start "$cgroup" sleep 600 # so that there is a row at once
at_exit stop_quietly $!
"$tools/memrate" -j --cgroup "$cgroup" --alert 30s --exec "$command" 0.5 >alerts.out 2>alerts.err &
memrate=$!
at_exit stop_quietly "$memrate"
wait_for 180 test -s alerts.out
ok "it watches" $?
other=$(memcg_make other $((512 << 20))) # in which more grows, but nobody asks for it
at_exit memcg_remove "$other"
memcg_start "$other" "$builddir/tests/workloads/grower" -r $((40 << 20)) -m $((256 << 20)) >other.out
at_exit stop_quietly $!
memcg_start "$cgroup" "$leaky" -rate 1 -grow 20 >leak.out
victim=$!
wait "$victim" 2>/dev/null
equal "the program is killed in the end" $? 137
killed=$(date +%s%N)
wait_for 20 test -s done-at
ok "the command was done" $?
stop "$memrate"
equal "memrate ends well" "$status" 0

jq -c 'select(.event == "alert")' alerts.out >alerts
alert() { # JQ-FILTER: of the first alarm
	head -n 1 alerts | jq -r "$1"
}
equal "the alarm tells the cgroup" "$(alert '.limit + " " + .limit_cgroup')" "memcg $path"
equal "and its limit" "$(alert .limit_bytes)" $((192 << 20))
equal "there is room left" "$(alert '.limit_room_bytes > 0 and .limit_seconds > 0 and .limit_seconds <= 30')" true
equal "the program is the one that grows" "$(alert '.processes[0].pid')" "$victim"
equal "by about what it said" "$(alert '.limit_growth_bytes_per_second | . > 10e6 and . < 40e6')" true
equal "no alarm of what --cgroup leaves out" "$(jq -sc --arg path "$path" \
	'map(.limit_cgroup // "/" | select(. as $one | $path | startswith($one) | not))' alerts)" '[]'
within() { # few alarms: one, and one for each time that what is left has halved
	[ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}
within "$(jq -s 'map(select(.limit_cgroup == "'"$path"'")) | length' alerts)" 1 7
ok "it is not said again and again" $?

equal "the command is told of the program" "$(sed -n 's/^MEMRATE_PID=//p' told-1)" "$victim"
equal "the cgroup" "$(sed -n 's/^MEMRATE_CGROUP=//p' told-1)" "$path"
equal "the limit" "$(sed -n 's/^MEMRATE_LIMIT_BYTES=//p' told-1)" $((192 << 20))
matches "the time that is left" "$(sed -n 's/^MEMRATE_SECONDS=//p' told-1)" '^([0-9]|[12][0-9]|30)$'
matches "and all in a line" "$(sed -n 's/^MEMRATE_LINE=//p' told-1)" " ALERT memcg $path: full in about "

equal "oomprof has written the profile" "$(json profile.json outcome)" written
[ "$(cat done-at)" -lt "$killed" ]
ok "before the kill" $?
samples "$(json profile.json file)" >samples
equal "it has what the program holds, to the byte" "$(held samples main.leakBlocks 40960)" "211 $((211 * 40960))"
