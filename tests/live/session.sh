#!/usr/bin/env bash
# The probe of a running oomkill edited by its console: what does not run leaves all as it was, and nothing is left.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/screen/lib.sh"
can_trace
umask 022

# The editor: a vi, so that it is given +LINE, which does what $tmp/do says.
mkdir "$tmp/bin"
cat >"$tmp/bin/vi" <<-EOT
	#!/bin/bash
	file=\${*: -1}
	dirname "\$file" >"$tmp/where"
	stat -c %a "\$file" "\$(dirname "\$file")" | xargs >"$tmp/modes"
	touch "\$file~" "\$(dirname "\$file")/.x.swp"
	echo "\$*" >"$tmp/call"
	. "$tmp/do"
EOT
chmod +x "$tmp/bin/vi"
edit() { # LINE OF SHELL: the file is $file
	echo "$1" >"$tmp/do"
	rm -f "$tmp/call" "$tmp/where"
	command_line edit
}
# The terminal's output is kept, as the screen may be full of the kills of other tests: what came since the last
# command line, a line each.
mark=0
since() {
	tail -c +$((mark + 1)) "$tmp/log" | tr '\r' '\n' | sed -E 's/\x1b\[[0-9;?]*[a-zA-Z]//g'
}
said() { since | grep -qE -- "$1"; }
sees() { # DESCRIPTION REGEX
	wait_for 60 said "$2"
	local status=$?
	[ $status = 0 ] || since | tail -n 20 | sed 's/^/# terminal: /'
	ok "$1" $status
}
command_line() {
	mark=$(stat -c %s "$tmp/log")
	typed "$1"
	keys Enter
}
gone() { # DESCRIPTION
	wait_for 20 eval '! [ -e "$(cat "$tmp/where")" ]'
	ok "$1: its private folder is gone" $?
}
told() { # NAME: a kill is told of
	kill_in "$1" $((16 << 20)) "$hog" 32
	sees "$1: a kill is told of" "OOM kill of PID $victim "
}

terminal 180 24
: >"$tmp/log"
tm pipe-pane "cat >>$tmp/log"
command_line "export EDITOR='$tmp/bin/vi -n' XDG_STATE_HOME=$tmp/state XDG_RUNTIME_DIR= TMPDIR=$tmp"
command_line "echo pid \$\$; exec $tools/oomkill -i"
wait_for 180 said '^oomkill>'
ok "the console is there" $?
pid=$(since | sed -n 's/^pid //p')
told before

# ---- what does not compile, what is refused, what fails ----

edit 'sed -i "s/= RD(victim->signal);/= RD(victim->no_such);/" "$file"'
sees "an error of the compiler" "edited:[0-9]+:[0-9]+: error: no member named 'no_such' in 'struct task_struct'"
sees "with the line of the text" "= RD\(victim->no_such\);"
sees "and that nothing has changed" 'Nothing has changed: the probe runs on as it was'
equal "the editor's file is private" "$(cat "$tmp/modes")" "600 700"
gone "after an error"
line=$(since | sed -nE "s/^.*edited:([0-9]+):.*error: no member.*/\1/p" | head -n 1)
refused='	return *(int *)(long)bpf_get_prandom_u32();'
edit "sed -i 's/no_such/signal/; s/^\treturn story_tell(ctx, victim, oc, OOMKILL_WAS_DYING.*/$refused/' \"\$file\""
sees "what the verifier refuses" "edited:[0-9]+: the kernel's verifier refuses tp_btf__mark_victim"
equal "edit has gone to the line of the error" "$(cut -d ' ' -f 1,2 "$tmp/call")" "-n +$line"
sees "and why" "invalid mem access 'scalar'"
edit 'kill -KILL $$'
sees "an editor that is killed" 'ended by signal 9 .*the text is as it was'
gone "killed"
edit 'exit 1'
sees "an editor that fails" 'ended with status 1: the text is as it was'
edit ': >"$file"'
sees "an empty text" 'edited is not a BPF text: it is empty'
edit ': nothing'
sees "the draft is still there" 'Nothing was changed; the draft is still there'
command_line status
sees "status tells of the draft" '^Draft: +edited, failed at line [0-9]+'
sees "and what runs" '^Text: +the built-in text'
command_line "save $tmp/draft.c"
sees "a draft that does not run can be saved" 'the draft, which is not applied, is written'
equal "for its user alone" "$(stat -c %a "$tmp/draft.c")" 600
told "after all that"

# ---- what runs ----

