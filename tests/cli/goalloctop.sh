#!/usr/bin/env bash
# What goalloctop does not take, and what it says then: of the command line, of PIDs and cgroups.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"

refused() { # STATUS MESSAGE ARG...
	local status=$1 want=$2
	shift 2
	timeout 60 "$builddir/tools/goalloctop" "$@" >"$tmp/out" 2>"$tmp/err"
	equal "goalloctop $*: exit status, lines out, lines of messages" \
		"$?:$(wc -l <"$tmp/out"):$(wc -l <"$tmp/err")" "$status:0:1"
	matches "goalloctop $*: message" "$(cat "$tmp/err")" "^goalloctop: $want"
}
for bad in 0 abc 0s -- "" 1x 99999999999999999999h; do
	[ "$bad" = -- ] || refused 2 "'$bad' is not an interval: seconds more than 0" "$bad"
done
refused 2 "'0' is not a count: a whole number from 1 on" 1 0
refused 2 "'1.5' is not a count" 1 1.5
refused 2 "'x' is not a count" 1 x
refused 2 "'3': only an interval and a count are expected" 1 2 3
refused 2 "--pid: 'x' is not a whole number, or several with commas between" -p x
refused 2 "--pid: '1,,2' is not a whole number" -p 1,,2
refused 2 "--pid: '1,' is not a whole number" -p 1,
refused 2 "--pid: '' is not a whole number" -p ""
refused 2 "--pid: '0' is not within 1 to 2147483647" -p 0
refused 2 "--pid: '5,2147483648' is not within" -p 5,2147483648
refused 2 "--by: 'line' is not program, site, function, stack or package; see" --by line
refused 2 "--sort: 'growth' is not alloc, objects, heap, rss, gc, goroutines, full or pid; see" -s growth
refused 2 "--sort: 'rss' is not alloc, allocs, inuse, objects, .* or new; see" -p $$ -s rss
refused 2 "--rows: '0' is not within 1 to" -r 0
refused 2 "--name: '' is not a name" -n ""

refused 2 "--focus: 'a\(' is not a regular expression: Unmatched" -p $$ --focus 'a('
refused 2 "--ignore: '\*\[' is not a regular expression: " -p $$ --ignore '*['
refused 2 "--focus chooses among allocation sites: name programs by -p" --focus main
refused 2 "--ignore chooses among allocation sites" --by program -p $$ --ignore main
refused 2 "--diff goes with --pprof, --svg or --folded only" -p $$ --diff
refused 2 "--folded and --json do not go together" -p $$ --folded -j
refused 1 "cannot write /nonexistent/x.svg: No such file" -p $$ --svg /nonexistent/x.svg
refused 1 "cannot write /dev: Is a directory" -p $$ --pprof /dev

sleep 60 &
at_exit kill $!
refused 1 "PID $!: not a Go program" -p $!
refused 1 "PID 2147483647 is not there" -p 2147483647
refused 1 "PID 2147483647 is not there" -p 2147483647 1 1
refused 1 "--cgroup: " --cgroup no/such/group
refused 1 "--cgroup: " --cgroup ../..
refused 1 "--cgroup: " --cgroup /etc/passwd

# A table without rows is a table.
said=$(timeout 60 "$builddir/tools/goalloctop" -n no-such-name 10ms 3)
equal "nobody of that name: exit status" $? 0
equal "nobody of that name: three tables" "$(grep -c ' loadavg: ' <<<"$said")" 3
equal "and each says so" "$(grep -cx 'No such Go program runs now.' <<<"$said")" 3
said=$(timeout 60 "$builddir/tools/goalloctop" -n no-such-name -j 10ms 3)
equal "nobody of that name, JSON: exit status and output" "$?$said" 0
said=$(timeout 60 "$builddir/tools/goalloctop" -d 0.2 10ms)
equal "-d: exit status" $? 0
matches "-d: it was at work" "$said" ' loadavg: .* loadavg: '
