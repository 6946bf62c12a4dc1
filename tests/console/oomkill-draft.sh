#!/usr/bin/env bash
# A draft at the prompt: whoever loads one that does not compile is told so; Ctrl-C ends an apply that still compiles, and
# the prompt is there meanwhile for all else; what an editor has saved is compiled while it goes on.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
. "$srcdir/tests/screen/lib.sh"
oomkill=$tools/oomkill
for i in 1 2; do "$oomkill" --ebpf | sed "\$a /* $i of $$ */" >"$tmp/good$i.c"; done
"$oomkill" --ebpf | sed '$a int broken( {' >"$tmp/bad.c"

# Each compiler's PID; it does not begin while there is a file "hold".
real=${OOMTOOLS_COMPILE:-$builddir/libexec/oomtools-compile}
cat >"$tmp/compile" <<EOF
#!/bin/sh
echo \$\$ >>$tmp/compilers
while [ -e $tmp/hold ]; do sleep 0.05; done
exec $real "\$@"
EOF
# It saves the text with a change, and stays until it is told to end.
cat >"$tmp/editor" <<EOF
#!/bin/sh
for file; do :; done
sed -i '\$a /* edited by $$ */' "\$file"
while [ ! -e $tmp/enough ]; do sleep 0.05; done
EOF
chmod +x "$tmp/compile" "$tmp/editor"
mkdir -p "$tmp/left" "$tmp/cache"
chmod 700 "$tmp/cache" "$tmp/left"
started() { wc -l <"$tmp/compilers"; }
last() { tail -n 1 "$tmp/compilers"; }
enter() { # LINE
	typed "$1"
	keys Enter
}

terminal 150 50
run_in "unset XDG_RUNTIME_DIR; OOMTOOLS_COMPILE=$tmp/compile OOMTOOLS_CACHE_DIR=$tmp/cache TMPDIR=$tmp/left XDG_STATE_HOME=$tmp/state EDITOR=$tmp/editor VISUAL= $oomkill -n none$$ -i"
sees "the prompt" '^oomkill> *$'

enter "load $tmp/bad.c"
sees "it is told by itself that a draft does not compile" "warning: the draft does not compile: 'apply' shows where and why"
enter apply
sees "and where, by apply" "apply: .*bad.c:[0-9]+:[0-9]+: error: expected"
sees "which changes nothing" "Nothing has changed: the probe runs on as it was. 'edit' goes on with the draft, at line"

before=$(started)
touch "$tmp/hold"
enter "load $tmp/good1.c"
wait_for 60 eval '[ "$(started)" -gt "$before" ]'
compiler=$(last)
enter "echo the prompt is there"
sees "while a draft is compiled commands go on" '^the prompt is there$'
typed "no such command"
wait_for 60 shows '^oomkill> no such command$'
keys C-c
sees "Ctrl-C drops a line" 'no such command\^C$'
check "Ctrl-C for the line is not for the compiler" eval '! is_dead "$compiler"'
enter apply
lacks "apply waits for it" '^oomkill> ?$'
keys C-c
sees "Ctrl-C ends that" 'apply: ended while the text was being compiled. Nothing has changed: .* the draft is kept'
check "the compiler is gone" wait_for 20 is_dead "$compiler"
sees "and the prompt is back" '^oomkill> ?$'
rm "$tmp/hold"
enter apply
sees "apply again" '^/.*/good1.c runs .* compiled just now'

before=$(started)
enter edit
check "what the editor has saved is compiled while it goes on" wait_for 60 eval '[ "$(started)" -gt "$before" ]'
wait_for 60 eval '[ "$(started)" -gt $((before + 1)) ] || is_dead "$(last)"'
before=$(started)
touch "$tmp/enough"
sees "it is applied when that has ended" '^(the )?edited.* runs .* compiled just now'
equal "and was compiled by then" "$(started)" "$before"

touch "$tmp/hold"
before=$(started)
enter "load $tmp/good2.c"
wait_for 60 eval '[ "$(started)" -gt "$before" ]'
enter quit
sees "quit" '^ready>'
check "no compiler is left" wait_for 20 is_dead "$(last)"
equal "nor a file" "$(ls -A "$tmp/left")" ""
