#!/usr/bin/env bash
# --enable-profiling: switched on from outside, in programs that run and in those that are started, for the
# Go versions that differ in it (OOMTOOLS_GO_VERSIONS: other versions); the profile of a victim; what is left
# alone; and off again, however the tool ends. The programs themselves say what their rate is.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
OOMTOOLS_GO_VERSIONS=${OOMTOOLS_GO_VERSIONS:-1.19 1.23 1.24 1.27} find_toolchains
declare -A programs=() pids=()
while read -r version _; do
	# All kinds for one version: how a program is linked makes no difference to the rate.
	kinds="exec"
	[[ $version != 1.24 && -z ${OOMTOOLS_GO_KINDS-} ]] || kinds="exec $(kinds_of "$version")"
	for kind in $kinds; do
		programs[$version-$kind]=$("$workloads/go-victim" "$version" "$kind" unprofiled 2>"$tmp/log")
		ok "$version $kind builds" $?
	done
done <<<"$toolchains"
names=$(printf '%s\n' "${!programs[@]}" | sort -V)
first=${programs[$(head -n 1 <<<"$names")]}

run() { # NAME PROGRAM ARG...: in the background; its pid is in $pid, what it says in $tmp/NAME
	local name=$1
	shift
	"$@" >"$tmp/$name" 2>&1 &
	pid=$!
	at_exit stop_quietly "$pid"
}
rate_is() { # NAME RATE: the last that the program said
	[ "$(grep RATE "$tmp/$1" | tail -n 1)" = "RATE $2" ]
}
said() { # WATCHER PID REGEX: did oomprof say that of the program?
	grep -qE "^oomprof: (warning: )?PID $2 \\(\"[^\"]*\"\\), go1\\.[0-9.]+: heap profiling $3" "$tmp/$1.err"
}

# Toggled 1,000 times while it allocates, by the code that oomprof uses.
for name in $names; do
	[[ $name == *-exec ]] || continue
	run "churn-$name" "${programs[$name]}" -churn
	pids[churn-$name]=$pid
	wait_for 20 grep -q READY "$tmp/churn-$name" # until then it may still be a shell
	"$builddir/tests/live/toggle" "$pid" 1000 >"$tmp/toggle-$name" 2>&1 &
	pids[toggle-$name]=$!
done
for name in $names; do
	[[ $name == *-exec ]] || continue
	wait "${pids[toggle-$name]}"
	equal "$name: toggled under load" "$?:$(cat "$tmp/toggle-$name")" "0:toggled 1000 times"
	kill -TERM "${pids[churn-$name]}"
	wait "${pids[churn-$name]}"
	equal "$name: it has not noticed" "$?" 0
	matches "$name: its data are what they were" "$(tail -n 1 "$tmp/churn-$name")" '^VERIFIED [1-9]'
	check "$name: it has seen the rates" grep -qx 'RATE 524288' "$tmp/churn-$name"
done

# Some run before, one of them with a rate of its own.
for name in $names; do
	run "old-$name" "${programs[$name]}"
	pids[old-$name]=$pid
	wait_for 20 grep -q READY "$tmp/old-$name"
done
run own "$first" -rate 777
own=$pid
wait_for 20 grep -q READY "$tmp/own"
start watch oomprof --enable-profiling=1 -o "$tmp/profiles" -n 0 -v
watch=$pid
for name in $names; do
	pid=${pids[old-$name]}
	wait_for 20 rate_is "old-$name" 1
	ok "$name: switched on in a program that ran before" $?
	wait_for 5 said watch "$pid" 'switched on, one sample each 1B, [0-9.]+ (ms|s|min) after its start; what it allocated before'
	ok "$name: and it is said" $?
	run "new-$name" "${programs[$name]}" -await
	pids[new-$name]=$pid
done
for name in $names; do
	wait_for 20 grep -q READY "$tmp/new-$name"
	ok "$name: switched on in a program started later" $?
done
wait_for 5 said watch "$own" 'is on already, one sample each 777B; left as it is'
ok "a program with a rate of its own is left alone, and it is said" $?
run again "$first" -again
again=$pid
wait_for 20 grep -q READY "$tmp/again"
ok "a program that has replaced itself by exec" $?
wait_for 5 eval '[ "$(grep -c "PID $again .*switched on" "$tmp/watch.err")" = 2 ]'
ok "it is said of each" $?

# Another of its kind finds all of them on, and touches nothing.
start second oomprof --enable-profiling -o "$tmp/profiles" -n 0
second=$pid
wait_for 10 said second "${pids[old-$name]}" 'is on already, one sample each 1B; left as it is'
ok "what is on is not switched on twice" $?
stop "$second"
equal "the second ends well" "$status" 0
rate_is "old-$name" 1
ok "and has left the rates alone" $?
start plain oomprof -o "$tmp/profiles" -j
plain=$pid

