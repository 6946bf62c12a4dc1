#!/usr/bin/env bash
# The demo shows what README promises, and leaves nothing behind but the profile.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
require_root
[ -e /sys/kernel/btf/vmlinux ] || skip_all "this kernel has no BTF"
memcg_parent >/dev/null || skip_all "no memory cgroup hierarchy"
command -v go >/dev/null || skip_all "no Go (apt install golang-go)"

# run: the demo, its pid in $tmp/pid
run() {
	# shellcheck disable=SC2016
	bash -c 'echo $$ >"$1" && exec "$2" "$3"' demo "$tmp/pid" "$srcdir/demo/run" "$builddir"
}
cgroup() { echo "$(memcg_parent)/oomtools-$(cat "$tmp/pid")-demo"; }
run >"$tmp/out" 2>"$tmp/err"
equal "exit status" $? 0
sed 's/^/# /' "$tmp/out" "$tmp/err"
out=$(cat "$tmp/out")
matches "oomkill's line" "$out" \
	'[0-9:]{8} Triggered by PID [0-9]+ \(".+"\), OOM kill of PID [0-9]+ \("leakyserver"\), 16384 pages, loadavg: '
matches "oomprof's line" "$out" 'OOM kill of PID [0-9]+ \("leakyserver"\), go1\.[0-9.]+, [0-9.]+M in [0-9]+ objects'
matches "the table has the cache" "$out" 'M +[0-9]+ +[0-9.]+ +([0-9.]+[BKMG]|-) main\.\(\*pageCache\)\.put \(main\.go:[0-9]+\)'
matches "so has go tool pprof" "$out" 'MB +[0-9.]+% .*main\.\(\*pageCache\)\.put'
file=$(sed -n 's/^The profile stays here: //p' "$tmp/out")
check "the profile is there" [ -s "$file" ]
check "no memory cgroup is left" test ! -e "$(cgroup)"

# Ctrl-C while the server fills its memory
set -m
run >"$tmp/out" 2>&1 &
pid=$!
set +m
wait_for 300 grep -q 'of 64 MiB$' "$tmp/out"
ok "it runs again" $?
kill -INT -- "-$pid"
wait "$pid"
# 130, or 1 where the signal hit a command that the script was just waiting for.
matches "Ctrl-C ends it" "$?" '^(130|1)$'
equal "no process of it is left" "$(ps -o comm= -g "$pid" | grep -v defunct)" ""
check "no memory cgroup is left then either" test ! -e "$(cgroup)"
