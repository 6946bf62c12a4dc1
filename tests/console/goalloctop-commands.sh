#!/usr/bin/env bash
# Every command of goalloctop's own, in the order of its man page, as a script, on a program whose numbers are known.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/console/goalloctop.sh"
can_trace
OOMTOOLS_GO_VERSIONS=1.24 find_toolchains
program=$("$workloads/go-victim" 1.24 exec ledger)
ok "the program builds" $?
ledger one "$program" -rate 1 && ledger two "$program" -rate 1
ok "two programs run" $?
ask one "alloc small 1009 1009" "alloc large 53 53" gc
ask two "alloc small 503 503" gc
one=${ledger_pid[one]} two=${ledger_pid[two]}
comm=$(cat "/proc/$one/comm")
cgroup=$(awk -F: '$2 ~ /(^|,)memory(,|$)/ { m = $3 } $2 == "" { u = $3 } END { print m != "" ? m : u }' "/proc/$one/cgroup")

cat >"$tmp/script" <<END
pause
wait 1 events 60
echo @ show
show
echo @ show N
wait 2 events 60
show 2
echo @ set
set
echo @ set sort
set sort inuse
show
echo @ set rows
set rows 1
show
set rows 20
echo @ set by
set by function
show
echo @ set interval
set interval 0.1
wait 3 events 60
echo @ set focus
set focus allocSmall
show
echo @ set ignore
set ignore allocSmall
show
set focus off
set ignore off
echo @ set full
set full on
show
set full off
echo @ set columns
set columns alloc,inuse,site
show
set columns -alloc,+survival
show
set columns default
echo @ set filter name
set filter name no-such-program
show
set filter name $comm
show
echo @ set filter cgroup
set filter cgroup $cgroup
show
set filter cgroup off
echo @ set filter pid
set filter pid $two
wait 1 events 60
show
echo @ set filter off
set filter off
set filter pid $one,$two
echo @ set json
set json on
wait 1 events 60
show
set json off
echo @ set time
set time on
show
set time off
echo @ columns
columns
echo @ pause
pause
wait 1 events 60
echo @ resume
resume
wait 1 events 60
pause
echo @ record
record $tmp/recording
wait 2 events 60
record off
echo @ replay
set columns inuse,site
set rows 2
replay $tmp/recording
set json on
replay $tmp/recording
set json off
echo @ programs
programs
echo @ explain
explain $two
explain last
echo @ write
write $tmp/profile.pb.gz
write $tmp/profile.svg
write $tmp/profile.folded
status
END
timeout 300 "$goalloctop" -p "$one,$two" 0.2 -X "$tmp/script" >"$tmp/out" 2>"$tmp/err"
status=$?
[ $status = 0 ] || sed 's/^/# /' "$tmp/err"
equal "the script ends well" $status 0
# of COMMAND: what was printed behind "@ COMMAND"
of() {
	awk -v mark="@ $1" '/^@ / { inside = ($0 == mark); next } inside' "$tmp/out"
}
says() { # COMMAND REGEX...: lines of it, in any place
	local name=$1 regex
	shift
	for regex; do matches "$name" "$(of "$name")" "$regex"; done
}
never() { # COMMAND REGEX
	! grep -qE -- "$2" <<<"$(of "$1")"
	ok "$1: not '$2'" $?
}
says show "PID $one .*PID $two " 'ALLOC/s' '1009 .*main.allocSmall \(ledger.go:[0-9]+\)'
equal "show N: two tables" "$(of "show N" | grep -c ' loadavg: ')" 2
says set 'set sort alloc' 'set rows 20' 'set by site' 'set interval 0.2' 'set focus off' 'set columns default' \
	"set filter pid $one,$two" 'set json off' '# at the start only: --via snapshot'
equal "set sort: the first row" "$(of "set sort" | grep -A 1 ' INUSE ' | grep -c 'main.allocLarge')" 1
equal "set rows: one for each program" "$(of "set rows" | grep -cE '\(.*\.go:[0-9]+\)$')" 2
says "set by" ' 1009 [^(]*main\.allocSmall'
never "set by" 'ledger\.go'
says "set focus" ' 1009 .*main.allocSmall'
never "set focus" main.allocLarge
never "set ignore" main.alloc
says "set full" '    main\.main'
says "set columns" 'ALLOC/s FUNCTION' 'INUSE SURV% FUNCTION'
never "set columns" 'OBJS'
says "set filter name" 'No such Go program runs now' "PID $one "
says "set filter cgroup" "PID $one "
says "set filter pid" "PID $two "
never "set filter pid" "PID $one "
equal "set json: it is JSON, of both" \
	"$(of "set json" | jq -s '[.[] | select(.function == "main.allocSmall") | .inuse_objects] | unique' -c)" '[503,1009]'
