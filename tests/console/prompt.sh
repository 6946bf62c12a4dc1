#!/usr/bin/env bash
# The console's prompt on a terminal: events scroll above it, the line that is typed stays as it is, and the terminal
# is given back as it was.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/screen/lib.sh"
demo=$builddir/tests/console/console_demo
# The shell writes its own history when it ends.
export HOME=$tmp/home INPUTRC=/dev/null HISTFILE=/dev/null
unset XDG_STATE_HOME
mkdir "$HOME"
state=$HOME/.local/state/oomtools
cd "$tmp" || exit

# begin [ARGUMENT...]: the demo with a prompt, on a screen that shows nothing else; its pid in $tmp/pid
begin() {
	rm -f pid
	# shellcheck disable=SC2016
	run_in "env ${environment-} sh -c 'echo \$\$ >pid; exec $demo -i $*'; echo status \$?"
	wait_for 60 shows '^demo> ?$'
}
enter() { # LINE
	typed "$1"
	keys Enter
}
number() { screen | grep -oE '^event number [0-9]+' | tail -n 1 | grep -oE '[0-9]+'; }
more_events() { # N: that many more than there were
	local from
	from=$(number)
	wait_for 60 eval "[ \"0\$(number)\" -ge $((${from:-0} + $1)) ]"
}
over() { # DESCRIPTION STATUS: the demo has ended and left the terminal as it was
	sees "$1: exit status" "^status $2\$"
	restored "$1" "$tmp/modes"
}

terminal 60 24
modes "$tmp/modes"

begin
enter "every 0.05"
typed "words hello wörld 'and more'"
keys Left Left Left Left Left
more_events 5
sees "events scroll above the line that is typed" "^demo> words hello wörld 'and more'$"
wait_for 30 shows "^demo> words"
typed "é"
more_events 3
enter ""
sees "the cursor stayed where it was" '^3: <and émore>$'
keys C-r
typed "wörl"
more_events 3
sees "events come during a search" "reverse-i-search.*wörl.: words hello"
keys C-c
more_events 3
sees "Ctrl-C ends the search" '^demo> ?$'
typed "fail not"
keys C-c
sees "Ctrl-C drops the line, not the tool" '^demo> fail not\^C$'
more_events 2
enter "every off"
lacks "nothing of it was carried out" 'half of it'

typed "words "
for i in 1 2 3 4 5 6; do typed "${i}23456789 123456789 "; done
enter "" # longer than the terminal is wide
sees "a long line" '^ *12: <123456789>$|^12: <123456789>$'
enter "every 0.05"
typed "words "
for i in 1 2 3 4; do typed "${i}23456789 123456789 "; done
more_events 5
sees "a long line below events" '^demo> words 123456789 123456789 223456789 123456789 32345678$'
sees "its second row" '^9 123456789 423456789 123456789 ?$'
resize 100 24
more_events 3
sees "another width: the line is whole" '^demo> words 123456789 123456789 223456789 123456789 323456789 123456789 423456789 123456789 ?$'
resize 60 24
more_events 3
sees "the first width again" '^9 123456789 423456789 123456789 ?$'
keys C-c
enter "every off"

