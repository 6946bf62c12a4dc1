#!/usr/bin/env bash
# While a text is being changed a compiler waits for it: it is taken, or ended; what becomes of it is no trouble.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
oomkill=$tools/oomkill
for i in 1 2 3 4 5 6; do
	"$oomkill" --ebpf | sed "\$a /* $i of $$ */" >"$tmp/$i.c"
done
# More than a socket takes at once.
head -c 400000 /dev/zero | tr '\0' ' ' | fold -w 4000 >>"$tmp/5.c"

# Each start of a compiler, by its PID.
real=${OOMTOOLS_COMPILE:-$builddir/libexec/oomtools-compile}
printf '#!/bin/sh\necho $$ >>%s\nexec %s "$@"\n' "$tmp/compilers" "$real" >"$tmp/compile"
chmod +x "$tmp/compile"
mkdir "$tmp/left" "$tmp/cache"
chmod 700 "$tmp/cache"
export OOMTOOLS_COMPILE=$tmp/compile OOMTOOLS_CACHE_DIR=$tmp/cache

mkfifo "$tmp/commands"
TMPDIR=$tmp/left "$oomkill" -i <"$tmp/commands" >"$tmp/out" 2>"$tmp/err" &
pid=$!
at_exit stop_quietly "$pid"
exec 9>"$tmp/commands"
commands=0
run() { # COMMAND...: at the console, until it is done
	commands=$((commands + 1))
	printf '%s\n' "$@" "echo done $commands" >&9
	wait_for 120 grep -q "^done $commands\$" "$tmp/out"
}
started() { wc -l <"$tmp/compilers"; }
waits() { kill -0 "$(tail -n 1 "$tmp/compilers")" 2>/dev/null; }

run status
equal "one compiler at the start" "$(started)" 1
check "it has ended" eval '! waits'
check "a text comes" run "load $tmp/1.c"
wait_for 20 eval '[ "$(started)" = 2 ]'
equal "a compiler is started" "$(started)" 2
check "and waits" waits
check "a second one comes" run "load $tmp/2.c"
equal "that one waits for it, too" "$(started)" 2
check "apply" run apply
check "the text runs" grep -q "^$tmp/2.c runs .* compiled just now" "$tmp/out"
equal "by the compiler that waited" "$(started)" 2
check "which has ended" eval '! waits'

run "load $tmp/3.c"
wait_for 20 eval '[ "$(started)" = 3 ]'
kill -KILL "$(tail -n 1 "$tmp/compilers")"
check "apply, and the one that waited was killed" run apply
check "the text runs" grep -q "^$tmp/3.c runs .* compiled just now" "$tmp/out"
equal "by another one" "$(started)" 4

check "a text that ran before" run "load $tmp/2.c" apply
check "needs none" grep -q "^$tmp/2.c runs .* from the cache" "$tmp/out"
check "and the one that waited has ended" eval '! waits'

before=$(started)
check "a text of 400 KB" run "load $tmp/5.c"
wait_for 20 eval '[ "$(started)" = $((before + 1)) ]'
check "apply" run apply
check "it runs, too" grep -q "^$tmp/5.c runs .* compiled just now" "$tmp/out"
equal "by one that was not ready" "$(started)" $((before + 2))

check "a text, and other flags" run "load $tmp/4.c" "set stacks on" apply
check "runs" grep -q "^$tmp/4.c runs .* compiled just now" "$tmp/out"

check "a text that is not applied" run "load $tmp/6.c"
printf 'quit\n' >&9
wait "$pid"
equal "it ends well" $? 0
check "the compiler ends with it" wait_for 20 eval '! waits'
equal "and leaves nothing" "$(ls -A "$tmp/left")" ""
