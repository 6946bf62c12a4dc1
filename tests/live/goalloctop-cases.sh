#!/usr/bin/env bash
# Bad times for goalloctop: programs that end, become others, are stopped, start a thousand children, have 200,000
# goroutines or a broken heap profile; users who may not; and what is left behind when it is killed.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
. "$srcdir/tests/live/ledger.sh"
can_trace
OOMTOOLS_GO_VERSIONS=1.24 find_toolchains
new=$("$workloads/go-victim" 1.24 exec ledger) && leaky=$("$workloads/go-victim" 1.24 exec leaky)
ok "the programs build" $?
# What a sanitizer keeps of freed memory is not the tool's.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1
goalloctop=$tools/goalloctop

# watch NAME OPTION...: in the background, its rows in $tmp/NAME; its pid is in $watcher
watch() {
	local name=$1
	shift
	"$goalloctop" -j "$@" 0.2 >"$tmp/$name" 2>"$tmp/$name.err" &
	watcher=$!
	at_exit stop_quietly "$watcher"
}
has_row() { # FILE JQ-EXPRESSION: a row for which it is true
	[ -n "$(jq -c "select($2)" "$1" 2>/dev/null | head -n 1)" ]
}
goes_on() { # FILE PID: with two more rows
	local n
	n=$(grep -c "\"pid\":$2," "$1")
	wait_for 30 eval "[ \$(grep -c '\"pid\":$2,' '$1') -ge $((n + 2)) ]"
}
last() { # FILE PID JQ-EXPRESSION: of its last row
	grep "\"pid\":$2," "$1" | tail -n 1 | jq -r "$3"
}
# Other Go programs on this machine come and go.
descriptors() { find "/proc/$1/fd" -mindepth 1 '(' -lname "$new" -o ! -lname '*/victims/*' ')' | wc -l; }
resident_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

for name in stays ends becomes leaves stops; do
	ledger $name "$new" -rate 1
	ask $name "alloc small 1009 1009" gc
done
stays=${ledger_pid[stays]}
list=$(IFS=,; echo "${ledger_pid[*]}")
watch table -p "$list" --by program
table=$watcher
watch sites -p "$list" -r 1000
for name in "${!ledger_pid[@]}"; do
	goes_on "$tmp/table" "${ledger_pid[$name]}" && goes_on "$tmp/sites" "${ledger_pid[$name]}"
	ok "$name: it is in both tables" $?
done

# Ended in the middle of an interval.
tell ends exit
wait_for 30 has_row "$tmp/table" ".pid == ${ledger_pid[ends]} and .state == \"exited\""
ok "a program that ends is marked" $?
goes_on "$tmp/table" "$stays" && goes_on "$tmp/table" "$stays"
ok "the table goes on" $?
equal "for one interval" "$(grep "\"pid\":${ledger_pid[ends]}," "$tmp/table" | grep -c '"state":"exited"')" 1

# Another Go program under the same PID; and one that is not Go.
tell becomes "exec $leaky -rate 1"
tell leaves "exec $(command -v sleep) 1000"
becomes=${ledger_pid[becomes]} leaves=${ledger_pid[leaves]}
wait_for 30 has_row "$tmp/table" ".pid == $becomes and .comm == \"$(basename "$leaky" | cut -c 1-15)\" and .state == \"running\""
ok "exec starts another Go program: it is in the table" $?
wait_for 30 has_row "$tmp/sites" ".pid == $becomes and .function == \"main.newNode\" and .inuse_objects == 7919"
ok "and its sites, to the object" $?
goes_on "$tmp/sites" "$becomes"
equal "none of the old one's are left" \
	"$(grep "\"pid\":$becomes," "$tmp/sites" | tail -n 3 | grep -c main.allocSmall)" 0
goes_on "$tmp/table" "$stays" && goes_on "$tmp/table" "$stays"
n=$(grep -c "\"pid\":$leaves," "$tmp/table")
goes_on "$tmp/table" "$stays"
equal "exec starts a program that is not Go: it is in the table no more" "$(grep -c "\"pid\":$leaves," "$tmp/table")" "$n"

# Stopped.
ask stops "alloc large 101 101"
tell stops stop
wait_for 30 has_row "$tmp/table" ".pid == ${ledger_pid[stops]} and .state == \"stopped\""
ok "a stopped program is marked" $?
wait_for 30 has_row "$tmp/sites" ".pid == ${ledger_pid[stops]} and .function == \"main.allocLarge\" and .inuse_objects == 101"
ok "and read all the same" $?

# Nothing is written to it: all that it could write itself is as it was. (It is stopped, so it has not.)
sum() { # PID: of its memory
	local from to
	while IFS='- ' read -r from to _; do
		echo "$from-$to"
		dd if="/proc/$1/mem" bs=4096 skip=$((0x$from / 4096)) count=$(((0x$to - 0x$from) / 4096)) status=none 2>&1 | cksum
	done < <(grep -E '^[0-9a-f]+-[0-9a-f]+ rw' "/proc/$1/maps" | grep -v '\[v')
}
sum "${ledger_pid[stops]}" >"$tmp/before"
goes_on "$tmp/table" "${ledger_pid[stops]}" && goes_on "$tmp/sites" "${ledger_pid[stops]}"
sum "${ledger_pid[stops]}" >"$tmp/after"
check "nothing is written into a program" cmp "$tmp/before" "$tmp/after"
[ "$(wc -l <"$tmp/before")" -ge 10 ]
ok "this was looked at" $?

