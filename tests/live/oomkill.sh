#!/usr/bin/env bash
# oomkill against the kernel's own log: a real OOM kill in a memory cgroup, every field compared.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
[ -r /dev/kmsg ] && dmesg >/dev/null 2>&1 || skip_all "the kernel log cannot be read"

start text oomkill
text=$pid
matches "says that it is attached" "$(cat "$tmp/text.out")" '^Tracing OOM kills\.\.\. Ctrl-C to stop\.$'
start json oomkill -j
json=$pid
equal "with -j that goes to stderr" "$(wc -c <"$tmp/json.out")" 0

kill_in plain $((32 << 20)) "$hog" -t 3 64
ok "the hog was killed" $?
killed=$(of_kernel "$victim" 'Killed process')
domain=$(of_kernel "$victim" '^.*oom-kill:')
# The line that begins the kernel's report on this very kill: its reports do not mix.
invoked=$(dmesg | awk -v end="oom-kill:.*,pid=$victim," '/ invoked oom-killer/ { begin = $0 } $0 ~ end { print begin; exit }')
matches "the kernel's report begins with the hog" "$invoked" 'hog invoked oom-killer'
line=$(until_line 10 "$tmp/text.out" "OOM kill of PID $victim ")
matches "the line is bcc's" "$line" '^[0-9]{2}:[0-9]{2}:[0-9]{2} Triggered by PID [0-9]+ \("hog"\), OOM kill of PID [0-9]+ \("hog"\), 8192 pages, loadavg: [0-9]+\.[0-9]{2} [0-9]+\.[0-9]{2} [0-9]+\.[0-9]{2} [0-9]+/[0-9]+ [0-9]+$'
until_line 10 "$tmp/json.out" "\"victim_pid\":$victim," >"$tmp/event"

same() { # JSON-KEY KERNEL-VALUE
	equal "$1 is the kernel's" "$(json "$tmp/event" "$1")" "$2"
}
kib() {
	echo $(($(field "$killed" "$1") * 1024))
}
same victim_pid "$victim"
same victim_comm hog
same victim_anon_bytes "$(kib anon-rss)"
same victim_file_bytes "$(kib file-rss)"
same victim_shmem_bytes "$(kib shmem-rss)"
same victim_virtual_bytes "$(kib total-vm)"
same victim_pgtables_bytes "$(kib pgtables)"
same victim_uid "$(field "$killed" UID)"
same victim_oom_score_adj "$(field "$killed" oom_score_adj)"
same memcg_path "$(field "$domain" oom_memcg)"
same victim_memcg_path "$(field "$domain" task_memcg)"
equal "the domain is a memory cgroup" "$(json "$tmp/event" domain)" memcg
matches "the kernel says so too" "$domain" 'constraint=CONSTRAINT_MEMCG'
same domain_bytes $((32 << 20))
same memcg_inode "$(stat -c %i "$cgroup")"
same gfp_mask "$(($(sed -nE 's/.*gfp_mask=(0x[0-9a-f]+).*/\1/p' <<<"$invoked")))"
same order "$(field "$invoked" order)"
same trigger_comm hog

# A name made to harm a terminal, a JSON line or a log.
kill_in hostile $((16 << 20)) "$hog" -n 'a\x1b[2J\x0ab"\x5c\xff' 32
line=$(until_line 10 "$tmp/text.out" "OOM kill of PID $victim ")
matches "a hostile name is made harmless in the line" "$line" 'OOM kill of PID [0-9]+ \("a\\x1b\[2J\\x0ab"\\\\xff"\), 4096 pages'
until_line 10 "$tmp/json.out" "\"victim_pid\":$victim," >"$tmp/event"
equal "and in JSON" "$(json "$tmp/event" victim_comm | od -An -tx1 | tr -d ' \n')" \
	611b5b324a0a62225cefbfbd0a
equal "one JSON object a line" "$(grep -c '^{.*}$' "$tmp/json.out")" "$(wc -l <"$tmp/json.out")"

