#!/usr/bin/env bash
# oomprof --check of all that is no Go program: a clear word on each, the right exit status, and no waiting.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
cd "$tmp" || exit

# said DESCRIPTION STATUS REGEX ARGUMENT...: what --check prints, and its exit status
said() {
	local name=$1 want=$2 regex=$3 said
	shift 3
	said=$(timeout 60 "$builddir/tools/oomprof" --check "$@" 2>&1)
	equal "$name: exit status" "$?" "$want"
	matches "$name" "$said" "$regex"
}
elf() { # CLASS DATA MACHINE: 200 bytes that begin as such an ELF file does; the numbers as octal bytes
	printf "\\177ELF\\$1\\$2\\1\\0\\0\\0\\0\\0\\0\\0\\0\\0$3" >elf
	head -c 180 /dev/zero >>elf
}

said "nothing to check" 2 '^oomprof: --check wants files or PIDs behind it'
said "with -p" 2 'no -p; see' -p 1 x
said "no such file" 1 '^oomprof: nosuch: No such file or directory$' nosuch
said "an empty name" 1 '^oomprof: : No such file or directory$' ""
said "a directory" 1 "^oomprof: $tmp: a directory; name a program's file, or a PID$" "$tmp"
mkfifo fifo
said "a FIFO without a writer" 1 '^oomprof: fifo: not a regular file; ' fifo
said "a device" 1 '^oomprof: /dev/zero: not a regular file; ' /dev/zero
: >empty
said "an empty file" 1 $'^empty\n  would NOT be written: not a program \\(no ELF file\\)$' empty
printf '#! /usr/bin/env python3\n' >script
said "a script" 1 'a script; the victim would be its interpreter, /usr/bin/env$' script
printf '#!' >script
said "a script of two bytes" 1 'would NOT be written: ' script
said "a program that is not Go" 1 'would NOT be written: not a Go program' /bin/sh
elf 1 1 '\2\0\3\0'
said "a 32-bit program" 1 'would NOT be written: built for 386; ' elf
elf 2 2 '\0\2\0\26'
said "a big-endian program" 1 'would NOT be written: built for s390x; ' elf
elf 2 1 '\2\0\76\0'
said "a corrupt program" 1 'would NOT be written: corrupt ELF file' elf
elf 2 1 '\1\0\76\0'
said "an object file" 1 'would NOT be written: not an executable' elf
name=$'esc\e[31m\nape'
cp empty "$name"
said "a hostile name is made harmless" 1 '^esc\\x1b\[31m\\x0aape' "$name"
if [ "$(id -u)" != 0 ]; then
	: >secret && chmod 0 secret
	said "a file that may not be read" 3 '^oomprof: secret: Permission denied' secret
	said "and one that would give none" 1 '' secret empty
fi
said "no such process" 1 '^oomprof: PID 2147483647 is not there' 2147483647
said "a number that is no PID" 1 '^oomprof: 99999999999999999999: no PID; .* ' 99999999999999999999
sleep 60 &
runs=$!
at_exit kill "$runs"
wait_for 10 grep -qx sleep "/proc/$runs/comm"
said "a process that is not Go" 1 "^PID $runs \\(\"sleep\"\\): /.*"$'\n'"  would NOT be written: not a Go program" "$runs"
cp empty 4242
said "a file whose name is a number" 1 $'^\\./4242\n' ./4242

said "each operand gets its block" 1 $'^empty\n  would .*\nscript\n  would .*\n/bin/sh\n  would ' empty script /bin/sh
said "options may follow" 1 '^\{.*"verdict":"not_go"' empty -j
"$builddir/tools/oomprof" -j --check empty nosuch "$runs" >out 2>err
equal "JSON: a line for each" "$(jq -r .argument out | paste -sd ' ')" "empty nosuch $runs"
equal "JSON: what could not be looked at" "$(jq -c 'select(.argument == "nosuch") | [.verdict, .would_be_written, .reason, .pid]' out)" \
	'["unknown",null,"No such file or directory",null]'
equal "JSON: a process" "$(jq -c 'select(.pid) | [.pid, .comm, .verdict, .is_go]' out)" "[$runs,\"sleep\",\"not_go\",false]"
matches "JSON: and a message" "$(cat err)" '^oomprof: nosuch: '
equal "nothing is left behind" "$(find . -name '*.pb.gz' -o -name '.*' -type f)" ""
