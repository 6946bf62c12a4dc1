#!/usr/bin/env bash
# Every command of memrate's own, in the order of its man page, as a script, on processes of our own; and a probe that
# counts more while it runs.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/live/lib.sh"
can_trace
memrate=$tools/memrate
cgroup=$(memcg_make memrate-console 256M)
ok "a cgroup is made" $?
at_exit memcg_remove "$cgroup"
cp "$(command -v sleep)" "$tmp/mrsleep"
memcg_start "$cgroup" "$tmp/mrsleep" 1000
one=$!
"$tmp/mrsleep" 1000 &
two=$!
at_exit stop_quietly $one
at_exit stop_quietly $two
# It makes pipes all the time, and one more at a time never.
(while :; do echo x | read -r _; done) &
busy=$!
at_exit stop_quietly $busy

# A member at the front, so that all others move.
"$memrate" --ebpf | sed -e '/^struct memrate_count {/a\	__u64 large;' \
	-e 's/^\(	*\)count->slab_allocs++;/&\n\1if (bytes >= 32)\n\1	count->large++;/' >"$tmp/more.c"
chmod 600 "$tmp/more.c"
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
set sort pid
show
echo @ set rows
set rows 1
show
set rows 20
echo @ set by
set by cgroup
show
set by process
echo @ set interval
set interval 0.3
wait 3 events 60
echo @ set columns
set columns pid,comm,rss,growth
show
set columns -growth,+limit
show
set columns default
echo @ set filter name
set filter pid off
set filter name no-such
show
set filter name mrsleep
show
echo @ set filter cgroup
set filter cgroup $cgroup
show
set filter cgroup off
set filter name off
echo @ set filter pid
set filter pid $two
show
echo @ set filter off
set filter off
set filter pid $one,$two,$busy
echo @ set json
set json on
show
set json off
echo @ set time
set time on
show
set time off
echo @ columns
columns
echo @ explain
explain $one
set sort pid
explain last
set sort growth
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
set columns pid,rss
replay $tmp/recording
set columns default
set json on
replay $tmp/recording
set json off
status
echo @ apply
load $tmp/more.c
apply
columns
wait 3 events 60
set sort large
set sort
set json on
show
wait 2 events 60
show
wait 2 events 60
show
set json off
undo
wait 3 events 60
set json on
show
wait 2 events 60
show
END
timeout 300 "$memrate" -p "$one,$two,$busy" --sample 1 0.2 -X "$tmp/script" >"$tmp/out" 2>"$tmp/err"
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
matches "status: what is read, not attached" "$(grep '^  iter__' "$tmp/out")" '^  iter__task +iter task +[1-9][0-9]* '
says show 'PID COMM ' " $one mrsleep " " $two mrsleep " 'allocations: all counted'
equal "show N: two tables" "$(of "show N" | grep -c ' loadavg: ')" 2
says set 'set sort growth' 'set rows 20' 'set by process' 'set interval 0.2' 'set columns default' \
	"set filter name off" "set filter pid $one,$two,$busy" 'set json off' '# at the start only: --sample 1'
equal "set sort: the first row" "$(of "set sort" | awk '/^ *PID / { getline; print $1 }')" "$one"
equal "set rows: one" "$(of "set rows" | grep -cE '^ *[0-9]+ (mrsleep|bash|memrate-comman)')" 1
says "set by" 'PROCS +RSS ' ' 1 .*memrate-console'
never "set by" mrsleep
says "set columns" ' PID COMM +RSS  GROW/s[^ ]' ' PID COMM +RSS +LIMIT[^ ]'
says "set filter name" 'No such process runs now' " $one mrsleep"
says "set filter cgroup" " $one mrsleep"
never "set filter cgroup" " $two mrsleep"
says "set filter pid" " $two mrsleep"
never "set filter pid" " $one mrsleep"
equal "set json: it is JSON, of all three" "$(of "set json" | jq -s 'map(.pid) | sort == ($ARGS.positional | map(tonumber) | sort)' \
	--args "$one" "$two" "$busy")" true
