#!/usr/bin/env bash
# --probe, --edit and --ebpf without a kernel: which files are refused and why, what a saved text says, editors.
. "${srcdir:-.}/tests/init.sh"
oomkill=$builddir/tools/oomkill
umask 022
unset VISUAL SUDO_UID XDG_RUNTIME_DIR

# of COMMAND...: its output and errors, then its exit status
of() {
	"$@" 2>&1 </dev/null
	echo "status $?"
}

# ---- a saved text ----

version=$("$oomkill" --version | sed 's/.* //')
for tool in oomkill oomprof goalloctop; do
	"$builddir/tools/$tool" --ebpf >"$tmp/$tool.c"
	matches "$tool --ebpf begins with what it is for" "$(head -n 1 "$tmp/$tool.c")" \
		"^/\* $tool $version: the text of its BPF probe\. .* \*/$"
	equal "$tool takes it as it is, and without a word" \
		"$("$builddir/tools/$tool" --probe "$tmp/$tool.c" --ebpf 2>&1 | cmp - "$tmp/$tool.c" 2>&1)" ""
done
equal "also from standard input" "$("$oomkill" --probe - --ebpf <"$tmp/oomkill.c" | cmp - "$tmp/oomkill.c" 2>&1)" ""
matches "a text for another tool gets a warning" "$(of "$oomkill" --probe "$tmp/oomprof.c" --ebpf | grep -v '^ ' | sed -n '1p;$p')" \
	$'says that it is for oomprof, not for oomkill.*\nstatus 0$'
sed '1s/[0-9.]*:/0.0.9:/' "$tmp/oomkill.c" >"$tmp/older.c"
matches "one for another version, too" "$(of "$oomkill" --probe "$tmp/older.c" --ebpf | sed -n '1p;$p')" \
	"is for oomkill 0\.0\.9, this is $version"$'.*\nstatus 0$'
sed 1d "$tmp/oomkill.c" >"$tmp/bare.c"
equal "one that says nothing gets none" "$("$oomkill" --probe "$tmp/bare.c" --ebpf 2>&1 | cmp - "$tmp/oomkill.c" 2>&1)" ""

# ---- what others may write to ----

refused() { # DESCRIPTION FILE REGEX
	matches "$1" "$(of "$oomkill" --probe "$2" --ebpf)" "^oomkill: .*$3.*"$'\nstatus 1$'
}
taken() { # DESCRIPTION OPTION...
	local description=$1
	shift
	equal "$description" "$("$oomkill" "$@" --ebpf 2>&1 | cmp - "$tmp/oomkill.c" 2>&1)" ""
}
chmod g+w "$tmp/oomkill.c"
refused "a file that its group may write" "$tmp/oomkill.c" 'others may write to the file .*--force'
taken "--force takes it" --probe "$tmp/oomkill.c" --force
chmod 646 "$tmp/oomkill.c"
refused "a file that all may write" "$tmp/oomkill.c" 'its mode is 0646'
chmod 644 "$tmp/oomkill.c"
mkdir "$tmp/open" && cp "$tmp/oomkill.c" "$tmp/open/x.c" && mkdir "$tmp/open/below" && cp "$tmp/oomkill.c" "$tmp/open/below/x.c"
chmod 777 "$tmp/open"
refused "a folder that all may write" "$tmp/open/x.c" "others may write to the folder $tmp/open \(its mode is 0777\)"
refused "such a folder further above" "$tmp/open/below/x.c" "others may write to the folder $tmp/open "
ln -s open/below/x.c "$tmp/link.c"
refused "a symbolic link that leads there" "$tmp/link.c" "others may write to the folder $tmp/open "
ln -s "$tmp/oomkill.c" "$tmp/open/link.c"
refused "a symbolic link from there" "$tmp/open/link.c" "others may write to the folder $tmp/open "
taken "--force takes that, too" --force --probe "$tmp/link.c"
chmod 1777 "$tmp/open"
taken "in a sticky folder a file is its owner's" --probe "$tmp/open/x.c"
if [ "$(id -u)" = 0 ]; then
	chown 65534 "$tmp/open/x.c"
	refused "a file of another user" "$tmp/open/x.c" 'belongs to another user \(UID 65534\)'
	SUDO_UID=65534 taken "but for the one who called sudo" --probe "$tmp/open/x.c"
else
	skip "needs root, to have a file of another user"
fi

# ---- what is no text ----

