#!/usr/bin/env bash
# Whom oomrank names is whom the kernel kills: three programs in a memory cgroup of their own, of known sizes and
# adjustments, the largest of which is not the victim. By the probe, by an edited one, from /proc without root, and of a
# captured machine.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
oomrank=$tools/oomrank
export XDG_STATE_HOME=$tmp/state
limit=$((128 << 20))
cgroup=$(memcg_make rank $limit)
ok "a memory cgroup" $?
at_exit memcg_remove "$cgroup"
path=${cgroup#/sys/fs/cgroup}
[ ! -d /sys/fs/cgroup/memory ] || path=${path#/memory}

hog_of() { # NAME MIB ADJ: its pid is in $pid
	memcg_start "$cgroup" "$hog" -n "$1" "$2"
	pid=$!
	at_exit stop_quietly "$pid"
	wait_for 60 has_memory "$pid" "$2"
	echo "$3" >"/proc/$pid/oom_score_adj"
}
has_memory() { # PID MIB
	[ "$(awk '/^RssAnon/ { print $2 }' "/proc/$1/status")" -ge $(($2 << 10)) ]
}
hog_of idle 10 0 && idle=$pid
hog_of small 20 600 && small=$pid
hog_of large 30 0 && large=$pid
ok "three programs in it" $?

rank() { # OPTION...: the JSON of it is in $tmp/rank
	"$oomrank" -j "$@" >"$tmp/rank" 2>"$tmp/rank.err"
}
verdicts() {
	jq -r 'select(.pid as $p | ['"$idle,$small,$large"'] | index($p)) | "\(.pid) \(.verdict)"' "$tmp/rank" | sort | xargs
}
want=$(printf '%s\n' "$idle next" "$small kill" "$large next" | sort | xargs)
rank --cgroup "$cgroup"
equal "--cgroup: status, and nothing to say" "$?:$(cat "$tmp/rank.err")" 0:
equal "--cgroup: the verdicts" "$(verdicts)" "$want"
equal "--cgroup: nobody else" "$(wc -l <"$tmp/rank")" 3
equal "--cgroup: its own size" "$(jq -s '.[0].domain_bytes' "$tmp/rank")" $limit
equal "the adjustment's share: thousandths of that size" "$(jq 'select(.verdict == "kill") | .adj_pages' "$tmp/rank")" $((limit / 4096 / 1000 * 600))
equal "points are the sum of their parts" "$(jq -c '.points - .adj_pages - (.rss_bytes + .swap_bytes) / 4096 - (.pgtables_bytes / 4096 | floor)' "$tmp/rank" | sort -u)" 0
points=$(jq 'select(.verdict == "kill") | .points' "$tmp/rank")
rank --cgroup "$path"
equal "--cgroup by its path below the mount point" "$(verdicts)" "$want"
rank --proc --cgroup "$cgroup"
equal "--proc: the same" "$(verdicts)" "$want"
"$oomrank" --cgroup "$cgroup" >"$tmp/text"
matches "the report: the victim" "$(cat "$tmp/text")" "OOM:   \*KILL\* proc $small 'small', [23][0-9]\.[0-9]M, points $points "
matches "the report: the next" "$(cat "$tmp/text")" "OOM:   \(next\) proc $large 'large'"
equal "the report: its lines are short" "$(grep -E '^.{101}' "$tmp/text")" ""
"$oomrank" --all-domains -j >"$tmp/domains"
equal "--all-domains" "$(jq -c --arg p "$path" 'select(.domain_memcg_path == $p) | [.pid, .domain_limit_bytes]' "$tmp/domains")" "[$small,$limit]"

# Without root.
chmod 755 "$tmp"
setpriv --reuid 65534 --regid 65534 --clear-groups "$oomrank" -j --cgroup "$cgroup" >"$tmp/rank" 2>"$tmp/rank.err"
equal "without root: exit status" $? 0
equal "without root: the same" "$(verdicts)" "$want"
matches "without root: it is said what cannot be seen" "$(cat "$tmp/rank.err")" '^oomrank: warning: without BPF .*from /proc: it does not tell'

# Who is not seen at all.
as_nobody() {
	unshare --mount sh -c 'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"' sh "$@"
}
matches "hidepid: it is said" "$(as_nobody "$oomrank" -r 1 2>&1)" 'warning: /proc hides other users. processes .*KILL'
contained() { unshare --pid --fork --mount-proc "$@" 2>"$tmp/rank.err"; }
contained sh -c '"$1" -j --proc; :' sh "$oomrank" >"$tmp/rank"
matches "a container: it is said" "$(cat "$tmp/rank.err")" '^oomrank: warning: a PID namespace of its own .* not ranked$'
equal "its process 1 is no init: it may be killed" "$(jq -r 'select(.pid == 1) | .reason' "$tmp/rank")" null
contained "$oomrank" >"$tmp/text"
matches "a container, by the probe: it is said" "$(cat "$tmp/rank.err")" 'PIDs are those of the machine$'
contained sh -c '"$1" --capture "$2"; :' sh "$oomrank" "$tmp/contained" >/dev/null
rank --root "$tmp/contained"
equal "captured: its process 1 may be killed, too" "$(jq -r 'select(.pid == 1) | .reason' "$tmp/rank")" null
matches "captured: that is said, too" "$(cat "$tmp/rank.err")" 'a PID namespace of its own'

# Kept, and shown elsewhere.
"$oomrank" --capture "$tmp/captured" >/dev/null
ok "--capture" $?
rank --root "$tmp/captured" --cgroup "$path"
equal "--root: the same" "$(verdicts)" "$want"

# A probe that tells more, from the start and swapped in.
"$oomrank" --ebpf >"$tmp/nice.c"
sed -i -e '/char comm\[OOMRANK_COMM_SIZE\];/a\	__s32 nice; __u32 uid_of_parent;' \
	-e '/What fills a member of yours stands here/a\	t.nice = RD(task->static_prio) - 120;' "$tmp/nice.c"
renice -n 7 -p "$small" >/dev/null
rank --probe "$tmp/nice.c" --cgroup "$cgroup"
equal "an edited probe: a JSON key more" "$(jq -c "select(.pid == $small) | [.nice, .verdict]" "$tmp/rank")" '[7,"kill"]'
"$oomrank" --cgroup "$cgroup" -c "explain $small; load $tmp/nice.c; apply; explain $small; undo; explain $small" >"$tmp/text" 2>"$tmp/rank.err"
equal "swapped: it is told while that text runs" "$?:$(grep -cE '^OOM: +\*KILL\* proc '"$small" "$tmp/text"):$(grep -oE 'nice -?[0-9]+' "$tmp/text" | xargs)" 0:3:"nice 7"
sed -i 's/^struct oomrank_task {/&\n\tint before_all;/' "$tmp/nice.c"
"$builddir/libexec/oomtools-compile" --name oomrank -o "$tmp/image" "$tmp/nice.c"
rank --image "$tmp/image" --cgroup "$cgroup"
equal "an image of an edited text: the same" "$(jq -c "select(.pid == $small) | [.nice, .verdict]" "$tmp/rank")" '[7,"kill"]'
sed 's/RD(task->static_prio)/RD(task->no_such_member)/' "$tmp/nice.c" >"$tmp/bad.c"
"$oomrank" --probe "$tmp/bad.c" >"$tmp/text" 2>"$tmp/rank.err"
equal "a probe that does not compile is an error, not /proc" "$?:$(cat "$tmp/text")" 1:

# And the kernel's choice, when one more fills the cgroup, with fewer points.
"$oomrank" --simulate --cgroup "$cgroup" -j >"$tmp/foretold"
filler=
fill() {
	memcg_start "$cgroup" "$hog" -n filler 100
	filler=$!
}
start kills oomkill -j -p "$idle,$small,$large"
told=$pid
fill
wait_for 60 is_dead "$small"
ok "the one that was named is killed" $?
is_dead "$large"
equal "and no other" $? 1
wait_for 60 grep -q "\"victim_pid\":$small," "$tmp/kills.out"
stop "$told"
kill -KILL "$filler" "$idle" "$large" 2>/dev/null
equal "the kernel's points are those that were foretold" \
	"$(jq -c "select(.victim_pid == $small) | [.victim_points, .domain_pages]" "$tmp/kills.out")" \
	"$(jq -c '[.victim_points, .domain_pages]' "$tmp/foretold")"
