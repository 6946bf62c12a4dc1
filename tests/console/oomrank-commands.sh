#!/usr/bin/env bash
# Every command of oomrank, in the order of the man page, as a script: of a machine made by hand, so it needs no root.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/rank.sh"
oomrank=$builddir/tools/oomrank
export XDG_STATE_HOME=$tmp/state
m=$tmp/machine
rank_machine "$m"

mkfifo "$tmp/commands"
"$oomrank" --root "$m" -X - -d 900 <"$tmp/commands" >"$tmp/script.out" 2>"$tmp/script.err" &
tool=$!
end() {
	kill "$tool" 2>/dev/null && wait "$tool" 2>/dev/null
	true
}
at_exit end
. "$srcdir/tests/console/does.sh"
wait_for 60 grep -q 'Ctrl-C to stop' "$tmp/script.out"
ok "it says that it has begun" $?

# Of oomrank(8), CONSOLE COMMANDS.
does "show 1" '^there was no report yet$'
does "rank" '^[0-9:]{8} loadavg: 0\.33 ' '^OOM: 1\.0G available / 4\.0G' '^OOM:   \*KILL\* proc 2001 '
does "show" '^OOM:   \*KILL\* proc 2001 '
does "explain 3001" "^OOM:   \(next\) proc 3001 'batch', 200\.8M, points 51400 \(200\.8M\), rank 2" \
	'^OOM: +612\.1M more would make it the victim instead of PID 2001$'
does "explain 612" '\(skip\) .*oom_score_adj -1000'
does "explain 2002" '\(with\) .*memory\.oom\.group of /shop/web'
does "explain victim" '\*KILL\* proc 2001 '
does "explain last" '\*KILL\* proc 2001 '
does "domains" '^ +75\.0 .* 2001 shop .*\(the machine\)$' '^ +50\.0 .* /shop$'
does "simulate" 'OOM kill of PID 2001 .*, simulated true$' '^OOM: simulated: nothing was killed'
does "policy rss" "^OOM: What if the policy were rss, for the whole machine\? Nobody is killed\.$" "^OOM:   \*KILL\* proc 2001 " "as: rss 300\.0M$"
does "compare" '^kernel +2001 shop +2 ' '^rss +2001 ' '^largest-cgroup +2001 ' '^oomd +2001 ' '^earlyoom +2001 shop +1 '
does "verify" '^8 processes compared, 0 differ$'
does "set" '^set all off$' '^set rows 20$' '^set json off$' '^set time off$' '^set changes off$' '^set interval off$' '^set domain machine$'
does "set all on"
does "show" "^OOM:   proc +3003 "
does "set all off"
does "set rows 1"
does "set rows" '^set rows 1$'
does "show" '\.\.\. and 5 more'
does "set rows 0"
does "set json on"
does "show" '^\{"time":.*"verdict":"kill",.*"pid":2001,'
does "explain 2001" '^OOM:   \*KILL\*'
does "set json off"
does "set time on"
does "show" '^20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9:.]+ loadavg'
does "set time off"
does "set changes on"
does "set domain cgroup /shop"
does "set domain" '^set domain cgroup /shop$'
does "rank" '^OOM: memcg /shop, limit 1\.0G' 'total 262144 pages'
does "set domain mempolicy 0"
does "set domain cpuset 0"
does "rank" '\*KILL\* proc 2001 '
does "set domain machine"
does "rank" 'total 1310720 pages'
does "columns" '^uid +no ' '^command_line +no '
does "set columns uid,threads,pod_name"
does "set columns" '^set columns uid,threads,pod_name$'
does "columns" '^uid +yes '
does "show" '^OOM:   \(next\) proc 3001 .*\), uid 1000,' 'threads 1, pod_name n/a$'
does "explain 3001" 'rank 2, uid 1000,$' 'threads 1, pod_name n/a$'
does "set columns -pod_name"
does "set columns" '^set columns uid,threads$'
does "set columns none"
does "set columns" '^set columns none$'
does "set columns +unit"
does "set columns" '^set columns unit$'
does "set columns default"
does "record $tmp/record"
does "rank" 'total 1310720 pages'
does "status" '^recorded: 1 ranking in /.*/record$'
does "record off" '^1 ranking in /.*/record\.$'
does "record off" '^Nothing was recorded\.$'
does "replay $tmp/record" '^20.* machine, available 1\.0G of 4\.0G, outcome kills$' '^kill +1 +2001 shop +301\.[0-9]M +[0-9]+ +100 ' '^skip +- +612 sshd .* oom_score_adj -1000'
does "pause" "^there is no interval"
does "resume" "^it is not paused"
does "set interval 0.05"
does "set interval" '^set interval 0\.05$'
echo 1000 >"$m/proc/3003/oom_score_adj"
wait_for 60 grep -q '\*KILL\* proc 3003 ' "$tmp/script.out"
ok "set interval, set changes: another victim is told" $?
does "pause" "^paused"
does "pause" "^it is paused already"
before=$(grep -c loadavg "$tmp/script.out")
echo 0 >"$m/proc/3003/oom_score_adj"
does "status" '^reports: [0-9]+, every .*, paused; from a captured machine$'
does "wait 0.3"
equal "pause: nothing is told" "$(grep -c loadavg "$tmp/script.out")" "$before"
echo resume >&9
tried+=(resume)
is_back() { tail -n 12 "$tmp/script.out" | grep -q '\*KILL\* proc 2001 '; }
wait_for 60 is_back
ok "resume: it is told now" $?
does "resume" "^it is not paused"
does "set interval off"
does "set changes off"
does "set rows 1"
shown=$(grep -c ' loadavg: ' "$tmp/script.out")
does "show 2" '\*KILL\* proc 2001 '
equal "show N: two reports, as they were" "$(($(grep -c ' loadavg: ' "$tmp/script.out") - shown))" 2
does "capture $tmp/captured"
tried+=("capture")
cp -r "$m" "$tmp/other"
echo 1000 >"$tmp/other/proc/3003/oom_score_adj"
does "replay $tmp/other" '^OOM:   \*KILL\* proc 3003 ' '\.\.\. and 5 more'
does "show" '^OOM:   \*KILL\* proc 2001 '