mkfifo "$tmp/pipe"
refused "a pipe does not block" "$tmp/pipe" "is a pipe, not a file with a BPF text; standard input is read by '-'"
refused "a folder" "$tmp" 'is a folder'
refused "a device" /dev/null 'is a device'
refused "nothing" "$tmp/none" 'cannot read .*: No such file'
: >"$tmp/empty"
refused "an empty file" "$tmp/empty" 'it is empty'
head -n 1 "$tmp/oomkill.c" >"$tmp/heading"
refused "nothing but the heading" "$tmp/heading" 'it is empty'
printf 'int x;\0' >"$tmp/nul"
refused "NUL bytes" "$tmp/nul" 'NUL'
truncate -s 1048577 "$tmp/large"
refused "more than 1 MiB" "$tmp/large" 'larger than 1 MiB'

# ---- editors ----

editor() { # what it does, a line of shell
	printf '#!/bin/sh\n%s\n' "echo \"\$1\" >'$tmp/where'; $1" >"$tmp/editor"
	chmod +x "$tmp/editor"
}
edited() {
	EDITOR=$tmp/editor of "$oomkill" --edit --ebpf
}
gone() { # DESCRIPTION
	[ ! -e "$(cat "$tmp/where")" ] && [ ! -e "$(dirname "$(cat "$tmp/where")")" ]
	ok "$1: the private folder is gone" $?
}
editor "cp \"\$1\" '$tmp/shown'"
equal "--edit shows the text without what it is for" "$(edited >/dev/null; cmp "$tmp/shown" "$tmp/bare.c" 2>&1)" ""
gone "not changed"
editor 'stat -c %A "$1" "$(dirname "$1")" >"$1.new" && mv "$1.new" "$1"; touch "$1~" "$(dirname "$1")/.x.swp"'
equal "the file is 0600 in a folder of 0700" "$(edited | sed 1d)" $'-rw-------\ndrwx------\nstatus 0'
gone "replaced, with more beside it"
mkdir -m 700 "$tmp/run"
XDG_RUNTIME_DIR=$tmp/run edited >/dev/null
matches "it is below XDG_RUNTIME_DIR if that is ours" "$(cat "$tmp/where")" "^$tmp/run/oomtools-edit\."
chmod 755 "$tmp/run"
XDG_RUNTIME_DIR=$tmp/run TMPDIR=$tmp edited >/dev/null
matches "not if others may look into it" "$(cat "$tmp/where")" "^$tmp/oomtools-edit\."
chmod 777 "$tmp/open"
TMPDIR=$tmp/open edited >/dev/null
matches "nor below a TMPDIR that others may change" "$(cat "$tmp/where")" "^/tmp/oomtools-edit\."
editor 'exit 3'
matches "an editor that fails" "$(edited)" $'ended with status 3.*\nstatus 1$'
gone "failed"
editor "cat >'$tmp/eaten'"
EDITOR=$tmp/editor "$oomkill" --edit --ebpf <<<"commands of a script" >/dev/null 2>&1
equal "without a terminal it gets nothing of standard input" "$(cat "$tmp/eaten")" ""
editor 'sleep 1000'
mv "$tmp/editor" "$tmp/vi"
matches "an editor that needs one is not run" "$(EDITOR=$tmp/vi of "$oomkill" --edit --ebpf </dev/null 2>&1 | cat)" \
	"'$tmp/vi' needs a terminal"
editor 'kill -KILL $$'
matches "an editor that is killed" "$(edited)" $'ended by signal 9.*\nstatus 1$'
gone "killed"
editor 'rm "$1"'
matches "an editor that leaves nothing" "$(edited)" $'left no file.*\nstatus 1$'
gone "removed"
EDITOR=$tmp/none
export EDITOR
matches "an editor that is not there" "$(of "$oomkill" --edit --ebpf)" $'does not start: No such file.*EDITOR.*\nstatus 1$'
EDITOR="true >$tmp/touched \`touch $tmp/touched\` ; touch $tmp/touched"
of "$oomkill" --edit --ebpf >/dev/null
[ ! -e "$tmp/touched" ]
ok "no shell is run on it" $?

# Told to end while an editor runs.
for signal in TERM HUP; do
	editor 'exec sleep 100'
	rm -f "$tmp/where"
	EDITOR=$tmp/editor "$oomkill" --edit --ebpf >/dev/null 2>&1 &
	pid=$!
	wait_for 20 test -s "$tmp/where"
	kill -$signal $pid
	wait $pid 2>/dev/null
	equal "SIG$signal ends it" $? $((128 + $(kill -l $signal)))
	gone "SIG$signal"
done