edit "sed -i 's/^.*(long)bpf_get_prandom_u32.*/\treturn story_tell(ctx, victim, oc, OOMKILL_WAS_DYING, \&kill);/; \$s/\$/ \/\/ mine/' \"\$file\""
sees "the mended text runs" '^edited runs \(variant [a-z_]+\) after '
told changed
command_line diff
sees "diff shows what is changed" '^\+.* // mine$'
equal "and nothing else" "$(since | grep -cE '^[-+][^-+]')" 2
command_line "save $tmp/mine.c"
sees "it is saved" "mine.c: the text that runs is written"
matches "with what it is for" "$(head -n 1 "$tmp/mine.c")" '^/\* oomkill [0-9.]+: the text of its BPF probe\.'
command_line undo
sees "undo goes back" '^the built-in text runs .* from the cache'
told undone
command_line undo
sees "no further than the start" 'nothing to undo'
chmod g+w "$tmp/mine.c"
command_line "load $tmp/mine.c"
sees "load refuses what others may write" 'others may write to the file .*load --force'
command_line "load --force $tmp/mine.c"
sees "--force takes it" 'mine.c is the draft'
command_line "diff draft"
sees "diff draft" '^\+.* // mine$'
command_line apply
sees "it runs" 'mine.c runs .* from the cache'
command_line "list raw_tp__exit_mmap"
sees "list shows a function" '^ *[0-9]+  .*raw_tp__exit_mmap'
command_line "list 1-1"
sees "its lines are those of its file" '^ +1  /\* oomkill [0-9.]+: the text of its BPF probe\.'
told loaded

# ---- while an editor runs ----

edit "touch $tmp/there; until [ -e $tmp/go ]; do sleep 0.1; done"
wait_for 30 test -e "$tmp/there"
kill_in meanwhile $((16 << 20)) "$hog" 32
sleep 0.5
! said "OOM kill of PID $victim "
ok "a kill is not shown in the editor" $?
touch "$tmp/go"
sees "it is when the editor ends" "OOM kill of PID $victim "
sees "the prompt is back" '^oomkill> *$'
rm -f "$tmp/there"
edit "touch $tmp/there; sleep 100"
wait_for 30 test -e "$tmp/there"
where=$(cat "$tmp/where")
kill -TERM "$pid"
wait_for 20 is_dead "$pid"
ok "SIGTERM ends the tool, and the editor" $?
[ ! -e "$where" ]
ok "and the private folder is gone" $?

# ---- scripts ----

of() {
	"$@" 2>&1
	echo "status $?"
}
echo 'int x' >"$tmp/bad.c"
matches "a script ends where a text does not compile" "$(of "$tools/oomkill" -c "load $tmp/bad.c; apply; echo no")" \
	"bad.c:1:6: error: .*as it was.*status 1"
{
	"$tools/oomkill" --ebpf
	printf 'TRACEPOINT_PROBE(oom, no_such_event)\n{\n\treturn 0;\n}\n'
} >"$tmp/event.c"
line=$(grep -n no_such_event "$tmp/event.c" | cut -d : -f 1)
matches "what cannot be attached is quoted, and edit goes there" "$(of "$tools/oomkill" -c "load $tmp/event.c; apply")" \
	"event.c:$line: this kernel has no tracepoint oom:no_such_event
 +TRACEPOINT_PROBE\\(oom, no_such_event\\)
.*'edit' goes on with the draft, at line $line
.*status 1"
matches "--probe quotes it, too" "$(of "$tools/oomkill" --probe "$tmp/event.c" -d 0.1)" \
	"event.c:$line: this kernel has no tracepoint oom:no_such_event
 +TRACEPOINT_PROBE\\(oom, no_such_event\\)
status 1"
matches "a file without a name" "$(of "$tools/oomkill" -c "save ''")" "save: '' is no name of a file.*status 1"
equal "a text that was saved is the text that is built in" \
	"$(of "$tools/oomkill" -c "save $tmp/a.c; load $tmp/a.c; apply; diff" | sed -n '$!p' | tail -n 1)" \
	"built-in and running are the same"
matches "no such file" "$(of "$tools/oomkill" -c "load $tmp/none")" 'cannot read .*status 1'
ln -s /etc/hostname "$tmp/link"
chown -h 65534 "$tmp/link"
matches "save is not led elsewhere" "$(of "$tools/oomkill" -c "save $tmp/link")" 'belongs to another user.*status 1'

# ---- --probe and --edit at the start ----

"$tools/oomkill" --probe "$tmp/bad.c" -d 0.1 >"$tmp/out" 2>&1
equal "--probe with an error: exit status" $? 1
matches "and its line" "$(cat "$tmp/out")" 'bad.c:1:6: error: '
echo 'echo "int y" >"$file"' >"$tmp/do"
# Of another name: vi would need a terminal.
cp "$tmp/bin/vi" "$tmp/bin/script"
EDITOR=$tmp/bin/script "$tools/oomkill" --edit -d 0.1 >"$tmp/out" 2>&1 </dev/null
equal "--edit with an error: exit status" $? 1
kept=$(sed -nE 's/.*the edited text is kept in ([^:]*):.*/\1/p' "$tmp/out")
equal "what was edited is kept" "$(sed 1d "$kept")" "int y"
equal "for its user alone" "$(stat -c %a "$kept")" 600
rm -f "$kept"