# A list of buckets that is broken, and one that runs in a circle.
for how in circle break hide; do
	ledger $how "$new" -rate 1
	ask $how "alloc small 1009 1009" gc "alloc large 101 101"
	tell $how stop
	broken=${ledger_pid[$how]}
	wait_for 20 grep -q '^State:.*T' "/proc/$broken/status"
	"$builddir/tests/live/buckets" $how "$broken" >/dev/null
	ok "$how: the list is spoilt" $?
	timeout 60 "$goalloctop" -p "$broken,$stays" -j 0.1 3 >"$tmp/$how" 2>"$tmp/$how.err"
	equal "$how: it ends well" "$?" 0
	check "$how: what can be read is shown" has_row "$tmp/$how" ".pid == $broken and .inuse_objects > 0"
	check "$how: other programs are" has_row "$tmp/$how" ".pid == $stays and .inuse_objects >= 1009"
	timeout 60 "$goalloctop" -p "$broken" 0.1 2 >"$tmp/$how.text" 2>"$tmp/$how.err"
	matches "$how: it is said" "$(cat "$tmp/$how.text" "$tmp/$how.err")" 'stopped, [^,]*(unreadable|damaged|circle)'
done

# A thousand children, one after the other.
watch crowd --by program
crowd=$watcher
wait_for 60 has_row "$tmp/crowd" ".pid == $stays"
ask stays "spawn 100"
goes_on "$tmp/crowd" "$stays"
descriptors=$(descriptors "$crowd") resident=$(resident_kb "$crowd")
tell stays "spawn 1000"
n=${ledger_told[stays]}
wait_for 120 grep -q "^$n spawn" "$tmp/stays.said"
ok "a program starts 1,000 others" $?
goes_on "$tmp/crowd" "$stays" && goes_on "$tmp/crowd" "$stays"
ok "the table goes on" $?
echo "# descriptors $descriptors, then $(descriptors "$crowd"); resident $resident kB, then $(resident_kb "$crowd") kB"
[ "$(descriptors "$crowd")" -le $((descriptors + 8)) ]
ok "no descriptors are left behind" $?
[ "$(resident_kb "$crowd")" -le $((resident + 8192)) ]
ok "no memory is left behind" $?
stop "$crowd"

# 200,003 goroutines.
cpu_ns() { cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f\n", sum }'; }
tell stays "goroutines 200003"
told stays
wait_for 60 has_row "$tmp/table" ".pid == $stays and .goroutines >= 200003 and .goroutines < 200053"
ok "200,003 goroutines are counted" $?
from=$(cpu_ns "$table") n=$(grep -c "\"pid\":$stays," "$tmp/table")
sleep 2
echo "# a refresh takes $((($(cpu_ns "$table") - from) / ($(grep -c "\"pid\":$stays," "$tmp/table") - n) / 1000)) us of CPU"
stop "$table"
equal "it ends well" "$status" 0

# Programs whose file is gone.
cp "$new" "$tmp/deleted"
ledger deleted "$tmp/deleted" -rate 1
ask deleted "alloc small 1009 503" gc
rm "$tmp/deleted"
"$goalloctop" -p "${ledger_pid[deleted]}" -j 0.1 1 >"$tmp/deleted.rows" 2>"$tmp/deleted.err"
check "a deleted executable: names and numbers" has_row "$tmp/deleted.rows" \
	'.function == "main.allocSmall" and .inuse_objects == 503'

# Who cannot be watched.
sleep 1000 &
other=$!
at_exit stop_quietly $other
refused() { # DESCRIPTION STATUS REGEX PID
	"$goalloctop" -p "$4" 0.1 1 >"$tmp/out" 2>"$tmp/err"
	equal "$1: status" "$?" "$2"
	matches "$1: what is said" "$(cat "$tmp/err")" "$3"
}
refused "not Go" 1 "^goalloctop: .*$other.*not a Go program" $other
refused "a kernel thread" 1 '^goalloctop: .*2.*kernel thread|not a Go program|no executable' 2
refused "gone" 1 '^goalloctop: .*4194303 is not there' 4194303

# Not root: one's own programs, and a clear word on others.
chmod 711 "$tmp"
mkdir -m 755 "$tmp/own"
cp "$goalloctop" "$new" "$tmp/own"
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups env -u OOMTOOLS_CACHE_DIR)
ledger nobody "${nobody[@]}" "$tmp/own/$(basename "$new")" -rate 1
ask nobody "alloc small 1009 503" gc
own=${ledger_pid[nobody]}
"${nobody[@]}" "$tmp/own/goalloctop" -p "$own" -j 0.1 1 >"$tmp/nobody.rows" 2>"$tmp/nobody.err"
equal "not root: one's own program: status" "$?" 0
check "not root: its sites" has_row "$tmp/nobody.rows" '.function == "main.allocSmall" and .inuse_objects == 503'
"${nobody[@]}" "$tmp/own/goalloctop" -j 0.1 1 >"$tmp/nobody.rows" 2>"$tmp/nobody.err"
equal "not root: all programs: status" "$?" 0
check "not root: one's own are among them" has_row "$tmp/nobody.rows" ".pid == $own"
"${nobody[@]}" "$tmp/own/goalloctop" -p "$stays" -j 0.1 1 >"$tmp/out" 2>"$tmp/err"
equal "not root: another's program: status" "$?" 3
matches "not root: another's program: what is said" "$(cat "$tmp/err")" "^goalloctop: .*$stays.*(root|CAP_SYS_PTRACE)"
