#!/usr/bin/env bash
# oomprof on real kills: what it says, what it writes, and what it does when something is wrong.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
OOMTOOLS_GO_VERSIONS=1.19 find_toolchains
leaky=$("$workloads/go-victim" 1.19 exec leaky) && noprof=$("$workloads/go-victim" 1.19 exec noprof)
ok "the victims build" $?

profiles=$tmp/profiles
# One victim runs before oomprof does, stopped until that watches.
old_cgroup=$(memcg_make old $((48 << 20)))
at_exit memcg_remove "$old_cgroup"
memcg_start "$old_cgroup" "$leaky" -rate 1 -grow 40 -stop >"$tmp/old.ready"
old=$!
wait_for 60 grep -q READY "$tmp/old.ready"

start text oomprof -o "$profiles" -n 3
text=$pid
matches "says that it is watching" "$(head -n 1 "$tmp/text.out")" \
	'^Watching for OOM kills of Go programs\.\.\. Ctrl-C to stop\.$'
equal "the directory is made, for us alone" "$(stat -c %a "$profiles")" 700
start json oomprof -o "$profiles" -j
json=$pid

kill -CONT "$old"
wait "$old" 2>/dev/null
line=$(until_line 20 "$tmp/text.out" "OOM kill of PID $old ")
matches "a program that ran before" "$line" '^[0-9:]{8} OOM kill of PID [0-9]+ \("leaky-1\.19-exec"\), go1\.19[.0-9]*, [0-9.]+M in [0-9]+ objects in use, [0-9]+ sites, buckets [0-9]+ read 0 cut 0 unreadable 0 lost, [0-9]+ ms, '"$profiles"'/leaky-1\.19-exec-'"$old"'-[0-9]{8}T[0-9]{6}(-2)?\.pb\.gz$'
equal "its table has the rows asked for" \
	"$(grep -A 9 "PID $old " "$tmp/text.out" | sed -n '2,/OOM kill/p' | grep -c '(leaky.go:')" 3

kill_in new $((64 << 20)) "$leaky" -rate 1 -grow 40
ok "a program started later is killed" $?
line=$(until_line 20 "$tmp/text.out" "OOM kill of PID $victim ")
file=${line##* }
check "its profile is there" test -s "$file"
equal "and readable by us alone" "$(stat -c %a "$file")" 600
samples "$file" >"$tmp/samples"
equal "the bytes of a known site are exact" "$(held "$tmp/samples" main.leakBlocks 40960)" "211 $((211 * 40960))"
equal "and those of an inlined one" "$(held "$tmp/samples" main.newNode 48)" "7919 $((7919 * 48))"
equal "the sample types are Go's" "$(sed -n 's/^types *//p' "$tmp/samples" | head -n 1)" \
	"alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes"
raw "$file" >"$tmp/raw"
check "the default is inuse_space" grep -q 'inuse_space/bytes\[dflt\]' "$tmp/raw"
check "the period is the victim's" grep -qx 'Period: 1' "$tmp/raw"
check "the trigger is in the comments" grep -q "triggered by PID $victim (" "$tmp/raw"
check "the domain is in the comments" grep -q "domain: memcg .*-new, limit $((64 << 20)) bytes" "$tmp/raw"
check "how complete it is is in the comments" grep -qE 'buckets: [0-9]+ read, 0 cut, 0 unreadable, 0 lost' "$tmp/raw"
build_id=$(readelf -n "$leaky" 2>/dev/null | sed -n 's/ *Build ID: //p')
mapping=$(grep -A1 '^Mappings' "$tmp/raw" | tail -n 1)
matches "the mapping names file and build id" "$mapping" "$leaky ${build_id}.*\[FN\]\[FL\]\[LN\]\[IN\]"
until_line 20 "$tmp/json.out" "\"pid\":$victim," >"$tmp/event"
equal "JSON: outcome" "$(json "$tmp/event" outcome)" written
equal "JSON: complete" "$(json "$tmp/event" walk_complete)" true
equal "JSON: rate" "$(json "$tmp/event" mem_profile_rate_bytes)" 1
# Exact numbers: oomprof-runtime.sh.
goroutines=$(json "$tmp/event" go_goroutines)
if grep -qw bpf_loop /proc/kallsyms; then
	[ "$goroutines" -gt 1 ] && [ "$goroutines" -le "$(json "$tmp/event" go_goroutines_most)" ]
	ok "JSON: goroutines" $?
else
	equal "JSON: goroutines, on a kernel that cannot count them" "$goroutines" null
fi
check "two watchers, two files" test "$(json "$tmp/event" file)" != "$file"

kill_in noprof $((24 << 20)) "$noprof"
line=$(until_line 20 "$tmp/text.out" "OOM kill of PID $victim ")
matches "profiling switched off by the linker: says so, and what to do" "$line" 'memory profiling switched off \(MemProfileRate 0\).*import net/http/pprof'
kill_in rate0 $((64 << 20)) "$leaky" -rate 0 -grow 40
line=$(until_line 20 "$tmp/text.out" "OOM kill of PID $victim ")
matches "profiling switched off by the program" "$line" 'has set runtime\.MemProfileRate to 0'
kill_in hog $((16 << 20)) "$hog" 32
line=$(until_line 20 "$tmp/text.out" "OOM kill of PID $victim ")
matches "not a Go program" "$line" '\("hog"\), not a Go program: no heap profile$'

for i in 1 2 3; do
	dir=$(memcg_make "three$i" $((48 << 20)))
	at_exit memcg_remove "$dir"
	memcg_start "$dir" "$leaky" -rate 1 -grow 60 >&2
	three[i]=$!
done
wait "${three[@]}" 2>/dev/null
for i in 1 2 3; do
	line=$(until_line 20 "$tmp/text.out" "OOM kill of PID ${three[i]} ")
	samples "${line##* }" >"$tmp/samples" 2>/dev/null
	equal "three at once: number $i" "$(held "$tmp/samples" main.leakBlocks 40960)" "211 $((211 * 40960))"
done

stop "$text"
equal "SIGTERM ends it well" "$status" 0
kill -INT "$json" 2>/dev/null
kill -KILL "$json" 2>/dev/null
wait "$json" 2>/dev/null
equal "nothing but profiles is left" "$(find "$profiles" -type f ! -name '*.pb.gz' | wc -l)" 0

if unshare -fp --mount-proc true 2>/dev/null; then
	said=$(unshare -fp --mount-proc "$tools/oomprof" -o "$tmp" -d 1 2>&1)
	equal "in a PID namespace of its own: exit status" "$?" 3
	matches "and what to do" "$said" '^oomprof: this is a PID namespace of its own .*--pid=host'
else
	skip "cannot make a PID namespace"
fi

# A directory that takes no file is refused at the start.
mkdir "$tmp/small"
if mount -t tmpfs -o size=4k,nr_inodes=1 small "$tmp/small" 2>/dev/null; then
	at_exit umount "$tmp/small"
	said=$("$tools/oomprof" -o "$tmp/small" -d 1 2>&1 >/dev/null)
	equal "a full directory is refused at the start" "$?" 1
	matches "and the message says what to do" "$said" "^oomprof: cannot write into .*/small: No space left.*-o"
	mount -o remount,ro "$tmp/small"
	said=$("$tools/oomprof" -o "$tmp/small" -d 1 2>&1 >/dev/null)
	equal "a read-only one too" "$?:${said#*small: }" "1:Read-only file system; name another directory with -o"
else
	skip "cannot mount a small filesystem"
fi
