#!/usr/bin/env bash
# Every command of oomprof, in the order of the man page, as a script; and a report above a line that is being typed.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
. "$srcdir/tests/screen/lib.sh"
OOMTOOLS_GO_VERSIONS=1.19 find_toolchains
name=oc$$
leaky=$tmp/$name # a name that no other test has: its victims must not count here
cp "$("$workloads/go-victim" 1.19 exec leaky)" "$leaky"
ok "the victims build" $?
export XDG_STATE_HOME=$tmp/state

mkfifo "$tmp/commands"
"$tools/oomprof" -o "$tmp/profiles" -n 2 -X - -d 900 <"$tmp/commands" >"$tmp/script.out" 2>"$tmp/script.err" &
tool=$!
at_exit stop_quietly "$tool"
. "$srcdir/tests/console/does.sh"
kill_leaky() { # NAME
	kill_in "commands$1" $((64 << 20)) "$leaky" -rate 1 -grow 60
}
wait_for 180 grep -q 'Ctrl-C to stop' "$tmp/script.out"
does "programs" "^no Go program is known yet$|, go1\."
does "set filter name $name"
"$leaky" -stop >"$tmp/ready" &
living=$!
at_exit kill -KILL "$living" # it is stopped
wait_for 60 grep -q READY "$tmp/ready"
kill_leaky first
first=$victim
until_line 60 "$tmp/script.out" "OOM kill of PID $first " >"$tmp/line"
does "wait 1"

# Of oomprof(8), CONSOLE COMMANDS.
does "show" "OOM kill of PID $first \(.*/profiles/" '^    INUSE  OBJECTS     % SINCE-GC SITE$' 'main\.grow'
does "show 32" "OOM kill of PID $first "
does "set" '^set rows 2$' '^set columns inuse,objects,share,since-gc,site$' '^set sort inuse$' '^set time off$' \
	'^set json off$' '^set details off$' "^set filter name $name\$"
does "set rows 1"
does "show" "OOM kill of PID $first "
equal "set rows: one row" "$(grep -c '(leaky.go:' "$tmp/printed")" 1
does "set rows" '^set rows 1$'
does "set columns site,alloc"
does "show" '^    ALLOC SITE$'
does "set columns default"
does "set sort objects"
does "show" '^ .*main\.newNode'
does "set sort inuse"
does "set time on"
does "show" '^20[0-9-]{8} [0-9:.]{12} OOM kill of'
does "set time off"
does "set json on"
does "show" "^\\{.*\"pid\":$first,.*\"outcome\":\"written\""
does "set json off"
does "set details on"
does "show" '^  .*goroutines'
does "set details off"
does "explain $first" "^20.* OOM kill of PID $first " '^  .*goroutines' '\(leaky\.go:'
does "explain last" "OOM kill of PID $first "
does "set filter name nobody"
kill_leaky hidden
hidden=$victim
wait_for 60 eval 'ls "$tmp/profiles" | grep -q -- "-$hidden-"'
ok "set filter: its profile is written" $?
does "wait 1"
equal "set filter: but it is not told of" "$(grep -c "OOM kill of PID $hidden " "$tmp/script.out")" 0
does "set filter" '^set filter name nobody$'
does "set filter off"
does "show 32" "OOM kill of PID $hidden "
does "set filter name $name"
does "show 2" "OOM kill of PID $hidden " "OOM kill of PID $first "
equal "set filter: only such ones" "$(grep -c 'OOM kill of' "$tmp/printed")" 2
does "columns" '^alloc +ALLOC +no +bytes '
does "pause"
kill_leaky paused
paused=$victim
does "wait 1 events 60"
equal "pause: not told of" "$(grep -c "OOM kill of PID $paused " "$tmp/script.out")" 0
does "resume" "OOM kill of PID $paused "
does "resume" '^it is not paused$'
does "record $tmp/recorded"
kill_leaky recorded
recorded=$victim
until_line 60 "$tmp/script.out" "OOM kill of PID $recorded " >"$tmp/line"
does "record off" "^[0-9]+ victims? in $tmp/recorded\.$"
equal "record: the victim" "$(jq -r "select(.pid == $recorded).outcome" "$tmp/recorded")" written
equal "record: for its owner only" "$(stat -c %a "$tmp/recorded")" 600
does "show" "OOM kill of PID $recorded "
cp "$tmp/printed" "$tmp/shown"
does "replay $tmp/recorded" "OOM kill of PID $recorded " 'main\.grow'
# The sentences of what the runtime knew are not read back.
equal "replay: what show says" "$(grep -E "PID $recorded |SITE\$|\.go:" "$tmp/printed")" \
	"$(grep -E "PID $recorded |SITE\$|\.go:" "$tmp/shown")"
