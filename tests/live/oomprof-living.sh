#!/usr/bin/env bash
# oomprof -p: a profile of a living process, and every way in which there is none.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
OOMTOOLS_GO_VERSIONS=1.19 find_toolchains
leaky=$("$workloads/go-victim" 1.19 exec leaky) && noprof=$("$workloads/go-victim" 1.19 exec noprof)
ok "the programs build" $?
cd "$tmp" || exit

run() { # PROGRAM ARG...: in the background until it says READY; its pid is in $pid
	"$@" >"$tmp/ready" 2>&1 &
	pid=$!
	at_exit stop_quietly "$pid"
	wait_for 20 grep -q READY "$tmp/ready"
}
refused() { # DESCRIPTION PID STATUS REGEX
	said=$("$tools/oomprof" -p "$2" -o "$tmp" 2>&1)
	equal "$1: exit status" "$?" "$3"
	matches "$1: message" "$said" "$4"
	equal "$1: one line" "$(wc -l <<<"$said")" 1
}

run "$leaky" -rate 1
line=$("$tools/oomprof" -p "$pid" -n 2)
equal "exit status" "$?" 0
file=$(head -n 1 <<<"$line" | sed 's/.* //')
matches "the line" "$line" '^[0-9:]{8} PID '"$pid"' \("leaky-1\.19-exec"\), go1\.19.* sites, buckets [0-9]+ read 0 cut 0 unreadable 0 lost, leaky-1.19-exec-'"$pid"'-[0-9]{8}T[0-9]{6}\.pb\.gz'
samples "$file" >"$tmp/samples"
equal "exact bytes" "$(held "$tmp/samples" main.leakBlocks 40960)" "211 $((211 * 40960))"
equal "it goes on sleeping, unstopped" "$(awk '/^State/ { print $2 }' "/proc/$pid/status")" S
"$tools/oomprof" -p "$pid" -n 0 -j >"$tmp/json"
equal "JSON: outcome" "$(json "$tmp/json" outcome)" written
equal "JSON: alive" "$(json "$tmp/json" kill_to_file_us)" null
# The same name again: a link planted where the file is to go is neither followed nor replaced.
mkdir "$tmp/planted"
for second in 0 1 2 3 4 5; do
	ln -s /nowhere "$tmp/planted/leaky-1.19-exec-$pid-$(date -d "+$second seconds" +%Y%m%dT%H%M%S).pb.gz"
done
line=$("$tools/oomprof" -p "$pid" -n 0 -o "$tmp/planted")
matches "a planted link is passed by" "$line" 'T[0-9]{6}-2\.pb\.gz$'
equal "and left alone" "$(find "$tmp/planted" -lname /nowhere | wc -l)" 6
# Its file gone: names still come from it.
cp "$leaky" "$tmp/copy"
run "$tmp/copy" -rate 1
rm "$tmp/copy"
matches "a deleted executable" "$("$tools/oomprof" -p "$pid" -n 1)" 'main\.leakBlocks \(leaky\.go:[0-9]+\)'

stop_quietly "$pid"
refused "gone" "$pid" 1 "^oomprof: PID $pid is not there"
sleep 60 &
at_exit stop_quietly $!
refused "not Go" $! 1 "^oomprof: PID [0-9]+: .*not a Go program"
bash -c 'sleep 1 & exec sleep 60' & # not before the exec: a shell would wait for it
parent=$!
at_exit stop_quietly "$parent"
wait_for 20 eval "zombie=\$(ps -o pid=,stat= --ppid $parent | awk '\$2 ~ /Z/ { print \$1 }'); [ \"\$zombie\" ]"
refused "a zombie" "$zombie" 1 "^oomprof: PID $zombie has ended and waits for its parent"
refused "a kernel thread" 2 1 '^oomprof: PID 2 is a kernel thread'
GOMEMLIMIT=100MiB run "$noprof" # or there can be a second line, on that
refused "profiling off" "$pid" 1 'memory profiling switched off \(MemProfileRate 0\)'
refused "no number" x 2 "^oomprof: --pid: 'x' is not a whole number"
refused "too large a number" 99999999999 2 "^oomprof: --pid: '99999999999' is not within"

# An executable that is not what it seems: a Go program with bytes overwritten.
copy_with() { # PERCENT: a copy with a page of noise there
	rm -f "$tmp/damaged"
	cp "$leaky" "$tmp/damaged"
	head -c 4096 /dev/urandom | dd of="$tmp/damaged" bs=4096 conv=notrunc \
		seek=$(($(stat -c %s "$leaky") * $1 / 100 / 4096)) status=none
}
for part in 1 40 50 60 70 80 90 99; do
	copy_with "$part"
	"$tmp/damaged" -rate 1 >"$tmp/ready" 2>/dev/null &
	runs=$!
	status=0
	if wait_for 3 grep -q READY "$tmp/ready"; then
		timeout 20 "$tools/oomprof" -p "$runs" -o "$tmp" >/dev/null 2>"$tmp/said"
		status=$?
	fi
	kill -KILL "$runs" 2>/dev/null
	wait "$runs" 2>/dev/null
	[ "$status" -le 3 ]
	ok "noise at $part % of the executable: no crash" $?
done
equal "nothing but profiles is left" "$(find "$tmp" -maxdepth 1 -name '.*' -type f | wc -l)" 0
