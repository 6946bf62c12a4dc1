#!/usr/bin/env bash
# Every command that all tools have, and every one for the probe, in the order of oomtools(7), as a script.
. "${srcdir:-.}/tests/console/oomkill.sh"
can_trace
mkdir -m 700 "$tmp/private"
export XDG_STATE_HOME=$tmp/state XDG_RUNTIME_DIR=$tmp/private EDITOR=$tmp/editor VISUAL=
mkfifo "$tmp/commands"
"$oomkill" -n "$name" -X - -d 900 <"$tmp/commands" >"$tmp/script.out" 2>"$tmp/script.err" &
tool=$!
at_exit stop_quietly "$tool"
. "$srcdir/tests/console/does.sh"
wait_for 180 grep -q 'Ctrl-C to stop' "$tmp/script.out"

does "help" "^ *quit " "^ *explain " "^ *apply "
does "help wait" "wait .*SECONDS"
does "? sta" "^status|status"
# Typed lines only are kept, and a script's are not.
does "history"
does "history 3"
does "echo one 'two  words'" "^one two  words\$"
echo "echo waits; wait; echo goes-on" >&9
wait_for 60 grep -qx waits "$tmp/script.out"
# The signal may come before the wait, and is for nobody then.
goes_on() {
	kill -INT "$tool"
	sleep 0.2
	grep -qx goes-on "$tmp/script.out"
}
wait_for 60 goes_on
ok "wait: goes on when it is interrupted" $?
tried+=("wait")
does "wait 0.1"
kill_nice 2
does "wait 1 events 100" "OOM kill of PID $victim "
tried+=("wait N events")

does "status" "^Text: +the built-in text" "^Programs? |oom_kill_process|mark_victim" "[0-9]+ told|told"
does "list 1-2" "^ +1  /\*\$" "^ +2   \* oomkill: "
does "list oom_read_victim" "^ *[0-9]+  static inline void oom_read_victim\("
does "fields task_struct.static_prio" "[0-9]+ +4 bytes int static_prio\$"
does "maps" "^lost +.*array"
does "map lost" "0"
does "edit" "^edited runs \(variant "
nice_text "$tmp/more.c" -e '$s|$| // more|'
chmod 600 "$tmp/more.c"
does "load $tmp/more.c" "more.c is the draft"
does "list draft 1-2" "^ +1  /\* oomkill [0-9.]+: the text of its BPF probe\." "^ +2  /\*\$"
does "diff draft" "^\+.* // more\$"
does "apply" "more.c runs \(variant "
kill_nice 4
does "wait 1 events 100" "PID $victim .*, nice 4\$"
does "undo" "^edited runs \(variant "
does "diff" "^\+.*__s32 nice;\$"
does "save $tmp/saved.c" "saved.c: the (draft|text)"
matches "save: with what it is for" "$(head -n 1 "$tmp/saved.c")" '^/\* oomkill [0-9.]+: the text of its BPF probe\.'

awk '/^\.SS / { inside = /Common commands|Commands for the probe/; tp = 0 } inside && tp { print; tp = 0 }
	/^\.TP$/ { tp = 1 }' "$srcdir/man/oomtools.7" | sed -E 's/\\//g; s/ \[.*//; s/ [A-Z]{2,}.*//; s/, .*//' >"$tmp/page"
check "oomtools(7) has commands" test -s "$tmp/page"
equal "all are known here" "$(grep -cxE 'help|history|echo|wait|wait N events|quit|status|list|fields|maps|edit|load|apply|undo|diff|save' "$tmp/page")" "$(wc -l <"$tmp/page")"
untried=$(while read -r command; do
	printf '%s\n' "${tried[@]}" "quit" | grep -qE "^$command( |\$)" || echo "$command"
done <"$tmp/page")
equal "and each was tried" "$untried" ""
echo "quit" >&9
wait "$tool"
equal "quit ends it well" "$?" 0
equal "nothing is left of editing" "$(ls -A "$tmp/private")" ""
