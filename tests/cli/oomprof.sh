#!/usr/bin/env bash
# oomprof --replay: recordings, which need neither root nor BPF; and what does not go with it.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
oomprof=$builddir/tools/oomprof
recorded=$srcdir/tests/fuzz/corpus/victim_recorded # what oomprof -j has printed, more or less
export TZ=UTC

refused() { # STATUS MESSAGE ARG...
	local status=$1 want=$2
	shift 2
	timeout 60 "$oomprof" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	equal "oomprof $*: exit status, lines out, lines of messages" \
		"$?:$(wc -l <"$tmp/out"):$(wc -l <"$tmp/err")" "$status:0:1"
	matches "oomprof $*: message" "$(cat "$tmp/err")" "^oomprof: $want"
}
refused 2 "--replay shows a file and ends: it does not go with -p" --replay x -p 1
refused 2 "--replay shows a file and ends: it does not go with --check" --replay x --check 1
refused 2 "--enable-profiling does not go with --replay" --replay x --enable-profiling
refused 2 "-i, -c and -X are for a tool that watches: they do not go with --replay" --replay x -c show
refused 2 "--record keeps victims: it does not go with --replay" --replay x --record y
refused 2 "--record keeps victims: it does not go with -p" -p 1 --record y
matches "a line that makes no sense" "$("$oomprof" --replay "$recorded/unsound" 2>&1)" "unsound, line 1: outcome is not one "
if [ "$(id -u)" = 0 ]; then
	refused 1 "--record: cannot write /nonexistent/x: No such file" --record /nonexistent/x -o "$tmp/profiles"
fi

cat "$recorded/written" "$recorded/signal" "$recorded/failed" "$recorded/living" >"$tmp/all"
"$oomprof" --replay "$tmp/all" >"$tmp/out" 2>"$tmp/err"
equal "--replay: exit status, messages" "$?:$(cat "$tmp/err")" 0:
equal "--replay: a victim with its table" "$(head -n 6 "$tmp/out")" \
	'13:03:27 OOM kill of PID 4242 (7 in its PID namespace) ("shop"), go1.24.4, 3.0M in 12 objects in use, 3 sites, buckets 3 read 0 cut 0 unreadable 0 lost, 7 ms, 2 older removed, /var/tmp/oom/shop-4242-20261122T130327.pb.gz
  nice -3
  probe_pid 8
    INUSE  OBJECTS     % SINCE-GC SITE
     2.0M        4  66.7      70B main.leak[...] (leak.go:11)
     1.0M        8  33.3       7B example.com/shop/store.New (new.go:5)'
equal "--replay: one without a profile" "$(grep earlyoom "$tmp/out")" \
	'13:03:27 PID 4242 (7 in its PID namespace) ("shop") killed by PID 17 ("earlyoom"), go1.24.4, ended before its memory could be read: no heap profile'
equal "--replay: each of them" "$(grep -c ' PID 4242 ' "$tmp/out")" 4
equal "--replay -: standard input" "$("$oomprof" --replay - <"$tmp/all" | cmp - "$tmp/out" && echo same)" same
equal "-T: the date, too" "$("$oomprof" -T --replay "$tmp/all" | grep -c '^2026-11-22 13:03:27\.123 ')" 4
equal "-n: fewer rows" "$("$oomprof" -n 1 --replay "$tmp/all" | grep -c '\.go:')" 3
equal "-j: the lines as they are" "$("$oomprof" -j --replay "$tmp/all" | cmp - "$tmp/all" && echo same)" same

"$oomprof" --replay "$recorded/odd" >"$tmp/out"
equal "foreign bytes: exit status" $? 0
equal "no control character reaches the terminal" "$(LC_ALL=C.UTF-8 grep -c '[[:cntrl:]]' "$tmp/out")" 0
for _ in {1..2000}; do cat "$recorded/written"; done | "$oomprof" -j --replay - 2>"$tmp/err" | head -n 1 >/dev/null
equal "a reader that goes away is no error" "$(cat "$tmp/err")" ""
