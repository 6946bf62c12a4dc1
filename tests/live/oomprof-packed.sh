#!/usr/bin/env bash
# Go programs packed by UPX: their files hold no Go, only the memory of a process does.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
OOMTOOLS_GO_VERSIONS=${OOMTOOLS_GO_VERSIONS:-1.19 1.24 1.27} find_toolchains
programs=()
while read -r version _; do
	programs+=("$("$workloads/go-victim" "$version" exec-packed leaky)")
done <<<"$toolchains"
ls "${programs[@]}" >&2
ok "the programs build" $?
check "they are packed" grep -qF 'UPX!' "${programs[0]}"
matches "the file alone is no Go program" "$("$tools/oomprof" --check "${programs[0]}")" 'not a Go program'

run() { # PROGRAM: in the background until it has kept its memory; its pid is in $runs
	"$1" -rate 1 >"$tmp/ready" 2>&1 &
	runs=$!
	at_exit stop_quietly "$runs"
	wait_for 60 grep -q READY "$tmp/ready"
}
# The first runs before the watcher does, and is living when that looks at it.
run "${programs[0]}"
start watch oomprof -v -o "$tmp/profiles" -n 0
watcher=$pid
for program in "${programs[@]}"; do
	name=$(basename "$program")
	run "$program"
	said=$("$tools/oomprof" --check "$runs")
	equal "$name: --check of a process: exit status" "$?" 0
	matches "$name: --check" "$said" 'Go version +go1\.[0-9.]+, .*load bias 0x0.*would be written'
	line=$("$tools/oomprof" -p "$runs" -o "$tmp" -n 0 | head -n 1)
	samples "${line##* }" >"$tmp/samples"
	equal "$name: -p: exact bytes" "$(held "$tmp/samples" main.leakBlocks 40960)" "211 $((211 * 40960))"
	wait_for 60 grep -qF "$program is a Go program" "$tmp/watch.err"
	ok "$name: the watcher knows it" $?
	stop_quietly "$runs"

	# Now each further process is known from its first instant.
	kill_in "$(tr -c 'a-z0-9\n' - <<<"$name")" $((64 << 20)) "$program" -rate 1 -grow 2000
	ok "$name: killed" $?
	line=$(until_line 20 "$tmp/watch.out" "OOM kill of PID $victim ")
	matches "$name: a profile" "$line" ', go1\.[0-9.]+, .* buckets [0-9]+ read 0 cut 0 unreadable 0 lost, '
	file=${line##* }
	samples "$file" >"$tmp/samples"
	equal "$name: large blocks" "$(held "$tmp/samples" main.leakBlocks 40960)" "211 $((211 * 40960))"
	equal "$name: inlined helper" "$(held "$tmp/samples" main.newNode 48)" "7919 $((7919 * 48))"
	matches "$name: the mapping" "$(raw "$file" | grep -A1 '^Mappings' | tail -n 1)" \
		"0x400000/0x[0-9a-f]+/0x0 $program "
done

# The images' memory: the code is given back, what names are found by is kept.
kept=$(find "/proc/$watcher/fd" -lname '/memfd:unpacked*' -exec stat -L -c '%b' {} + | awk '{ n += $1 } END { print n * 512 }')
echo "# ${#programs[@]} images kept in $kept bytes"
ok "the images are kept, without their code" $((kept < 100000 * ${#programs[@]} || kept > 1900000 * ${#programs[@]}))
stop "$watcher"
equal "the watcher ends well" "$status" 0
