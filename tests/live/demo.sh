#!/usr/bin/env bash
# The demo shows what README promises, and leaves nothing behind but the profile.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
require_root
[ -e /sys/kernel/btf/vmlinux ] || skip_all "this kernel has no BTF"
memcg_parent >/dev/null || skip_all "no memory cgroup hierarchy"
command -v go >/dev/null || skip_all "no Go (apt install golang-go)"

cgroups() { find "$(memcg_parent)" -maxdepth 1 -name 'oomtools-*-demo' | wc -l; }
before=$(cgroups)
"$srcdir/demo/run" "$builddir" >"$tmp/out" 2>"$tmp/err"
equal "exit status" $? 0
sed 's/^/# /' "$tmp/out" "$tmp/err"
out=$(cat "$tmp/out")
matches "oomkill's line" "$out" \
	'[0-9:]{8} Triggered by PID [0-9]+ \(".+"\), OOM kill of PID [0-9]+ \("leakyserver"\), 16384 pages, loadavg: '
matches "oomprof's line" "$out" 'OOM kill of PID [0-9]+ \("leakyserver"\), go1\.[0-9.]+, [0-9.]+M in [0-9]+ objects'
matches "the table has the cache" "$out" 'M +[0-9]+ +[0-9.]+ main\.\(\*pageCache\)\.put \(main\.go:[0-9]+\)'
matches "so has go tool pprof" "$out" 'MB +[0-9.]+% .*main\.\(\*pageCache\)\.put'
file=$(sed -n 's/^The profile stays here: //p' "$tmp/out")
check "the profile is there" [ -s "$file" ]
equal "no memory cgroup is left" "$(cgroups)" "$before"

# Ctrl-C while the server fills its memory
set -m
"$srcdir/demo/run" "$builddir" >"$tmp/out" 2>&1 &
pid=$!
set +m
wait_for 300 grep -q 'of 64 MiB$' "$tmp/out"
ok "it runs again" $?
kill -INT -- "-$pid"
wait "$pid"
# 130, or 1 where the signal hit a command that the script was just waiting for.
matches "Ctrl-C ends it" "$?" '^(130|1)$'
equal "no process of it is left" "$(ps -o comm= -g "$pid" | grep -v defunct)" ""
equal "no memory cgroup is left then either" "$(cgroups)" "$before"
