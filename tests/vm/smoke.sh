#!/usr/bin/env bash
# The guest runner keeps its promises (tests/vm/run), on the first kernel.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/vm/common.sh"
obstacle=$(vm_obstacle)
[ -z "$obstacle" ] || skip_all "$obstacle"
kernel=${vm_kernels%% *}
"$srcdir/tests/vm/kernel" "$kernel" >&2 || skip_all "cannot fetch kernel $kernel"

mkdir "$tmp/work" "$tmp/shared"
guest() { # OPTION... -- COMMAND...: its output to $tmp/out and $tmp/err; its status
	TMPDIR=$tmp/work "$srcdir/tests/vm/run" --kernel "$kernel" --mem 512M "$@" >"$tmp/out" 2>"$tmp/err"
}

# shellcheck disable=SC2016
GREETING="it's  me" guest --share "$tmp/shared" -- bash -c '
	echo "$1|$GREETING|$PWD"
	uname -r
	echo to stderr >&2
	echo kept >"$2/file"
	echo lost >/oomtools-vm-lost
	sleep 1000 &
	exit 7' bash 'two  words "quoted"' "$tmp/shared"
equal "the exit status comes back" $? 7
equal "arguments, environment and directory arrive" "$(head -n 1 "$tmp/out")" "two  words \"quoted\"|it's  me|$PWD"
equal "it is the kernel that was asked for" "$(sed -n 2p "$tmp/out")" "$(cat "$vm_cache/$kernel/release")"
equal "stderr is kept apart" "$(cat "$tmp/err")" "to stderr"
equal "what is written to a shared directory stays" "$(cat "$tmp/shared/file")" kept
check "the rest does not" test ! -e /oomtools-vm-lost

head -c 3000000 /dev/urandom >"$tmp/shared/big"
guest -- cat "$tmp/shared/big"
check "any bytes come back as they were" cmp "$tmp/out" "$tmp/shared/big"

guest --timeout 12 -- sleep 1000
equal "a command that takes too long is ended" $? 124
matches "and where its CPU was then is said" "$(cat "$tmp/err")" "NMI.*Call Trace"
guest -- bash -c 'echo before; sysctl -qw vm.panic_on_oom=1; exec "$0" 1000' "$builddir/tests/workloads/hog"
equal "a guest that dies is told from a command that fails" $? 126
matches "what it had printed is there" "$(cat "$tmp/out")" "^before"
matches "and the end of the kernel's messages" "$(cat "$tmp/err")" "Out of memory: .*panic_on_oom"
guest --kernel "$tmp" -- true
equal "no such kernel" $? 125
guest -- sleep 60 &
# shellcheck disable=SC2016
wait_for 20 eval 'test -S "$tmp"/work/*/fs.sock'
kill -TERM "$(pgrep -P $!)"
wait $!
equal "a runner that is told to stop says so" $? 143
equal "no process of a guest is left" "$(pgrep -af "$tmp/work")" ""
equal "nor a file" "$(ls "$tmp/work")" ""