# Whose a cgroup is: a victim in what looks like a container of docker, below a cgroup that is none of its
# own. First the outer one is full, then the container.
id=$(sha256sum <<<"$$" | cut -d ' ' -f 1)
outer=$(memcg_make outer $((32 << 20)))
at_exit memcg_remove "$outer"
[ ! -e "$outer/cgroup.subtree_control" ] || echo +memory >"$outer/cgroup.subtree_control"
mkdir "$outer/docker-$id.scope"
at_exit memcg_remove "$outer/docker-$id.scope"
kill_in_container() { # its event is in $tmp/event
	memcg_start "$outer/docker-$id.scope" "$hog" 64 >&2
	victim=$!
	wait "$victim" 2>/dev/null
	until_line 10 "$tmp/json.out" "\"victim_pid\":$victim," >"$tmp/event"
}
kill_in_container
equal "the victim's container" "$(json "$tmp/event" victim_container_id)" "$id"
equal "the container's runtime" "$(json "$tmp/event" victim_container_runtime)" docker
equal "a victim in no pod" "$(json "$tmp/event" victim_pod_uid)" null
equal "the domain is above it" "$(json "$tmp/event" domain_bytes):$(jq --arg id "$id" 'has("domain_container_id") and .domain_container_id != $id' "$tmp/event")" \
	$((32 << 20)):true
if [ -e "$outer/memory.max" ]; then
	echo $((16 << 20)) >"$outer/docker-$id.scope/memory.max"
	[ ! -e "$outer/docker-$id.scope/memory.swap.max" ] || echo 0 >"$outer/docker-$id.scope/memory.swap.max"
else
	echo $((16 << 20)) >"$outer/docker-$id.scope/memory.limit_in_bytes"
fi
kill_in_container
equal "the domain's container" "$(json "$tmp/event" domain_container_id)" "$id"
equal "the domain's runtime" "$(json "$tmp/event" domain_container_runtime)" docker

# Many at once: none lost.
for i in 1 2 3 4 5 6 7 8 9 10; do
	dir=$(memcg_make "storm$i" $((8 << 20)))
	at_exit memcg_remove "$dir"
	memcg_start "$dir" "$hog" 16 >&2
	storm[i]=$!
done
wait "${storm[@]}" 2>/dev/null
for i in "${!storm[@]}"; do
	until_line 10 "$tmp/json.out" "\"victim_pid\":${storm[i]}," >/dev/null
	grep -c "\"victim_pid\":${storm[i]}," "$tmp/json.out"
done | sort | uniq -c >"$tmp/storm"
equal "ten kills at once: each told once" "$(xargs <"$tmp/storm")" "10 1"

stop "$text"
equal "SIGTERM ends it well" "$status" 0
kill -KILL "$json"
wait "$json" 2>/dev/null
# The compile helper is killed in the middle: the tool removes what it cannot.
mkdir "$tmp/tmp"
cat >"$tmp/killed" <<-EOT
	#!/bin/sh
	(sleep \$DELAY; kill -KILL \$\$) &
	exec "$builddir/libexec/oomtools-compile" "\$@"
EOT
chmod +x "$tmp/killed"
for delay in 0.05 0.1 0.2; do
	OOMTOOLS_CACHE_DIR=$tmp/none TMPDIR=$tmp/tmp DELAY=$delay OOMTOOLS_COMPILE=$tmp/killed \
		"$tools/oomkill" -d 0.1 >/dev/null 2>&1
	equal "a helper killed after $delay s leaves nothing" "$(ls -A "$tmp/tmp")" ""
done
timeout 20 "$tools/oomkill" -d 1 >"$tmp/timed" 2>/dev/null
equal "-d ends it by itself" "$?:$(head -n 1 "$tmp/timed")" "0:Tracing OOM kills... Ctrl-C to stop."
"$tools/oomkill" -d 30 2>&1 | head -n 1 >/dev/null
equal "it ends when its reader has gone" "${PIPESTATUS[0]}" 0