says "set time" '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]+ loadavg'
says columns 'inuse +INUSE +yes +bytes +allocated' 'owner +no '
never pause loadavg
says resume '[0-9]+ tables? passed meanwhile' 'loadavg'
equal "record: JSON of two intervals, each with both programs" \
	"$(jq -sc '[.[] | select(.function == "main.allocSmall")] | [length, (map(.time) | unique | length)]' "$tmp/recording")" '[4,2]'
equal "record: for its owner only" "$(stat -c %a "$tmp/recording")" 600
says record '2 intervals in '
says replay '^recorded at 20' '  INUSE FUNCTION' 'main.allocLarge'
equal "replay: tables of two intervals and two programs" "$(of replay | grep -cE "^PID ($one|$two) ")" 4
equal "replay as JSON: what was recorded" "$(of replay | grep -c '^{')" "$(wc -l <"$tmp/recording")"
says programs "$one +$comm +go1.24"
says explain "PID $two .* go1\.24" "pid +$two +the process" 'heap +[0-9.]+[KM] +pages of the Go heap' 'goroutines +[0-9]+ '
matches "explain last: one of them" "$(of explain | awk '/^pid / { print $2 }' | tail -n 1)" "^($one|$two)\$"
says write "wrote $tmp/profile.svg" 'programs: 2 watched, 2 shown'
equal "write: a pprof file with the objects" \
	"$(samples "$tmp/profile.pb.gz" | grep -c 'main.allocSmall')" 2
matches "write: folded stacks" "$(cat "$tmp/profile.folded")" 'main.allocSmall'
matches "write: a flame graph" "$(head -c 200 "$tmp/profile.svg")" '<svg'

# What fails, and says why; it is all that the script fails by.
fails() { # MESSAGE COMMAND
	timeout 60 "$goalloctop" -p "$one" -c "pause; $2; echo not reached" 60 >"$tmp/out2" 2>"$tmp/err"
	equal "$2: exit status, and no further" "$?:$(grep -c 'not reached' "$tmp/out2")" 1:0
	matches "$2: it says why" "$(cat "$tmp/err")" "$1"
}
fails '--via cannot be changed while it runs.*start goalloctop with --via snapshot, events or refill' 'set via events'
fails '--split cannot be changed while it runs' 'set split thread'
fails '--trace cannot be changed while it runs' 'set trace'
fails '--gc cannot be changed while it runs' 'set gc'
fails "'x' is not alloc, allocs, inuse" 'set sort x'
fails "'0' is not within 1 to" 'set rows 0'
fails "'line' is not program, site" 'set by line'
fails "'0' is not an interval" 'set interval 0'
fails 'is not a regular expression' "set focus 'a('"
fails "no column 'x'; there are owner, inuse" 'set columns +x'
fails "'maybe' is not off or on" 'set full maybe'
fails 'not a Go program' "set filter pid $$"
fails 'PID 2147483647 is not there' "set filter pid $one,2147483647"
fails 'cannot read .*: No such file' "replay $tmp/none"
fails 'line 1: not a JSON object' "replay $tmp/script"
fails 'cannot write /nonexistent/x' 'record /nonexistent/x'
fails 'cannot write /nonexistent/x.svg' 'write /nonexistent/x.svg'
fails "the file's ending says what to write" 'write /tmp/x'
fails "'0' is not .*from 1 " 'show 0'
fails 'no Go program with that PID is watched' 'explain 2147483647'

# No command of the man page is left out, and their order is its own.
awk '/^\.SH / { inside = ($0 == ".SH CONSOLE COMMANDS"); next }
	inside && take { print; take = 0 }
	inside && /^\.T[PQ]$/ { take = 1 }' "$srcdir/man/goalloctop.8" |
	sed -E 's/ (NAMES|COMM|PATH|PID|FILE|REGEX|COLUMN|WHAT|SECONDS|on\|off).*//; s/ \[N\]//; s/ N$//' >"$tmp/commands"
[ "$(wc -l <"$tmp/commands")" -ge 25 ]
ok "commands are found in the man page" $?
sed -n 's/^echo @ //p' "$tmp/script" | sed 's/ N$//' >"$tmp/tried"
missing=$(while read -r command; do
	grep -qxF "$command" "$tmp/tried" || grep -qE "^fails .*['\"]$command( [a-z]+)?['\"]\$" "$0" || echo "$command"
done <"$tmp/commands")
equal "each of them is tried" "$missing" ""
equal "in its order" "$(uniq "$tmp/tried")" "$(grep -vxE 'set (via|split|trace|gc)' "$tmp/commands" | uniq)"
