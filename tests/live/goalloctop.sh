#!/usr/bin/env bash
# goalloctop's table of programs: which ones are in it, by PID, name and cgroup; what is said of their process, their
# runtime and their cgroup; a Go library in a program that is not Go; somebody who is not root.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
OOMTOOLS_GO_VERSIONS="1.19 1.27" find_toolchains
old=$("$workloads/go-victim" 1.19 exec-stripped leaky) && new=$("$workloads/go-victim" 1.27 pie leaky) &&
	noprof=$("$workloads/go-victim" 1.19 exec noprof) && library=$("$workloads/go-victim" 1.27 shared library)
ok "the programs build" $?
goalloctop=$tools/goalloctop
mebi=$((1 << 20))

end() { # PID: even if it is stopped
	kill -KILL "$1" 2>/dev/null && wait "$1" 2>/dev/null
	true
}
# begin NAME COMMAND...: run it in the cgroup $cgroup until it says READY; its pid is in $begun
begin() {
	local name=$1
	shift
	memcg_start "$cgroup" "$@" >"$tmp/$name.said" 2>&1
	begun=$!
	at_exit end "$begun"
	wait_for 60 grep -q READY "$tmp/$name.said"
	ok "$name begins" $?
}
cp "$old" "$tmp/a-name-longer-than-the-kernel-keeps"
cgroup=$(memcg_make goalloctop-top $((512 * mebi)))
top=$cgroup
at_exit memcg_remove "$top"
GOMEMLIMIT=$((101 * mebi)) GOGC=211 begin named "$tmp/a-name-longer-than-the-kernel-keeps" -grow 7
named=$begun
cgroup=$top/inner
mkdir "$cgroup" && at_exit memcg_remove "$cgroup"
echo $((64 * mebi)) | tee "$cgroup/memory.limit_in_bytes" "$cgroup/memory.max" >/dev/null 2>&1
[ "$(cat "$cgroup"/memory.limit_in_bytes "$cgroup"/memory.max 2>/dev/null)" = $((64 * mebi)) ]
ok "a cgroup within it has a smaller limit" $?
GOGC=off begin inner "$new" -stop
inner=$begun
begin off "$noprof"
off=$begun
mkfifo "$tmp/go-on"
exec 5<>"$tmp/go-on"
begin library bash -c 'exec "$@" <"$0"' "$tmp/go-on" "$builddir/tests/workloads/load" 1 60 "$library" 5>&-
holder=$begun

# rows OPTION...: one table of programs as JSON, over half a second
rows() {
	timeout 120 "$goalloctop" -j -r 1000 --by program "$@" 0.5 1 >"$tmp/rows" 2>"$tmp/rows.err"
	equal "$*: exit status" $? 0
}
is() { # DESCRIPTION PID JQ-EXPRESSION...: each is true of its row
	local description=$1 pid=$2 expression
	shift 2
	for expression; do
		[ "$(jq -c "select(.pid == $pid) | $expression" "$tmp/rows")" = true ]
		ok "$description: $expression" $?
	done
}
pids() { jq .pid "$tmp/rows" | sort -n | tr '\n' ' '; }
list() { printf '%s\n' "$@" | sort -n | tr '\n' ' '; }

rows
is "in the outer cgroup" "$named" '.comm == "a-name-longer-t"' '.state == "running"' \
	'.go_version | startswith("go1.19.")' ".go_memory_limit_bytes == $((101 * mebi))" '.go_gc_percent == 211' \
	'.profiling == true and .mem_profile_rate_bytes == 524288' ".cgroup_limit_bytes == $((512 * mebi))" \
	'.cgroup_full_percent >= 1 and .cgroup_used_bytes < .cgroup_limit_bytes' \
	'.alloc_bytes_per_second > 3000000 and .alloc_bytes_per_second < 20000000' \
	'.alloc_objects_per_second < 400 and .collections >= 0' '.goroutines >= 2 and .goroutines < 50' \
	'.buckets_read > 0 and .buckets_damaged + .buckets_unreadable == 0' \
	'.total_alloc_bytes > 0 and .heap_inuse_bytes >= .heap_live_bytes'
is "its executable" "$named" ".executable == \"$tmp/a-name-longer-than-the-kernel-keeps\""
used=$(cat "$cgroup/memory.usage_in_bytes" 2>/dev/null || cat "$cgroup/memory.current")
is "in the inner one, stopped" "$inner" '.state == "stopped"' '.go_version | startswith("go1.27.")' \
	'.go_gc_percent == -1' '.go_memory_limit_bytes == null' ".cgroup_limit_bytes == $((64 * mebi))" \
	'.cgroup | endswith("/inner")' '.alloc_bytes_per_second == 0 and .alloc_objects_per_second == 0' \
	".cgroup_used_bytes > $((used / 2)) and .cgroup_used_bytes < $((used * 2 + mebi))"