run_keys() { # WORDS...: on an empty line
	keys C-c
	wait_for 30 shows '^demo> ?$'
	keys "$@"
}
run_keys C-l
typed "wo"
keys Tab
sees "TAB completes a command" '^demo> words ?$'
run_keys C-l
typed "set "
keys Tab
sees "TAB shows what there is" '^column +filter$'
typed "c"
keys Tab
sees "and completes that" '^demo> set column ?$'
typed "h"
keys Tab
sees "not only ASCII" '^demo> set column höhe ?$'
run_keys C-l
typed "set column t"
keys Tab Enter
sees "what has blanks is quoted" '^set column: two words$'
mkdir "a folder"
echo "echo x" >"a folder/file;1"
typed "load a"
keys Tab
sees "the name of a folder" '^demo> load a\\ folder/$'
keys Tab Enter
sees "and of a file in it" '^1: <a folder/file;1>$'
run_keys C-l
typed "set ?"
sees "? shows what may come" '^  filter \[TEXT\] +only some$'
sees "and leaves the line" '^demo> set ?$'
run_keys C-l
enter "words 'a?b' c\\?d"
sees "within quotes it is a character" '^1: <a\?b>$'
sees "and behind a backslash" '^2: <c\?d>$'
enter "s"
sees "what is ambiguous is said" "^demo: 's' may be set or show$"
enter "fail now; words no"
sees "a failure" '^demo: fail: now$'
lacks "ends its line" '<no>'
enter ""
lacks "an empty line repeats nothing" '(now.*){2}'
enter "warn 'a message'"
sees "a message stands above the prompt" '^demo: warning: a message$'
enter "later 0"
sees "a command that goes on" '^done$'
run_keys C-l
printf 'words one\nwords two\n' >pasted
tm load-buffer pasted
tm paste-buffer -p
keys Enter
sees "of a pasted text the last line" '^1: <two>$'
sees "and the one before" '^1: <one>$'
run_keys C-l
{
	for i in {1..299}; do echo "words	line$i?"; done
	printf 'echo and this'
} >pasted
tm load-buffer pasted
tm paste-buffer -p
sees "300 lines are pasted: each is carried out, TAB and ? are no keys" '^1: <line299\?>$'
sees "and one without an end waits for it" '^demo> echo and this$'
equal "nothing is drawn twice" "$(screen | grep -cE '^demo> words.*line299\?$')" 1
keys Enter
sees "or gets it" '^and this$'
for i in 1 2 7 298; do grep -qxF "words	line$i?" "$state/history" && echo "$i"; done >kept
equal "the history is written at the end" "$(cat kept)" ""
run_keys C-l
printf 'echo before\nfail here\necho behind\n' >pasted
tm load-buffer pasted
tm paste-buffer -p
sees "one fails: the rest is left out" '^demo: warning: the rest of what was pasted is left out$'
typed "echo last"
keys Enter
sees "what is typed then is not" '^last$'
lacks "and nothing of it was carried out" '^behind$'
run_keys C-l
printf 'wait 1000\necho behind\n' >pasted
tm load-buffer pasted
tm paste-buffer -p
sees "a command of the pasted lines waits" '^demo> wait 1000$'
keys C-c
sees "Ctrl-C ends it and drops the rest" '^demo: warning: the rest of what was pasted is left out$'
printf 'words \xff\xfe x\r' >bytes
run_keys C-l
tm load-buffer bytes
tm paste-buffer
sees "bytes that are not UTF-8" '^1: <\\xff\\xfe>$'
enter "wait"
sees "waits" '^demo> wait$'
keys C-c
sees "Ctrl-C ends a wait" '^demo> ?$'
run_keys C-l
enter "outside"
sees "the terminal is lent out" '^outside: Enter goes on$'
enter "abc"
sees "and taken back" '^demo> ?$'
enter " words secret"
sees "a line with a blank before it" '^1: <secret>$'
keys C-z
sees "Ctrl-Z stops it" 'Stopped'
modes "$tmp/modes.stopped"
equal "the terminal is as it was meanwhile" "$(cat "$tmp/modes.stopped")" "$(cat "$tmp/modes")"
run_in "fg"
sees "fg" '^demo> ?$'
typed "echo again"
keys Enter
sees "it goes on" '^again$'
keys C-d
restored "Ctrl-D" "$tmp/modes"
equal "the history is its owner's" "$(stat -c %a "$state" "$state/history" | xargs)" "700 600"
equal "what was typed is in it" "$(sed -n '1p;$p' "$state/history")" $'every 0.05\necho again'
equal "but for lines with a blank before them" "$(grep -c secret "$state/history")" 0

begin
keys Up Up
sees "the history of the last time" '^demo> (fg|outside|echo again)$'
keys C-c
enter "history 1"
sees "is shown" '^ +[0-9]+  history 1$'
for signal in TERM HUP QUIT USR1; do
	[ $signal = TERM ] || begin
	typed "half a li"
	wait_for 30 shows 'half a li$'
	kill -$signal "$(cat pid)"
	sees "SIG$signal: it ends" '^status [0-9]+$|^(Quit|User defined signal 1|Hangup).*$'
	restored "SIG$signal" "$tmp/modes"
done

environment=DEMO_THREAD=1 begin
enter "every 0.002"
typed "words typed meanwhile"
more_events 20
enter ""
sees "events of another thread" '^2: <meanwhile>$'
keys C-d
over "with a thread" 0

chmod 644 "$state/history"
begin
sees "a history that others may read is not used" "^demo: warning: the history is not kept: .*"
keys C-d
over "Ctrl-D" 0
chmod 600 "$state/history"

environment=TERM=dumb begin
enter "every 0.05"
typed "words dumb"
more_events 2
enter ""
sees "TERM=dumb" '^1: <dumb>$'
enter "quit"
over "dumb" 0

run_in "$demo -i >data"
sees "standard output is a file: the prompt is on the terminal" '^demo> ?$'
enter "words x"
enter "quit"
wait_for 30 shows '^ready>'
equal "and the data clean" "$(cat data)" $'The demo begins... \'help\' shows the commands, Ctrl-D ends.\n1: <x>'
begin '-c "echo first; wait 10ms"'
sees "a script before the prompt" '^first$'
enter "quit"
over "after a script" 0
run_in "$demo -i -c fail; echo status \$?"
over "a script that fails" 1
