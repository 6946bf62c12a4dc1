#!/usr/bin/env bash
# goalloctop --enable-profiling: programs where the linker has switched heap profiling off, those that run and those that
# are started; what is left alone; and off again at the end. The programs themselves say what their rate is.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
OOMTOOLS_GO_VERSIONS=${OOMTOOLS_GO_VERSIONS:-1.19 1.24 1.27} find_toolchains
goalloctop=$tools/goalloctop
# In a cgroup of their own: others' programs are left alone.
cgroup=$(memcg_make enable $((512 << 20)))
at_exit memcg_remove "$cgroup"
declare -A programs=() pids=()
versions=()
while read -r version _; do
	programs[$version]=$("$workloads/go-victim" "$version" exec unprofiled 2>"$tmp/log")
	ok "$version: it builds" $?
	versions+=("$version")
done <<<"$toolchains"

run() { # NAME PROGRAM ARG...: its pid is in ${pids[NAME]}, what it says in $tmp/NAME
	local name=$1
	shift
	memcg_start "$cgroup" "$@" >"$tmp/$name" 2>&1
	pids[$name]=$!
	at_exit stop_quietly $!
}
rate_is() { # NAME RATE: the last that the program said
	[ "$(grep RATE "$tmp/$1" | tail -n 1)" = "RATE $2" ]
}
has_row() { # FILE JQ-EXPRESSION: a row for which it is true
	[ -n "$(jq -c "select($2)" "$1" 2>/dev/null | head -n 1)" ]
}
watch() { # NAME OPTION...: its rows in $tmp/NAME; its pid is in $watcher
	local name=$1
	shift
	"$goalloctop" -j "$@" 0.2 >"$tmp/$name" 2>"$tmp/$name.err" &
	watcher=$!
	at_exit stop_quietly "$watcher"
}

for version in "${versions[@]}"; do
	run "old-$version" "${programs[$version]}"
	wait_for 20 grep -q READY "$tmp/old-$version"
done
run own "${programs[${versions[0]}]}" -rate 777
wait_for 20 grep -q READY "$tmp/own"

# Without the option nothing is changed.
"$goalloctop" -p "$(IFS=,; echo "${pids[*]}")" --by program -j 0.1 3 >"$tmp/plain"
for version in "${versions[@]}"; do
	check "$version: off without the option" has_row "$tmp/plain" \
		".pid == ${pids[old-$version]} and .profiling == false and .profiling_enabled == false"
	equal "$version: and left so" "$(grep -c RATE "$tmp/old-$version")" 1
done

watch table --cgroup "$cgroup" --by program --enable-profiling=1
table=$watcher
for version in "${versions[@]}"; do
	pid=${pids[old-$version]}
	wait_for 20 rate_is "old-$version" 1
	ok "$version: switched on in a program that ran before" $?
	wait_for 20 has_row "$tmp/table" ".pid == $pid and .profiling and .profiling_enabled and .mem_profile_rate_bytes == 1"
	ok "$version: and shown so" $?
	check "$version: and it is said" grep -qE \
		"^goalloctop: PID $pid \\(\"[^\"]*\"\\), go1\\.[0-9.]+: heap profiling switched on, one sample each 1B" "$tmp/table.err"
	run "new-$version" "${programs[$version]}" -await
	wait_for 20 grep -q READY "$tmp/new-$version"
	ok "$version: switched on in a program started later" $?
done
wait_for 20 has_row "$tmp/table" ".pid == ${pids[own]} and .profiling_enabled == false and .mem_profile_rate_bytes == 777"
ok "a program with a rate of its own is left alone" $?
# At once, not only when the next table is printed.
all_have() { # RATE
	local version
	for version in "${versions[@]}"; do wait_for 20 rate_is "old-$version" "$1"; done
}
stop "$table"
all_have 0
"$goalloctop" --cgroup "$cgroup" --by program --enable-profiling=1 -j 1000 >"$tmp/slow" 2>"$tmp/slow.err" &
slow=$!
at_exit stop_quietly $slow
all_have 1
run soon "${programs[${versions[-1]}]}" -await
wait_for 20 grep -q READY "$tmp/soon"
ok "long before the interval is over" $?
stop "$slow"
all_have 0
watch table --cgroup "$cgroup" --by program --enable-profiling=1
table=$watcher
all_have 1
run again "${programs[${versions[0]}]}" -again
wait_for 20 grep -q READY "$tmp/again"
ok "a program that has replaced itself by exec" $?
library=$("$workloads/go-victim" "${versions[-1]}" shared unprofiled 2>"$tmp/log")
ok "the library builds" $?
run library env LD_PRELOAD="$library" sleep 1000
# Such a library is found by the scan, which comes every half minute.
wait_for 60 has_row "$tmp/table" ".pid == ${pids[library]} and .profiling_enabled"
ok "a program that has loaded a library" $?
"$goalloctop" -p "${pids[old-${versions[0]}]}" --by program 0.1 1 >"$tmp/other"
matches "another goalloctop shows it as on" "$(cat "$tmp/other")" ' on$'

# What is allocated from then on, to the object.
for version in "${versions[@]}"; do
	"$goalloctop" -p "${pids[new-$version]}" -r 100 -j 0.1 1 >"$tmp/sites"
	check "$version: an inlined helper" has_row "$tmp/sites" \
		'.function == "main.newNode" and .inuse_objects == 7919 and .inuse_bytes == 7919 * 48'
	check "$version: large blocks" has_row "$tmp/sites" \
		'.function == "main.leakBlocks" and .inuse_bytes > 211 * 40960 and .inuse_bytes < 212 * 40960'
done

stop "$table"
equal "it ends well" "$status" 0
for name in "${!pids[@]}"; do
	case $name in
	own) rate_is own 777 ;;
	library) continue ;;
	*) wait_for 20 rate_is "$name" 0 ;;
	esac
	ok "$name: its rate is as it was" $?
done
matches "it is said" "$(cat "$tmp/table.err")" 'goalloctop: heap profiling switched off again in [0-9]+ programs$'