# Victims: complete from then on, and exact.
for name in $names; do
	kill_in "on-${name//./}" $((64 << 20)) "${programs[$name]}" -await -grow 60
	ok "$name: killed" $?
	line=$(until_line 20 "$tmp/watch.out" "OOM kill of PID $victim ")
	matches "$name: the line" "$line" ', [0-9.]+M in [0-9]+ objects in use, .* read 0 cut 0 unreadable 0 lost, .*its first [0-9.]+ m?s missing, '
	file=${line##* }
	samples "$file" >"$tmp/samples"
	equal "$name: large blocks" "$(held "$tmp/samples" main.leakBlocks 40960)" "211 $((211 * 40960))"
	equal "$name: inlined helper" "$(held "$tmp/samples" main.newNode 48)" "7919 $((7919 * 48))"
	raw "$file" >"$tmp/raw"
	check "$name: the comment" grep -qE "heap profiling was switched on by oomprof at 20[0-9-]+T[0-9:.]+Z, [0-9]+\\.[0-9]{3} s after the program's start: what was allocated before is missing" "$tmp/raw"
done
# A program that is not Go, and loads a library that is.
library=$("$workloads/go-victim" "${name%%-*}" shared unprofiled 2>"$tmp/log")
ok "the library builds" $?
kill_in library $((64 << 20)) env LD_PRELOAD="$library" UNPROFILED_GROW=60 sleep 60
ok "a program that has loaded a library: killed" $?
line=$(until_line 20 "$tmp/watch.out" "OOM kill of PID $victim ")
matches "a program that has loaded a library: the line" "$line" 'its first [0-9.]+ m?s missing, '
samples "${line##* }" >"$tmp/samples"
equal "a program that has loaded a library: large blocks" "$(held "$tmp/samples" main.leakBlocks 40960)" \
	"211 $((211 * 40960))"
kill_in plain $((64 << 20)) "${programs[$name]}" -await -grow 60
until_line 20 "$tmp/plain.out" "\"pid\":$victim," >"$tmp/event"
equal "JSON of one who did not do it" \
	"$(json "$tmp/event" profiling_enabled_time) $(json "$tmp/event" profiled_from_start)" "null false"
line=$("$tools/oomprof" -p "${pids[old-$name]}" -n 0 -o "$tmp/profiles")
matches "-p: profile of one that was switched on" "$line" 'its beginning missing'
check "--check of that one: a kill would give a profile" "$tools/oomprof" --check "${pids[old-$name]}"

# Off again.
stop "$plain"
stop "$watch"
equal "the first ends well" "$status" 0
for name in $names; do
	wait_for 10 rate_is "old-$name" 0 && wait_for 10 rate_is "new-$name" 0
	ok "$name: off again" $?
done
"$tools/oomprof" --check "${pids[old-$name]}" >"$tmp/check"
equal "--check of one that is off again" "$?" 1
check "and it is said" grep -qE '^oomprof: heap profiling switched off again in [0-9]+ programs$' "$tmp/watch.err"
equal "the rate of its own has stayed" "$(grep RATE "$tmp/own")" "RATE 777"

# With the default rate, and ended otherwise.
start default oomprof --enable-profiling -o "$tmp/profiles" -j
default=$pid
wait_for 20 rate_is "old-$name" 524288
ok "the default rate" $?
kill_in default $((64 << 20)) "${programs[$name]}" -await -grow 60
until_line 20 "$tmp/default.out" "\"pid\":$victim," >"$tmp/event"
matches "JSON of one who did it" "$(json "$tmp/event" profiling_enabled_time)" '^20[0-9-]+T[0-9:.]+Z$'
matches "JSON: after how long" "$(json "$tmp/event" profiling_enabled_after_ms)" '^[0-9]+$'
stop "$default"
"$tools/oomprof" --enable-profiling=8K -d 3 -o "$tmp/profiles" >&2
equal "-d ends it well" "$?" 0
check "it was on meanwhile" grep -qx 'RATE 8192' "$tmp/old-$name"
wait_for 10 rate_is "old-$name" 0
ok "and everything is off again" $?
mkfifo "$tmp/pipe"
"$tools/oomprof" --enable-profiling=4K -o "$tmp/profiles" >"$tmp/pipe" 2>"$tmp/pipe.err" &
pid=$!
at_exit stop_quietly "$pid"
exec 7<"$tmp/pipe"
wait_for 20 rate_is "old-$name" 4096
exec 7<&-
wait_for 20 rate_is "old-$name" 0
ok "its reader has gone: off again" $?
wait "$pid"

# Not where a program is not as it seems: here its symbol names another variable than its code does.
misled=$tmp/misled-program
cp "$first" "$misled"
symbol=$(readelf -sW "$first" | awk '$8 == "runtime.MemProfileRate" { print $1 + 0 }')
table=$(readelf -SW "$first" | sed -nE 's/.* \.symtab +SYMTAB +[0-9a-f]+ ([0-9a-f]+) .*/\1/p')
old=$(od -An -tu8 -j $((0x$table + 24 * symbol + 8)) -N 8 "$misled" | tr -d ' ')
printf '%b' "\\x$(printf '%02x' $(((old + 64) & 255)))" |
	dd of="$misled" bs=1 conv=notrunc seek=$((0x$table + 24 * symbol + 8)) status=none
run misled "$misled"
misled=$pid
wait_for 20 grep -q READY "$tmp/misled"
start unsure oomprof --enable-profiling -o "$tmp/profiles"
wait_for 20 said unsure "$misled" 'NOT switched on: where its runtime.s variables are is not sure: symbols or version, and code, tell different things'
ok "a program whose symbols and code contradict each other: said" $?
stop "$pid"
equal "and nothing is written" "$(grep RATE "$tmp/misled")" "RATE 0"
