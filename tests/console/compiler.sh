#!/usr/bin/env bash
# A text is compiled as soon as it is the draft, in the background; apply takes that. Another draft ends it, and so does
# the tool's end; what becomes of the compiler is no trouble.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
oomkill=$tools/oomkill
for i in 1 2 3 4 5 6 7 8; do
	"$oomkill" --ebpf | sed "\$a /* $i of $$ */" >"$tmp/$i.c"
done
# More than a socket takes at once.
head -c 400000 /dev/zero | tr '\0' ' ' | fold -w 4000 >>"$tmp/5.c"
echo "int broken( {" >>"$tmp/8.c"

# Each start of a compiler, by its PID. It does not begin while there is a file "hold", and cannot work with a "fail".
real=${OOMTOOLS_COMPILE:-$builddir/libexec/oomtools-compile}
cat >"$tmp/compile" <<EOF
#!/bin/sh
echo \$\$ >>$tmp/compilers
while [ -e $tmp/hold ]; do sleep 0.05; done
[ ! -e $tmp/fail ] || { echo "oomtools-compile: there was no room" >&2; exit 1; }
exec $real "\$@"
EOF
chmod +x "$tmp/compile"
mkdir -p "$tmp/left" "$tmp/cache"
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
last() { tail -n 1 "$tmp/compilers"; }
starts() { # N: that many have started by now
	wait_for 60 eval "[ \"\$(started)\" = $1 ]"
}
runs() { # FILE HOW
	grep -q "^$tmp/$1 runs .* $2" "$tmp/out"
}

run status
equal "one compiler at the start" "$(started)" 1
check "it has ended" is_dead "$(last)"
check "a draft comes" run "load $tmp/1.c"
check "it is compiled" starts 2
check "to the end, without being asked for" wait_for 120 is_dead "$(last)"
check "apply" run apply
check "the text runs" runs 1.c "compiled just now"
equal "that was taken" "$(started)" 2

touch "$tmp/hold"
run "load $tmp/2.c"
check "another draft" starts 3
second=$(last)
run "load $tmp/3.c"
check "and another one" starts 4
check "ends the one before" wait_for 20 is_dead "$second"
run "load $tmp/3.c"
equal "the same again changes nothing" "$(started)" 4
rm "$tmp/hold"
check "apply, which waits for the rest" run apply
check "the last one runs" runs 3.c "compiled just now"
equal "by its own compiler" "$(started)" 4

touch "$tmp/hold"
run "load $tmp/2.c"
starts 5
kill -KILL "$(last)"
rm "$tmp/hold"
check "apply, and the compiler was killed" run apply
check "the text runs" runs 2.c "compiled just now"
equal "by another one" "$(started)" 6

touch "$tmp/fail"
run "load $tmp/6.c"
starts 7
check "a compiler that cannot work" wait_for 20 is_dead "$(last)"
rm "$tmp/fail"
check "apply, and now it can" run apply
check "the text runs" runs 6.c "compiled just now"
equal "by another one" "$(started)" 8

check "a text that ran before" run "load $tmp/2.c" apply
check "comes from the cache" runs 2.c "from the cache"
equal "without a compiler" "$(started)" 8

check "a text of 400 KB" run "load $tmp/5.c" apply
check "runs, too" runs 5.c "compiled just now"
equal "compiled once" "$(started)" 9

check "a text, and other flags" run "load $tmp/4.c" "set stacks on" apply
check "runs" runs 4.c "compiled just now"

touch "$tmp/hold"
before=$(started)
check "a text that is not applied" run "load $tmp/7.c"
starts $((before + 1))
printf 'quit\n' >&9
wait "$pid"
equal "it ends well" $? 0
check "the compiler ends with it" wait_for 20 is_dead "$(last)"
rm "$tmp/hold"

before=$(started)
TMPDIR=$tmp/left "$oomkill" -c "load $tmp/8.c; wait 1; apply" >"$tmp/out" 2>"$tmp/err"
equal "a draft that does not compile: exit status" $? 1
check "says where" grep -q "apply: $tmp/8.c:[0-9]*:[0-9]*: error: expected" "$tmp/err"
check "and what it was ended with" grep -q "Nothing has changed: the probe runs on as it was" "$tmp/err"
check "nothing of it runs" eval '! runs 8.c .'
equal "nothing is left" "$(ls -A "$tmp/left")" ""