fails() { # REGEX COMMAND: as the only one
	"$oomrank" --root "$m" -c "$2" >"$tmp/out" 2>"$tmp/err"
	equal "$2: fails" "$?" 1
	matches "$2: it is said why" "$(cat "$tmp/err")" "$1"
}
fails "'x' is neither a PID nor 'victim'" "explain x"
fails "there is no process 4711" "explain 4711"
fails "'0' is not a number from 1 to 32" "show 0"
fails "$tmp/none" "replay $tmp/none"
fails "process 3001 is not in that cgroup: it cannot die there" "set domain cgroup /shop; explain 3001"
fails "there is no memory cgroup" "set domain cgroup /none"
fails "this machine has only" "set domain cpuset 5"
fails "a domain is: machine, cgroup PATH, cpuset NODES, or mempolicy NODES" "set domain cgroup"
fails "'0' is not an interval" "set interval 0"
fails "there is no probe" "maps"
fails "no column 'x'; there are rank, " "set columns x"
tried+=("set sort")
fails "the order is the one in which the kernel would choose: 'compare' " "set sort pid"
fails "all of a domain are ranked against each other: 'set domain cgroup PATH' " "set filter name x"
fails "cannot write $tmp: Is a directory" "record $tmp"
fails "1 of 1 lines of $m/proc/uptime could not be shown: was it made by oomrank -j or --record\\?" "replay $m/proc/uptime"
fails "no report comes by itself: 'set interval 10' has one made so often" "wait 1 events"
fails "no report comes by itself" "wait 1 events 0.1"
fails "it is paused: no report is made before 'resume'" "set interval 100; pause; wait 1 events"

untried=$(awk '/^\.SH / { inside = ($0 == ".SH CONSOLE COMMANDS"); tp = 0 } inside && tp { print; tp = 0 } /^\.TP$/ { tp = 1 }' \
	"$srcdir/man/oomrank.8" | sed -E 's/ [^a-z].*| on\|.*| off$//; s/ (WHAT|PID|FILE|NAME|DIR|SECONDS|machine).*//; s/, .*//' | while read -r command; do
	printf '%s\n' "${tried[@]}" | grep -qE "^$command( |\$)" || echo "$command"
done)
equal "each command of the man page was tried" "$untried" ""
echo "no such command" >&9
exec 9>&-
wait "$tool"
equal "a command that there is not ends the script" "$?" 1