resident=$(awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$inner/status")
is "its memory" "$inner" ".rss_bytes > $((resident - mebi)) and .rss_bytes < $((resident + mebi))"
is "without profiling" "$off" '.profiling == false' '.alloc_objects_per_second == null' '.total_alloc_bytes > 0'
is "in a library" "$holder" '.comm == "load"' ".executable == \"$library\"" '.heap_inuse_bytes > 0' '.buckets_read > 0'

rows -n a-name-longer-than-the-kernel-keeps
equal "by name" "$(pids)" "$(list "$named")"
rows -n a-name-longer-t --cgroup "$top"
equal "by name and cgroup" "$(pids)" "$(list "$named")"
rows -n a-name-longer-t --cgroup "$cgroup"
equal "by name and another cgroup" "$(pids)" ""
rows --cgroup "$top"
equal "by cgroup, and those below it" "$(pids)" "$(list "$named" "$inner" "$off" "$holder")"
name=$(grep -E '^[0-9]+:([^:]*,)?memory(,[^:]*)?:|^0::' "/proc/$inner/cgroup" | sort -n | tail -n 1)
rows --cgroup "${name#*:*:}"
equal "by cgroup, as /proc shows it" "$(pids)" "$(list "$inner" "$off" "$holder")"
rows -p "$inner,$named" -p "$holder"
equal "by PID" "$(pids)" "$(list "$inner" "$named" "$holder")"
rows -s pid
equal "sorted by PID" "$(jq .pid "$tmp/rows" | sort -nc 2>&1)" ""
rows -s rss
equal "sorted by memory" "$(jq .rss_bytes "$tmp/rows" | sort -rnc 2>&1)" ""

# The sites of two programs, and of one that has none.
said=$("$goalloctop" -p "$named,$inner,$off" -s inuse -r 3 0.5 1)
equal "sites: a block for each" "$(grep -c '^PID ' <<<"$said")" 3
matches "sites: without profiling" "$(grep "^PID $off " <<<"$said")" 'noprof-1\.19-exe go1\.19.*, profiling is off$'
said=$(sed -n "/^PID $inner /,/^\$/p" <<<"$said")
matches "sites: whose they are" "$said" "^PID $inner leaky-1\.27-pie go1\.27\.[0-9]+, RSS [0-9.]+M, heap [0-9.]+M, [0-9]+ goroutines, stopped"
equal "sites: the heads" "$(sed -n 2p <<<"$said" | tr -s ' ')" " INUSE OBJS ALLOC/s OBJS/s FREED/s GROWTH SURV% NEW FUNCTION"
matches "sites: the largest" "$(sed -n 3p <<<"$said")" '^ +[0-9.]+M +[0-9]+ +0B +0 +0B +0B +[0-9.]+ .*main\.leakBlocks \(leaky\.go:[0-9]+\)$'
equal "sites: so many" "$(wc -l <<<"$said")" 5

# What ends is marked, and when all that were named have ended, so has the tool.
"$goalloctop" -p "$named,$off" --by program 0.2 >"$tmp/ends" &
watcher=$!
at_exit stop_quietly "$watcher"
wait_for 20 eval '[ "$(grep -c loadavg "$tmp/ends")" -ge 2 ]'
kill "$named"
wait_for 20 grep -qE "^ *$named .* exited$" "$tmp/ends"
ok "it is marked" $?
wait_for 20 eval 'tail -n 1 "$tmp/ends" | grep -qE "^ *$off "'
ok "the table goes on" $?
kill "$off"
wait "$watcher"
equal "and ends with the last" "$?" 0
equal "each is marked once" "$(grep -c ' exited$' "$tmp/ends")" 2

# Who is not root sees what is his.
user=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all)
chmod 755 "$tmp"
cp "$new" "$tmp/mine"
cp "$goalloctop" "$tmp/goalloctop"
"${user[@]}" "$tmp/mine" -rate 1 >"$tmp/mine.said" 2>&1 &
mine=$!
at_exit stop_quietly "$mine"
wait_for 20 grep -q READY "$tmp/mine.said"
"${user[@]}" timeout 60 "$tmp/goalloctop" -j -n mine 0.2 1 >"$tmp/rows" 2>"$tmp/user.err"
equal "not root: exit status" $? 0
equal "not root: one's own program" "$(jq -r 'select(.function == "main.newNode") | .inuse_objects' "$tmp/rows")" 7919
"${user[@]}" timeout 60 "$tmp/goalloctop" -p "$inner" 0.2 1 >/dev/null 2>"$tmp/user.err"
equal "not root: somebody else's: exit status" $? 3
matches "not root: somebody else's" "$(cat "$tmp/user.err")" "^goalloctop: PID $inner may not be looked into: .* run as root$"