does "set columns objects,site"
does "replay $tmp/recorded" '^ +OBJECTS SITE$'
does "set columns default"
does "set json on"
does "replay $tmp/recorded" "^\\{"
equal "replay: with JSON the line as it is" "$(grep "\"pid\":$recorded," "$tmp/printed")" "$(grep "\"pid\":$recorded," "$tmp/recorded")"
does "set json off"
does "set filter name nobody"
does "replay $tmp/recorded" # it does not pass
does "set filter name $name"
does "programs" "^$leaky, go1\\.19[.0-9]*: its heap profile can be read$"
does "profile $living" " PID $living \\(\"$name\"\\), go1\\.19.*/profiles/.*-$living-"
does "status" '^Victims:  [0-9]+ seen, [0-9]+ told of, [1-9][0-9]* filtered out; [0-9]+ under way, [0-9]+ waiting for their file$' \
	'^Profiles: [0-9]+ written, [0-9]+ without one, 0 could not be written$' '^Lost:     [0-9]+ events, [0-9]+ buckets$'

tried+=("set interval") # it fails, below

# What the man page has is tried here.
mapfile -t commands < <(sed -n '/^\.SH CONSOLE COMMANDS/,/^\.SH FIELDS/p' "$srcdir/man/oomprof.8" |
	sed -n '/^\.TP/{n;s/\\//g;p}')
check "the man page has commands" test "${#commands[@]}" -ge 15
for command in "${commands[@]}"; do
	words=$(grep -oE '^(set [a-z]+|[a-z]+)' <<<"$command")
	found=1
	for one in "${tried[@]}"; do
		[[ "$one " == "$words "* ]] && found=0
	done
	ok "the man page's '$command' was tried" "$found"
done

# What is wrong is said, and ends the script.
fails() { # COMMAND REGEX
	"$tools/oomprof" -o "$tmp/profiles" -c "$1; echo gone on" >"$tmp/out" 2>"$tmp/err"
	equal "'$1': exit status" "$?" 1
	check "'$1': why" grep -qE -- "$2" "$tmp/err"
	equal "'$1': nothing more is done" "$(grep -c 'gone on' "$tmp/out")" 0
}
fails "show 33" "'33' is not a number from 1 to 32"
fails "set rows many" "'many' is not a number from 0 to 1000"
fails "set sort site" "not sorted by 'site': there are inuse objects"
fails "set interval 5" "oomprof has no interval"
fails "explain x" "'x' is neither a PID nor 'last'"
fails "explain 2147483647" "no victim with the PID 2147483647 is kept"
fails "set filter colour red" "'colour' is nothing to filter by"
fails "profile 2147483647" "PID 2147483647 is not there"
fails "replay /nowhere/at/all" "cannot read /nowhere/at/all"
fails "record $tmp/recorded; replay $tmp/recorded" "it would never end"
fails "record /nowhere/at/all" "cannot write /nowhere/at/all"

echo quit >&9
wait "$tool"
equal "quit: the exit status" "$?" 0

# At a prompt: a victim is told of above the line that is being typed, by another thread.
terminal 100 30
modes "$tmp/modes"
run_in "$tools/oomprof -o $tmp/profiles --record $tmp/kept -n 1 -i; echo status \$?"
sees "the prompt" '^oomprof> ?$'
typed "set filter name $name"
keys Enter
typed "set filter name 'half of"
wait_for 60 shows "^oomprof> set filter name 'half of\$"
keys Left Left Left
kill_leaky typed
sees "a victim is told of while a line is typed" "OOM kill of PID $victim "
sees "the line is intact below it" "^oomprof> set filter name 'half of\$"
wait_for 30 eval '[ "$(screen | grep -v "^$" | tail -n 1)" = "oomprof> set filter name '"'"'half of" ]'
ok "and the last one" $?
typed " a"
keys End
typed " it'"
keys Enter
typed "set filter"
keys Enter
sees "it is carried out as it was typed, with the cursor where it was" '^set filter name half a of it$'
keys C-d
sees "Ctrl-D ends it" '^status 0$'
equal "--record: the victim was kept" "$(jq -c "select(.pid == $victim) | [.outcome, .reason]" "$tmp/kept")" '["written",null]'
restored "afterwards" "$tmp/modes"