says "set time" '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]+ loadavg'
says columns 'growth +GROW/s +yes +bytes/s' 'pid +PID +yes'
says explain "pid +$one +the process" 'comm +mrsleep +its name' 'rss +[0-9.]+[KM] +in memory'
equal "explain: PID, and the first in the table" "$(of explain | awk '/^pid / { print $2 }' | xargs)" "$one $one"
never pause loadavg
says resume '[0-9]+ tables? passed meanwhile' 'loadavg'
equal "record: JSON of two intervals, each with all three" \
	"$(jq -sc '[length, (map(.time) | unique | length)]' "$tmp/recording")" '[6,2]'
equal "record: for its owner only" "$(stat -c %a "$tmp/recording")" 600
says record '2 intervals in '
says replay ' PID +RSS[^ ]' " $one  " 'tables: [0-9]+ by now, every 0.3 s, by process'
equal "replay as JSON: what was recorded" "$(of replay | grep '^{')" "$(cat "$tmp/recording")"
says apply 'large +.* 1/s +told by the edited text'
equal "a member more is a rate more, of who allocates in the kernel; without the text there is none" \
	"$(of apply | grep '^{' | jq -sc --argjson busy "$busy" 'map(select(.pid == $busy)) |
		[(.[:3] | any(.probe_large_per_second > 0), all(.probe_large_per_second <= .slab_allocs_per_second)),
		(.[3:] | any(has("probe_large_per_second")), any(.slab_allocs_per_second > 0))]')" "[true,true,false,true]"
of apply | grep '^{' >"$tmp/members"
says apply 'set sort large'
equal "set sort: by that member" "$(jq -s ".[0].pid == $busy" "$tmp/members")" true
matches "it is a column of a recording, too" "$("$memrate" --replay "$tmp/members")" ' KFREE/s +large +USED '

# What fails, and says why; it is all that the script fails by.
fails() { # MESSAGE COMMAND
	timeout 60 "$memrate" -p "$one" -c "pause; $2; echo not reached" 60 >"$tmp/out2" 2>"$tmp/err"
	equal "$2: exit status, and no further" "$?:$(grep -c 'not reached' "$tmp/out2")" 1:0
	matches "$2: it says why" "$(cat "$tmp/err")" "$1"
}
fails "'x' is not growth, rss" 'set sort x'
fails "'0' is not within 1 to" 'set rows 0'
fails "'line' is not process, cgroup or container" 'set by line'
fails "'0' is not an interval" 'set interval 0'
fails "no column 'x'; there are pid, comm" 'set columns +x'
fails "'maybe' is not off or on" 'set json maybe'
fails "'0' is not within" 'set filter pid 0'
fails "'x' is neither a PID nor 'last'" 'explain x'
fails 'there was no process 2147483647 at the last interval' 'explain 2147483647'
fails "--sample cannot be changed while it runs" 'set sample 5'
fails 'cannot read .*: No such file' "replay $tmp/none"
fails 'line 1: not a JSON object' "replay $tmp/script"
fails 'cannot write /nonexistent/x' 'record /nonexistent/x'
"$memrate" --ebpf | sed 's/__u64 slab_frees;/__u32 slab_frees;/' >"$tmp/wrong.c"
chmod 600 "$tmp/wrong.c"
fails 'slab_frees' "load $tmp/wrong.c; apply"

# No command of the man page is left out, and their order is its own.
awk '/^\.SH / { inside = ($0 == ".SH CONSOLE COMMANDS"); next }
	inside && take { print; take = 0 }
	inside && /^\.T[PQ]$/ { take = 1 }' "$srcdir/man/memrate.8" | grep -vx 'set sample' |
	sed -E 's/ (NAMES|COMM|PATH|PID|FILE|COLUMN|WHAT|SECONDS|on\|off).*//; s/ \[N\]//; s/ N$//' >"$tmp/commands"
[ "$(wc -l <"$tmp/commands")" -ge 18 ]
ok "commands are found in the man page" $?
equal "all are tried, in its order" "$(sed -n 's/^echo @ //p' "$tmp/script" | grep -vx apply | sed 's/ N$//' | uniq)" "$(uniq "$tmp/commands")"
