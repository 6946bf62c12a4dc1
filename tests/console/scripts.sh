#!/usr/bin/env bash
# The console's scripts: what commands print, what is said of one that fails, and the exit status.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
demo=$builddir/tests/console/console_demo
export XDG_STATE_HOME=$tmp/state
cd "$tmp" || exit

# runs DESCRIPTION STATUS STDOUT STDERR ARGUMENT...: what is printed after the demo's start line
runs() {
	local description=$1 status=$2 out=$3 err=$4
	shift 4
	timeout 60 "$demo" "$@" >"$tmp/out" 2>"$tmp/err"
	equal "$description" "$? $(tail -n +2 "$tmp/out") $(cat "$tmp/err")" "$status $out $err"
}
runs "commands" 0 $'a b c\nset filter: x' "" -c "echo a 'b c'; set f x  # no more"
runs "words" 0 $'1: <a b>\n2: <;>\n3: <>\n4: <#x>' "" -c "words a\\ b ';' \"\" '#x'"
runs "an unknown command" 1 "" \
	"demo: -c:1: there is no command 'xx'; there are every, fail, later, load, outside, raw, set, show, tell, warn, words, help, ?, history, echo, wait and quit" \
	-c "xx; echo no"
runs "an ambiguous one" 1 "" "demo: -c:1: 's' may be set or show" -c "s"
runs "a word too much" 1 "" "demo: -c:1: load: 'b' is too much; it goes 'load FILE'; see 'help load'" -c "load a b"
runs "the first that fails ends the script" 1 $'half of it' "demo: -c:1: fail: because" -c "fail because; echo no"
runs "without a reason: the system's" 1 $'half of it' "demo: -c:1: fail: Input/output error" -c "fail"
runs "a quote that is not closed" 1 "" 'demo: -c:1: the quote " at character 6 is not closed' -c 'echo "ab'
runs "quit" 0 a "" -c "echo a; quit; fail"
runs "escape sequences" 0 'x\x1b[31my\xff' "" -c $'raw'
runs "a command that goes on" 0 $'begun\ndone\nnext' "" -c "later 0; echo next"
runs "and fails in the end" 1 begun "demo: -c:1: later: too late" -c "later 1; echo no"
runs "nothing" 0 "" "" -c ";;  # nothing"

runs "wait for events" 0 $'event number 1 of the demo\nevent number 2 of the demo\nok' "" \
	-c "every 0.01; wait 2 events 50; every off; echo ok"
runs "those told since the last wait count" 0 ok "" -c "tell; tell; wait 2 e; echo ok"
runs "events that do not come" 1 "" "demo: -c:1: wait: the events did not come in that time" -c "wait 1 events 0.05; echo no"
runs "wait for a time" 0 ok "" -c "wait 10ms; echo ok"
runs "what cannot be waited for" 1 "" "demo: -c:1: wait: 'x' is not seconds more than 0, such as 10, 0.5, 200ms or 1h30m" -c "wait x"
runs "the time of -d comes first" 1 "" "demo: warning: -c: not carried out to its end" -d 0.05 -c "wait 1 events; echo no"
runs "a script and -d" 0 ok "" -d 0.05 -c "echo ok"

printf 'echo one # a comment\n\n# another\necho two \\\n  three\n  fail why\necho no\n' >script.oom
runs "a script: lines are numbered" 1 $'one\ntwo three\nhalf of it' "demo: script.oom:6: fail: why" -X script.oom
printf 'echo a\r\necho "b c"\r\n' >crlf.oom
runs "CRLF" 0 $'a\nb c' "" -X crlf.oom
printf 'echo no end' >noend.oom
runs "no newline at the end" 0 "no end" "" -X noend.oom
printf 'echo a\necho \0b\n' >nul.oom
runs "a NUL" 1 a "demo: nul.oom:2: character 6 is a control character (0x00): remove it" -X nul.oom
head -c 70000 /dev/zero | tr '\0' x >long.oom
runs "a line that is too long" 1 "" "demo: long.oom:1: the line is longer than 64 KiB" -X long.oom
runs "-c, then -X" 0 $'first\nno end' "" -c "echo first" -X noend.oom
runs "-X -" 0 $'from stdin' "" -X - <<<"echo from stdin"
runs "-i without a terminal" 0 $'a\nb' "" -i <<<$'echo a\necho b'
runs "its failure" 1 "" "demo: standard input:2: there is no 'set x'; there are column and filter" -i <<<$'\nset x'
runs "an empty standard input" 0 "" "" -i </dev/null
runs "history: nothing of scripts" 0 x "" -c "echo x; history"
[ ! -e "$XDG_STATE_HOME" ]
ok "no history is made" $?

# before anything begins: not even the start line
refused() { # DESCRIPTION STATUS MESSAGE ARGUMENT...
	local description=$1 status=$2 err=$3
	shift 3
	timeout 60 "$demo" "$@" >"$tmp/out" 2>"$tmp/err"
	equal "$description" "$? $(cat "$tmp/out" "$tmp/err")" "$status $err"
}
refused "no such script" 1 "demo: --script: cannot read no.oom: No such file or directory" -X no.oom
refused "a folder" 1 "demo: --script: cannot read $tmp: Is a directory" -X "$tmp"
refused "--ebpf" 2 "demo: --ebpf prints the text and is done: it does not go with -i, -c or -X" --ebpf -c x

# A stream is carried out as it comes.
mkfifo in
"$demo" -X - <in >out 2>err &
pid=$!
exec 3>in
echo "echo one" >&3
wait_for 30 grep -qx one out
ok "a line of a stream is carried out before its end" $?
printf 'echo half' >&3
echo " a line; wait" >&3
wait_for 30 grep -qx 'half a line' out
ok "a line that came in two pieces" $?
echo "echo after" >&3
kill -INT $pid
wait_for 30 grep -qx after out
ok "Ctrl-C ends a wait without a time, and the script goes on" $?
exec 3>&-
wait $pid
equal "its end is the tool's" "$? $(cat err)" "0 "

"$demo" -c "wait 1000" >out 2>err &
pid=$!
wait_for 30 grep -q begins out
kill -TERM $pid
wait $pid
equal "SIGTERM: the script has not come to its end" "$? $(cat err)" "1 demo: warning: -c: not carried out to its end"
"$demo" -c "wait" >out 2>err &
pid=$!
wait_for 30 grep -q begins out
kill -TERM $pid
wait $pid
equal "but that is what a mere wait is for" "$? $(cat err)" "0 "
"$demo" -c "echo a" >/dev/full 2>err
equal "standard output is full" "$? $(cat err)" "1 demo: cannot write to standard output: No space left on device"
