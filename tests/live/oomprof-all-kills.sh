#!/usr/bin/env bash
# oomprof --all-kills: those killed by a SIGKILL of others, and by whom; not without the option.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
. "$srcdir/tests/live/cases.sh"
can_trace
OOMTOOLS_GO_VERSIONS="1.19" find_toolchains
dash=$("$workloads/go-victim" 1.19 exec dash)
ok "the victim builds" $?
start watch oomprof -v -j -n 0 -o "$tmp/profiles" --all-kills
watch=$pid
start text oomprof -n 0 -o "$tmp/profiles" --all-kills
text=$pid
start plain oomprof -j -n 0 -o "$tmp/profiles"
plain=$pid
known "$dash"

waiting() { # WORD...: start dash with them, until it waits; its pid is in $victim
	: >"$tmp/ready"
	"$dash" "$@" wait 2>"$tmp/ready" &
	victim=$!
	at_exit stop_quietly "$victim"
	wait_for 30 grep -q READY "$tmp/ready"
}
sender() { # EVENT: by whom
	echo "$(json "$1" killed_by) $(json "$1" sender_pid) $(json "$1" sender_comm)"
}
comm=$(cat /proc/$$/comm)

waiting
kill -KILL "$victim"
wait "$victim" 2>/dev/null
whole "kill(2)" "$victim" "$dash"
equal "kill(2): by us" "$(sender "$tmp/event")" "signal $$ $comm"
equal "kill(2): no OOM domain" "$(json "$tmp/event" domain)" null
check "kill(2): the profile's comments" grep -qx "Comment: SIGKILL sent by PID $$ ($comm)" \
	<<<"$(raw "$(json "$tmp/event" file)")"
line=$(until_line 20 "$tmp/text.out" " PID $victim ")
matches "kill(2): the line" "$line" "^[0-9:]{8} PID $victim \\(\"dash-1.19-exec\"\\) killed by PID $$ \\(\"$comm\"\\), go1\\.19"

# A thread's own ID reaches it, too.
waiting
thread=$(ps -L -o lwp= -p "$victim" | tail -n 1 | tr -d ' ')
sh -c 'echo $$; kill -KILL "$1"' sh "$thread" >"$tmp/killer"
wait "$victim" 2>/dev/null
whole "by a thread's ID" "$victim" "$dash"
equal "by a thread's ID: by that shell" "$(sender "$tmp/event")" "signal $(cat "$tmp/killer") sh"

waiting leaderless
kill -KILL "$victim"
wait "$victim" 2>/dev/null
whole "its first thread had exited" "$victim" "$dash"

dashing oom "$dash" stop
dash_on "$victim"
whole "the OOM killer's come as ever" "$victim" "$dash"
equal "and only once" "$(json "$tmp/event" killed_by) $(json "$tmp/event" victim_pid) $(json "$tmp/event" domain)" \
	"oom_killer $victim memcg"

# The end of a PID namespace: its first process dies, the kernel kills the others for it.
unshare -fp sh -c '"$1" wait & sleep 60' sh "$dash" 2>"$tmp/ready" &
namespace=$!
wait_for 30 grep -q READY "$tmp/ready"
first=$(ps -o pid= --ppid "$namespace" | tr -d ' ')
inside=$(ps -o pid=,comm= --ppid "$first" | awk '$2 ~ /^dash/ { print $1 }')
kill -KILL "$first"
wait "$namespace" 2>/dev/null
whole "the end of a PID namespace" "$inside" "$dash"
equal "the end of a PID namespace: for its first process" \
	"$(sender "$tmp/event") $(json "$tmp/event" pid_in_namespace)" "kernel $first sh 2"

# No SIGKILL, no Go program: nothing to tell.
sleep 60 &
sleeper=$!
kill -KILL "$sleeper"
wait "$sleeper" 2>/dev/null
waiting
terminated=$victim
kill -TERM "$victim"
wait "$victim" 2>/dev/null
waiting
kill -KILL "$victim"
wait "$victim" 2>/dev/null
event_of "$victim" >/dev/null
equal "no line of SIGTERM" "$(grep -c "\"pid\":$terminated," "$tmp/watch.out")" 0
equal "no line of a program that is not Go" "$(grep -c "\"pid\":$sleeper," "$tmp/watch.out")" 0
stop "$watch"
stop "$text"
stop "$plain"
equal "without the option nothing but OOM kills" "$(grep -cv '"killed_by":"oom_killer"' "$tmp/plain.out")" 0
