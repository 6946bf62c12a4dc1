#!/usr/bin/env bash
# The command line of the compile helper. Compiling needs kernel types (BTF), but no privilege.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
compile=$builddir/libexec/oomtools-compile
export TMPDIR=$tmp/tmp
mkdir "$TMPDIR"

run() { # ARGUMENT...: the helper's streams to $tmp/out and $tmp/err; its status
	"$compile" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
}

run --help
equal "--help is fine" "$?:$(head -c 6 "$tmp/out"):$(cat "$tmp/err")" "0:Usage::"
run --version
matches "--version is fine" "$?:$(cat "$tmp/out")" "^0:oomtools-compile [0-9]"
echo 'int raw_tp__sys_enter(void *ctx) { return 0; }' >"$tmp/good.c"
while read -r arguments; do
	# shellcheck disable=SC2086
	run $arguments
	equal "wrong usage: $arguments" "$?:$(wc -c <"$tmp/out")" "2:0"
	matches "and it is said" "$(cat "$tmp/err")" "oomtools-compile"
done <<-EOT

	$tmp/good.c
	-o
	-o x a b
	--nothing -o x
	--btf f --kernel-headers -o x
EOT

run -o "$tmp/image" "$tmp/absent.c"
matches "no text" "$?:$(cat "$tmp/err")" "^1:.*absent.c: No such file"
run -o "$tmp/image" -
matches "an empty text" "$?:$(cat "$tmp/err")" "^1:oomtools-compile: "
printf 'int a;\0int b;' >"$tmp/nul.c"
run -o "$tmp/image" "$tmp/nul.c"
equal "a text with a NUL" $? 1
run --btf "$tmp/good.c" -o "$tmp/image" "$tmp/good.c"
matches "no BTF file" "$?:$(cat "$tmp/err")" "^1:.*good.c: it is not BTF"
check "none of them left an image" test ! -e "$tmp/image"

[ -r /sys/kernel/btf/vmlinux ] || skip_all "the kernel has no BTF"
run -o "$tmp/image" "$tmp/good.c"
equal "a good text: status, nothing said" "$?:$(cat "$tmp/out" "$tmp/err")" "0:"
equal "the image, for its owner only" "$(head -c 8 "$tmp/image"):$(stat -c %a "$tmp/image")" "OOMIMAGE:600"
"$compile" -o - <"$tmp/good.c" >"$tmp/piped"
check "the same through a pipe" cmp "$tmp/image" "$tmp/piped"
echo kept >"$tmp/target"
ln -s "$tmp/target" "$tmp/link"
run -o "$tmp/link" "$tmp/good.c"
equal "a symlink is not followed" "$?:$(cat "$tmp/target")" "1:kept"
run -D 'X=return 1' -o "$tmp/image2" "$tmp/good.c"
equal "a definition with a blank" $? 2

echo 'int raw_tp__sys_enter(void *ctx) { return X; }' >"$tmp/flag.c"
run -D X=1 -o "$tmp/image2" "$tmp/flag.c"
equal "-D" $? 0
run -o "$tmp/image3" "$tmp/flag.c"
matches "a text that does not compile" "$?:$(cat "$tmp/err")" "^1:.*error: use of undeclared identifier 'X'"
check "and no image" test ! -e "$tmp/image3"
echo 'int probe(void *ctx) { return 0; }' >"$tmp/name.c"
run -o "$tmp/image3" "$tmp/name.c"
matches "a name that says nothing" "$?:$(cat "$tmp/err")" "^1:.*tp_btf__EVENT"
{
	echo 'int raw_tp__sys_enter(void *ctx) {'
	echo 'char big[600]; bpf_probe_read_kernel(big, sizeof(big), ctx); return big[3]; }'
} >"$tmp/stack.c"
run -o "$tmp/image3" "$tmp/stack.c"
matches "an error that ends libbcc" "$?:$(cat "$tmp/err")" "^1:.*stack limit"
printf '#include <linux/no_such_header.h>\nint raw_tp__sys_enter(void *ctx) { return 0; }\n' >"$tmp/include.c"
run --btf /sys/kernel/btf/vmlinux -o "$tmp/image3" "$tmp/include.c"
matches "a header that cannot be made from BTF" "$?:$(cat "$tmp/err")" "^1:.*linux/no_such_header.h"
echo 'TRACEPOINT_PROBE(oom, mark_victim) { return 0; }' >"$tmp/format.c"
run --btf /sys/kernel/btf/vmlinux -o "$tmp/image3" "$tmp/format.c"
matches "an event format that is not that kernel's" "$?:$(cat "$tmp/err")" "^1:.*trace_event_raw_EVENT"
(
	trap '' CHLD
	run -o "$tmp/image4" "$tmp/good.c"
)
equal "started by who ignores SIGCHLD" $? 0
for delay in 0.01 0.02 0.03 0.04 0.05 0.07 0.1 0.15; do
	timeout $delay "$compile" -o "$tmp/image5" "$tmp/good.c" 2>/dev/null
