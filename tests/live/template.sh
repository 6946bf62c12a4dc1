#!/usr/bin/env bash
# The template of a tool (docs/template) does what it says: whoever starts from it starts from something that
# works.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
require_root

hello=$builddir/docs/template/hello
export OOMTOOLS_COMPILE=$builddir/libexec/oomtools-compile
# A name of our own: other runs of this test start programs, too. At most 15 characters are kept of it.
me=probe-$$
cp "$(type -P true)" "$tmp/$me"

# start OPTION...: the tool in the background, up to its start line
start() {
	# Not in the background of this shell: that would make it ignore SIGINT.
	set -m
	"$hello" "$@" >"$tmp/out" 2>"$tmp/err" &
	set +m
	pid=$!
	at_exit kill "$pid"
	if ! wait_for 30 grep -qs ^Tracing "$tmp/out" "$tmp/err"; then
		cat "$tmp/err" >&2
		grep -q 'CAP_BPF\|not permitted' "$tmp/err" && skip_all "no BPF here: $(head -n 1 "$tmp/err")"
		return 1
	fi
}
stop() {
	kill -INT "$pid"
	wait "$pid"
}

check "it starts" start
"$tmp/$me"
wait_for 10 grep -qs "$me" "$tmp/out"
stop
equal "SIGINT ends it with status 0" $? 0
matches "a program start is a line" "$(grep "$me" "$tmp/out")" \
	"^[0-9]{2}:[0-9]{2}:[0-9]{2} PID [0-9]+ \(\"$me\"\) started by PID $$\$"

check "it starts with -j" start -j
"$tmp/$me"
wait_for 10 grep -qs "$me" "$tmp/out"
stop
matches "and an object with -j" "$(grep "$me" "$tmp/out")" \
	"^\{\"time\":\"[^\"]+Z\",\"pid\":[0-9]+,\"comm\":\"$me\",\"parent_pid\":$$\}\$"

check "it starts with -P" start -P 1
"$tmp/$me"
sleep 0.2
stop
equal "-P leaves out what others start" "$(grep -c "$me" "$tmp/out")" 0

"$hello" --ebpf | sed 's/RD(task->real_parent)/RD(task->no_such_member)/' >"$tmp/bad.c"
"$hello" --probe "$tmp/bad.c" >"$tmp/out" 2>&1
equal "a text that does not compile: exit status" $? 1
matches "and file and line" "$(cat "$tmp/out")" "bad.c:$(grep -n no_such_member "$tmp/bad.c" | cut -d: -f1):"
