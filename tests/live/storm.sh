#!/usr/bin/env bash
# A storm of OOM kills, ten cgroups at a time: each is told, whole, once, and in the order of the kills.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
for i in {1..10}; do
	cgroups[i]=$(memcg_make "storm$i" $((4 << 20)))
	at_exit memcg_remove "${cgroups[i]}"
done
of_kernel() { # how many kills the kernel has counted in our cgroups
	local dir
	for dir in "${cgroups[@]}"; do
		awk '$1 == "oom_kill" { print $2 }' "$dir/memory.oom_control" "$dir/memory.events" 2>/dev/null
	done | awk '{ n += $1 } END { print n + 0 }'
}
start text oomkill
text=$pid
start json oomkill -j
json=$pid
"$builddir/tests/workloads/storm" 101 10 0 "${cgroups[@]}" >"$tmp/killed"
equal "101 were killed" "$?:$(wc -l <"$tmp/killed")" 0:101
equal "and so says the kernel" "$(of_kernel)" 101
cut -d ' ' -f 1 "$tmp/killed" | sort >"$tmp/victims"

# Another storm may go on beside this one.
ours() { grep -xFf "$tmp/victims"; }
text_victims() { sed -nE 's/.*, OOM kill of PID ([0-9]+) \("storm-victim"\), 1024 pages, loadavg: .*/\1/p' "$tmp/text.out" | ours; }
json_victims() { jq -r 'select(.victim_comm == "storm-victim") | .victim_pid' "$tmp/json.out" | ours; }
all_told() { [ "$(text_victims | wc -l):$(json_victims | wc -l)" = 101:101 ]; }
wait_for 30 all_told
for how in text json; do
	"${how}_victims" >"$tmp/$how.pids"
	equal "$how: each is told, and once" "$(sort "$tmp/$how.pids" | diff - "$tmp/victims")" ""
done
equal "both tell them in the same order" "$(diff "$tmp/text.pids" "$tmp/json.pids")" ""
equal "which is that of the kernel's clock" "$(jq .kernel_time_ns "$tmp/json.out" | sort -nc 2>&1)" ""
# In one cgroup there is one victim at a time, so there the order is known.
grep -F " ${cgroups[3]}" "$tmp/killed" | cut -d ' ' -f 1 >"$tmp/third"
equal "and that of the deaths" "$(grep -xFf "$tmp/third" "$tmp/json.pids")" "$(cat "$tmp/third")"
for p in $text $json; do
	stop "$p"
	equal "it ends well" "$status" 0
done
equal "no line is torn" "$(grep -cvE '^Tracing |^[0-9:]{8} Triggered by .* loadavg: [0-9. /]+$' "$tmp/text.out"):$(
	jq -c . "$tmp/json.out" | wc -l)" "0:$(wc -l <"$tmp/json.out")"
equal "none is said to be missing" "$(grep -h missing "$tmp/text.err" "$tmp/json.err")" ""
