#!/usr/bin/env bash
# All that oomkill -j tells of a kill against the kernel's own log, for victims of every kind.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
[ -r /dev/kmsg ] && dmesg >/dev/null 2>&1 || skip_all "the kernel log cannot be read"
odd=$builddir/tests/workloads/odd

start json oomkill -j
json=$pid

# Without other programs, which are slow in a guest: there are many facts.
declare -A fact
json() { # EVENT KEY
	echo "${fact[$2]-}"
}
field() { # LINE NAME: the value behind NAME: or NAME= in a line of the kernel log
	[[ $1 =~ [\ ,]$2[:=]([^\ ,]+) ]] && echo "${BASH_REMATCH[1]%kB}"
}
# of_victim: the event of the kill in $cgroup, to $tmp/event, and the kernel's report on it to $tmp/report.
# False without a report: the kernel writes ten in five seconds, whoever the victims are.
of_victim() {
	local key value
	until_line 30 "$tmp/json.out" "\"memcg_path\":\"[^\"]*/${cgroup##*/}\"" >"$tmp/event"
	[ -s "$tmp/event" ] || { ok "$kind: is told" 1 && exit 1; }
	while IFS=$'\t' read -r key value; do
		fact[$key]=$value
	done < <(jq -r 'to_entries[] | .key + "\t" + (.value | if type == "string" then . else tojson end)' "$tmp/event")
	dmesg | awk -v begin="oom-kill:.*,pid=$(json "$tmp/event" victim_pid)," \
		-v end="Killed process $(json "$tmp/event" victim_tid) " '
		/ invoked oom-killer/ { report = ""; is_ours = 0 }
		$0 ~ begin { is_ours = 1 }
		{ report = report $0 "\n" }
		index($0, end) { if (is_ours) printf "%s", report; exit }' >"$tmp/report"
	[ -s "$tmp/report" ]
}
# with_report COMMAND...: kill a victim, until the kernel has written a report; and until it was over while
# oomkill waits for that, which a slow emulated machine may not manage each time
with_report() {
	local try
	for try in {1..9}; do
		"$@" "$try" >&2
		of_victim && [ "$(json "$tmp/event" is_over)" = true ] && break
		sleep 5
	done
	ok "$kind: is told, by the kernel, too" $?
}
kill_odd() { # TRY: a victim of that kind
	kill_in "$kind$1" $((32 << 20)) "$odd" "$kind" 64
}
reported() { # REGEX: the first line of the report that matches
	grep -E -m 1 -- "$1" "$tmp/report"
}
same() { # JSON-KEY KERNEL-VALUE
	equal "$kind: $1" "${2:+$(json "$tmp/event" "$1")}" "${2:-something}"
}
# within NAME OURS KERNEL-VALUE BYTES: what others change between the report and the signal
within() {
	local difference=$((${2/null/-1} - $3))
	[ ${difference#-} -le "$4" ]
	equal "$kind: $1 is the kernel's, within $4 bytes" "$? $(($? ? $2 : 0))" "0 $(($? ? $3 : 0))"
}
near() { # JSON-KEY KERNEL-VALUE BYTES
	within "$1" "$(json "$tmp/event" "$1")" "$2" "$3"
}
kib() {
	echo $(($(field "$killed" "$1") * 1024))
}
counter() { # memory|swap NAME: of the line "memory: usage 32768kB, limit 32768kB, failcnt 12"
	reported " $1: usage" | sed -nE "s/.*$2 ([0-9]+).*/\1/p"
}
dumped() { # COLUMN-FROM-THE-RIGHT: of the victim's line in the list of tasks
	reported "\\[ *$(json "$tmp/event" victim_tid)\\] +[0-9]" | awk -v n="$1" '{ print $(NF - n) }'
}

# What is taken meanwhile, until the signal, by others that run: of a group, or with the same memory.
meanwhile=$(($(nproc) * 128 * 4096))
others_run() {
	[[ $kind = @(group|shared|vfork) ]]
}
held() { # JSON-KEY KERNEL-VALUE
	if others_run; then near "$1" "$2" "$meanwhile"; else same "$1" "$2"; fi
}
compare_points() {
	local points page=4096
	points=$(jq '(.victim_rss_bytes + .victim_swap_bytes + .victim_pgtables_bytes) / 4096 +
		.victim_oom_score_adj * (.domain_pages / 1000 | floor)' "$tmp/event")
	if others_run; then
		within "points, times $page, made of these," $(($(json "$tmp/event" victim_points) * page)) $((points * page)) "$meanwhile"
	else
		equal "$kind: the points are made of these" "$(json "$tmp/event" victim_points)" "$points"
	fi
}
compare_victim() {
	killed=$(reported 'Killed process')
	same victim_comm "$(sed -E 's/.*Killed process [0-9]+ \((.*)\) total-vm.*/\1/' <<<"$killed")"
	same victim_uid "$(field "$killed" UID)"
	same victim_oom_score_adj "$(field "$killed" oom_score_adj)"
	same victim_virtual_bytes "$(kib total-vm)"
	held victim_anon_bytes "$(kib anon-rss)"
	held victim_file_bytes "$(kib file-rss)"
	held victim_shmem_bytes "$(kib shmem-rss)"
	held victim_rss_bytes $(($(kib anon-rss) + $(kib file-rss) + $(kib shmem-rss)))
	same victim_pgtables_bytes "$(kib pgtables)"
	same victim_swap_bytes $(($(dumped 2) * 4096))
	compare_points
}
compare_allocation() {
	local line
	line=$(reported ' invoked oom-killer')
	same trigger_comm "$(sed -E 's/^\[[^]]*\] (.*) invoked oom-killer.*/\1/' <<<"$line")"
	same gfp_mask "$(($(sed -nE 's/.*gfp_mask=(0x[0-9a-f]+).*/\1/p' <<<"$line")))"
	same gfp_flags "$(sed -nE 's/.*gfp_mask=0x[0-9a-f]+\(([^)]*)\).*/\1/p' <<<"$line")"
	same order "$(field "$line" order)"
	same trigger_oom_score_adj "$(field "$line" oom_score_adj)"
}
compare_domain() {
	local line swap=swap
	line=$(reported 'oom-kill:')
	same memcg_path "$(field "$line" oom_memcg)"
	same victim_memcg_path "$(field "$line" task_memcg)"
	equal "$kind: domain is the kernel's" "CONSTRAINT_$(json "$tmp/event" domain | tr "[:lower:]" "[:upper:]")" \
		"$(sed -nE 's/.*oom-kill:constraint=([A-Z_]+),.*/\1/p' <<<"$line")"
	equal "$kind: no nodes, as the kernel says" "$(json "$tmp/event" domain_nodes):$(field "$line" nodemask)" 'null:(null)'
	same memcg_limit_bytes $(($(counter memory limit) * 1024))
	# Threads return what they had in advance, up to 64 pages for each CPU, at any time.
	near memcg_usage_bytes $(($(counter memory usage) * 1024)) $(($(nproc) * 64 * 4096))
	same memcg_failcnt "$(counter memory failcnt)"
	[ "$(json "$tmp/event" memcg_version)" = 2 ] || swap='memory\+swap'
	same memcg_swap_limit_bytes $(($(counter "$swap" limit) * 1024))
	near memcg_swap_usage_bytes $(($(counter "$swap" usage) * 1024)) $(($(nproc) * 64 * 4096))
	same domain_bytes "$(json "$tmp/event" memcg_limit_bytes)"
	# One that found room again at the last moment counts, too.
	equal "$kind: memcg_oom_events" "$(jq '.memcg_oom_events >= 1 and .memcg_oom_events < 5' "$tmp/event")" true
	same memcg_oom_kill_events 0
}

kind=mixed
kill_mixed() { # TRY
	# Before Linux 5.16 only 64 KiB may be locked.
	kill_in "mixed$1" $((32 << 20)) prlimit --memlock=8388608 setpriv --reuid 4711 --clear-groups choom -n 100 -- "$odd" mixed 64
}
with_report kill_mixed
compare_victim
compare_allocation
compare_domain
same victim_pid "$victim"
same trigger_uid 4711
same trigger_memcg_path "$(json "$tmp/event" victim_memcg_path)"
same victim_parent_pid $$
same victim_parent_comm "$(cat /proc/$$/comm)"
same victim_threads 1
same victim_command_line "$odd mixed 64"
same victim_command_line_cut false
same victim_pid_in_namespace null
same members '[]'
same is_over true
# Three MiB; of the counter each CPU may hold back a part.
equal "mixed: it has shared memory and locked some" \
	"$(jq '[.victim_shmem_bytes >= 2097152, .victim_locked_bytes == 1048576]' -c "$tmp/event")" '[true,true]'
equal "mixed: its end went as it must" "$(jq -c '[.signalled_after_ns <= .freed_after_ns,
	.signalled_after_ns <= .exited_after_ns, .freed_bytes >= .victim_anon_bytes,
	.memcg_usage_after_bytes < .memcg_usage_bytes / 2, .victim_peak_rss_bytes >= .victim_rss_bytes]' "$tmp/event")" \
	'[true,true,true,true,true]'
equal "mixed: its age" "$(jq '.victim_age_ns > 0 and .victim_age_ns < 60e9' "$tmp/event")" true

kind=leaderless
with_report kill_odd
compare_victim
equal "leaderless: not the first thread" "$(jq '.victim_pid != .victim_tid' "$tmp/event")" true
same victim_threads 2
same is_over true
same victim_command_line "$odd leaderless 64"

for kind in vfork shared; do
	with_report kill_odd
		compare_victim
	same is_over true
	equal "$kind: the other dies with it" "$(jq -c '[.members[] | .why, .pid != .victim_pid]' "$tmp/event")" \
		'["shares memory",true]'
	# The parent may be gone on another CPU before the child is killed: that is init's then.
	equal "$kind: it is the child or the parent" "$(jq '.victim_pid == .members[0].parent_pid or
		.victim_parent_pid == .members[0].pid or .members[0].parent_pid == 1' "$tmp/event")" true
	equal "$kind: with the same numbers" \
		"$(jq --argjson most "$meanwhile" '(.members[0].rss_bytes - .victim_rss_bytes | fabs) <= $most' "$tmp/event")" true
done

kind=title
kill_in title $((16 << 20)) "$odd" title 32
of_victim
same victim_command_line "odd: a title that is longer than the arguments were, by far"
kind=nameless
kill_in nameless $((16 << 20)) "$odd" nameless 32
of_victim
matches "nameless: an empty command line" "$(json "$tmp/event" victim_command_line)" '^(null)?$'
same victim_command_line_cut false
kind=long
long=$(printf '%04000d' 0)
kill_in long $((16 << 20)) "$odd" wide 32 "$long"
of_victim
matches "long: the beginning of the command line" "$(json "$tmp/event" victim_command_line)" "^$odd wide 32 0{900,1000}"
same victim_command_line_cut true

# A cgroup far down, which is removed as soon as it is empty; the limit is far above.
kind=deep
kill_deep() { # TRY
	local deep i all=()
	cgroup=$(memcg_make "deep$1" $((16 << 20)))
	deep=$cgroup all=("$cgroup")
	for i in {1..9}; do
		[ ! -e "$deep/cgroup.subtree_control" ] || echo +memory >"$deep/cgroup.subtree_control"
		deep=$deep/level-$i-of-many-that-are-not-short
		mkdir "$deep"
		all=("$deep" "${all[@]}")
	done
	memcg_start "$deep" "$odd" plain 32
	wait $! 2>/dev/null
	memcg_remove "${all[@]}"
	gone=$?
}
with_report kill_deep
equal "deep: the cgroups are gone" "$gone" 0
matches "deep: is deep" "$(json "$tmp/event" victim_memcg_path)" '/level-1-.*/level-9-of-many-that-are-not-short$'
same victim_memcg_path "$(field "$(reported oom-kill:)" task_memcg)"
same memcg_path "$(field "$(reported oom-kill:)" oom_memcg)"

kind=namespace
kill_in namespace $((16 << 20)) unshare --pid --fork --kill-child bash -c 'cd / && "$1" plain 32; exit' bash "$odd"
of_victim
same victim_pid_in_namespace 2
equal "namespace: its PID outside" "$(jq '.victim_pid > 2' "$tmp/event")" true
same victim_command_line "$odd plain 32"

# A whole group: cgroup v2 only.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
	kind=group
	kill_group() { # TRY
		local mib
		cgroup=$(memcg_make "group$1" $((48 << 20)))
		at_exit memcg_remove "$cgroup"
		echo 1 >"$cgroup/memory.oom.group"
		group=()
		for mib in 3 5 7; do
			memcg_start "$cgroup" "$odd" plain $mib
			group+=($!)
		done
		memcg_start "$cgroup" "$odd" shared 64
		group+=($!)
		wait "${group[@]}" 2>/dev/null
	}
	with_report kill_group
	compare_victim
	same is_over true
	members=$(jq '.members | length' "$tmp/event")
	equal "group: all are told" "$(jq '[.victim_pid, .members[].pid] | unique | length' "$tmp/event")" 5
	for i in "${group[@]}"; do
		equal "group: $i is told" "$(jq --argjson pid "$i" '[.victim_pid, .members[].pid] | index($pid) != null' "$tmp/event")" true
	done
	equal "group: one shares memory, the others are of the group" \
		"$(jq -c '[.members[].why] | group_by(.) | map([.[0], length])' "$tmp/event")" \
		'[["memory.oom.group",3],["shares memory",1]]'
	for ((i = 0; i < members; i++)); do
		member=$(jq -c ".members[$i]" "$tmp/event")
		line=$(dmesg | grep -E "Killed process $(jq .pid <<<"$member") " | tail -n 1)
		[ "$line" ] || continue # it shares memory: the kernel does not say more
		equal "group: member $i is the kernel's" \
			"$(jq -r '[.comm, .uid, .virtual_bytes / 1024, .pgtables_bytes / 1024] | join(" ")' <<<"$member")" \
			"$(sed -E 's/.*\((.*)\) total-vm.*/\1/' <<<"$line") $(field "$line" UID) $(field "$line" total-vm) $(field "$line" pgtables)"
		# It runs on, until it takes the signal.
		within "anon_bytes of member $i" "$(jq .anon_bytes <<<"$member")" \
			$(($(field "$line" anon-rss) * 1024)) $((64 * 4096))
		equal "group: member $i has a command line" "$(jq -r '.command_line' <<<"$member" | cut -d ' ' -f 1)" "$odd"
	done
fi
stop "$json"
equal "nothing was lost" "$status:$(grep -c lost "$tmp/json.err")" 0:0