done
equal "no temporary file is left" "$(ls -A "$TMPDIR")" ""
# Killed, it cannot clean up: the next one does, once the children of the killed one have ended, too.
for delay in 0.03 0.06 0.1; do
	timeout -s KILL $delay "$compile" -o "$tmp/image5" "$tmp/good.c" 2>/dev/null
done
mkdir -m 700 "$TMPDIR/oomtools-compile.1.abcdef"
mkdir "$TMPDIR/oomtools-compile.1.abcdef/include" "$TMPDIR/oomtools-compile.x" "$TMPDIR/other"
mkdir -m 755 "$TMPDIR/oomtools-compile.2.abcdef"
ln -s "$TMPDIR/other" "$TMPDIR/oomtools-compile.1.abcdef/include/link"
echo kept >"$TMPDIR/other/file"
swept() {
	run -o "$tmp/image5" "$tmp/good.c"
	[ "$(cd "$TMPDIR" && echo *)" = "oomtools-compile.2.abcdef oomtools-compile.x other" ]
}
wait_for 60 swept
equal "what killed ones left is removed by the next; nothing else is" \
	"$(cd "$TMPDIR" && echo *):$(cat "$TMPDIR/other/file")" \
	"oomtools-compile.2.abcdef oomtools-compile.x other:kept"
rm -rf "${TMPDIR:?}"/*
"$compile" -o "$tmp/image6" - <"$tmp/good.c" &
run -o "$tmp/image7" "$tmp/good.c"
wait $!
equal "two at a time leave each other's alone" "$?:$(head -c 8 "$tmp/image6" "$tmp/image7" | grep -c OOMIMAGE)" 0:2

# without_btf COMMAND...: where the kernel has no BTF and no headers of it are installed
without_btf() {
	unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && { [ ! -d "$0" ] || mount -t tmpfs none "$0"; } &&
		exec "$@"' "$(readlink -f /lib/modules)" "$@"
}
if [ "$(id -u)" = 0 ] && without_btf true 2>/dev/null; then
	said=$(without_btf "$compile" -o "$tmp/image8" "$tmp/good.c" 2>&1)
	matches "no BTF: the kernel option, and what to boot" "$?:$said" \
		"^1:.*no BTF \(/sys/kernel/btf/vmlinux\).*without CONFIG_DEBUG_INFO_BTF=y.*apt install linux-image-"
	printf '#include <linux/sched.h>\nint raw_tp__sys_enter(void *ctx) { return 0; }\n' >"$tmp/own.c"
	said=$(without_btf "$compile" -o "$tmp/image8" "$tmp/own.c" 2>&1)
	matches "a text with includes of its own: the headers to install, too" "$?:$said" \
		"^1:.*CONFIG_DEBUG_INFO_BTF.*apt install linux-headers-$(uname -r),.* /lib/modules/$(uname -r)/build"
	check "and no image" test ! -e "$tmp/image8"
else
	skip "cannot hide the kernel's BTF: no root, or no mount namespace"
fi

chmod 711 "$tmp"
chmod 1777 "$TMPDIR"
if [ "$(id -u)" != 0 ] || ! setpriv --reuid=65534 --clear-groups test -x "$compile"; then
	skip "cannot run it as another user"
else
	setpriv --reuid=65534 --clear-groups "$compile" -o - <"$tmp/good.c" >"$tmp/piped"
	equal "it needs no privilege" "$?:$(head -c 8 "$tmp/piped")" "0:OOMIMAGE"
fi
