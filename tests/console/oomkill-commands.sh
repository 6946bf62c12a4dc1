#!/usr/bin/env bash
# Every command of oomkill, in the order of the man page, as a script.
. "${srcdir:-.}/tests/console/oomkill.sh"
can_trace
export XDG_STATE_HOME=$tmp/state
nice_text "$tmp/nice.c"
# A recording, to be replayed.
start before oomkill -n "$name" --record "$tmp/recorded"
before=$pid
kill_nice 1
recorded=$victim
check "a recording" until_line 60 "$tmp/before.out" "PID $recorded "
stop "$before"

mkfifo "$tmp/commands"
"$oomkill" -n "$name" -X - -d 900 <"$tmp/commands" >"$tmp/script.out" 2>"$tmp/script.err" &
tool=$!
at_exit stop_quietly "$tool"
. "$srcdir/tests/console/does.sh"
wait_for 180 grep -q 'Ctrl-C to stop' "$tmp/script.out"
kill_nice 3
first=$victim
line="Triggered by PID [0-9]+ \(\"[^\"]*\"\), OOM kill of PID"
wait_for 60 grep -q "PID $first " "$tmp/script.out"

# Of oomkill(8), CONSOLE COMMANDS.
does "show" "$line $first "
does "show 1" "$line $first .*[0-9]\$"
does "explain last" "$line $first " "^OOM: memcg " "\*KILL\* proc $first '$name'"
does "explain $first" "\*KILL\* proc $first '$name'"
does "set" "^set explain off\$" "^set json off\$" "^set time off\$" "^set stacks off\$" "^set folded off\$" "^set columns default\$" "^set filter name $name\$"
does "set explain on"
does "show" "^OOM: memcg "
does "set explain off"
does "set json on"
does "show 1" "^\{\"time\":.*\"victim_pid\":$first,"
does "set json off"
does "set time on"
does "show 1" "^[0-9]{4}-[0-9]{2}-[0-9]{2} .*PID $first "
does "set time off"
does "set stacks on" "built-in text runs"
kill_nice 3
wait_for 60 grep -q "PID $victim " "$tmp/script.out"
does "show 1" "PID $victim " "^ +[a-z_]+.*\[k\]|^.*out_of_memory|^ +.*main"
does "set folded on"
does "show 1" "^(victim|trigger);$name;"
does "set folded off"
does "set stacks off" "built-in text runs"
does "set columns victim_uid,victim_comm"
does "show 1" ", victim_uid 0, victim_comm $name\$"
does "set columns +victim_threads"
does "set columns -victim_comm"
does "show 1" "[0-9], victim_uid 0, victim_threads 1\$"
does "set columns" "^set columns victim_uid,victim_threads\$"
does "columns" "^\* victim_uid\$" "^  victim_rss_bytes +bytes\$" "^  victim_age_ns +ns\$"
does "set columns none"
does "set columns default"
does "set filter pid $first"
does "set filter" "^set filter pid $first\$"
does "show" "$line $first "
equal "only that one" "$(grep -c Triggered "$tmp/printed")" 1
does "set filter name nobody uid 12345"
does "show" "no kill that is kept passes the filter"
kill_nice 3
hidden=$victim
is_filtered() {
	echo status >&9
	sleep 0.2
	grep -q "[1-9][0-9]* filtered out" "$tmp/script.out"
}
wait_for 60 is_filtered
does "set filter pid $first"
does "explain last" "\*KILL\* proc $first '$name'"
# In one line: in between, other tests' kills would be told.
does "set filter off; set filter name $name"
does "show 1" "$line $hidden "
does "record $tmp/paused"
does "pause" "^paused"
kill_nice 3
paused=$victim
wait_for 60 grep -q "\"victim_pid\":$paused," "$tmp/paused"
ok "pause: it is recorded" $?
equal "pause: it is not shown" "$(grep -c "PID $paused " "$tmp/script.out")" 0
does "resume" "$line $paused "
equal "resume: only once" "$(grep -c "OOM kill of PID $paused " "$tmp/script.out")" 1
does "record $tmp/kept"
kill_nice 3
wait_for 60 grep -q "PID $victim " "$tmp/script.out"
does "record off" "^1 kill in $tmp/kept\.$"
equal "record: it is there" "$(json "$tmp/kept" victim_pid)" "$victim"
does "replay $tmp/recorded" "$line $recorded " "^1 kill shown$"

# Each of the man page's was tried; "set interval" and "set sort" fail.
"$oomkill" -c "set interval" >"$tmp/interval" 2>&1
equal "set interval: fails" "$?" 1
matches "set interval: it is said why" "$(cat "$tmp/interval")" 'oomkill has no interval'
tried+=("set interval")
"$oomkill" -c "set sort" >"$tmp/sort" 2>&1
equal "set sort: fails" "$?" 1
matches "set sort: it is said why" "$(cat "$tmp/sort")" 'oomkill sorts nothing'
tried+=("set sort")
untried=$(awk '/^\.SH / { inside = ($0 == ".SH CONSOLE COMMANDS"); tp = 0 } inside && tp { print; tp = 0 } /^\.TP$/ { tp = 1 }' \
	"$srcdir/man/oomkill.8" | sed -E 's/ [^a-z].*| on\|.*| off$//; s/ (WHAT|PID|FILE|NAME).*//' | while read -r command; do
	printf '%s\n' "${tried[@]}" | grep -qE "^$command( |\$)" || echo "$command"
done)
equal "each command of the man page was tried" "$untried" ""
echo "no such command" >&9
exec 9>&-
wait "$tool"
equal "a command that there is not ends the script" "$?" 1
matches "and is said" "$(cat "$tmp/script.err")" "no"
