#!/usr/bin/env bash
# A real OOM kill for every Go version at hand, in every kind of executable: the bytes of sites that are
# known must be in the profile, exact when everything is sampled, within the sampling error when not.
# OOMTOOLS_GO_VERSIONS limits the versions; OOMTOOLS_GO_KINDS="exec pie cgo cgo-pie" runs all kinds with each.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
find_toolchains
start watch oomprof -v -o "$tmp/profiles" -n 0

# within DESCRIPTION BYTES TRUTH RATE: five standard deviations of what sampling one byte in RATE does. Less
# may be missing by what was allocated until the first sample: Go draws that distance by its default
# rate, before the program sets its own, and more than six times the mean is not drawn in a lifetime of tests.
within() {
	awk -v got="$2" -v want="$3" -v rate="$4" -v name="$1" 'BEGIN {
		far = 5 * sqrt(want * rate)
		first = 6 * 524288
		printf "# %s: %d bytes, in truth %d, allowed %d to %d\n", name, got, want, want - far - first, want + far
		exit !(got >= want - far - first && got <= want + far)
	}'
	ok "$1" $?
}
# Run it until the watcher has looked into it: on a busy machine that takes longer than it lives below.
introduce() { # PROGRAM
	"$1" -stop >&2 &
	local runs=$!
	wait_for 30 grep -qF "$1 is a Go program" "$tmp/watch.err"
	ok "$1 is known" $?
	kill -KILL "$runs"
	wait "$runs" 2>/dev/null
}
check_kill() { # NAME PROGRAM RATE
	local line
	kill_in "$(tr -c 'a-z0-9\n' - <<<"$2-$3" | tail -c 40)" $((64 << 20)) "$2" -rate "$3" -grow 60
	ok "$1, rate $3: killed" $?
	line=$(until_line 20 "$tmp/watch.out" "OOM kill of PID $victim ")
	matches "$1, rate $3: complete" "$line" ', go1\.[0-9.]+, .* buckets [0-9]+ read 0 cut 0 unreadable 0 lost, '
	samples "${line##* }" >"$tmp/samples"
}
while read -r each _; do
	version=$each
	for kind in $(kinds_of "$version"); do
		name="Go $version $kind"
		program=$("$workloads/go-victim" "$version" "$kind" leaky 2>"$tmp/log")
		introduce "$program"
		check_kill "$name" "$program" 1
		equal "$name: inlined helper" "$(held "$tmp/samples" main.newNode 48)" "7919 $((7919 * 48))"
		equal "$name: large blocks" "$(held "$tmp/samples" main.leakBlocks 40960)" "211 $((211 * 40960))"
		equal "$name: deep recursion" "$(held "$tmp/samples" main.leakDeep 1024)" "101 $((101 * 1024))"
		equal "$name: goroutines" "$(held "$tmp/samples" main.leakInGoroutines.func1 2048)" \
			"$((5 * 307)) $((5 * 307 * 2048))"
	done
	check_kill "Go $version" "$program" 4096
	within "Go $version: sampled, large blocks" \
		"$(held "$tmp/samples" main.leakBlocks 40960 | cut -d ' ' -f 2)" $((211 * 40960)) 4096
done <<<"$toolchains"
# An obfuscated program (of the last version): no profile, but a line that says why.
program=$("$workloads/go-victim" "$version" exec-renamed leaky 2>"$tmp/log")
introduce "$program"
kill_in renamed $((64 << 20)) "$program" -grow 60
matches "obfuscated: the line says so" "$(until_line 20 "$tmp/watch.out" "OOM kill of PID $victim ")" \
	', a Go program whose runtime functions were renamed \(obfuscated, by garble for example\): its heap profile'
stop "$pid"
equal "the watcher ends well" "$status" 0
