#!/bin/bash
# lib/go against Go's own tools: names of addresses against "go tool addr2line", the runtime's variables
# against "go tool nm"; and what it says of programs that it cannot profile.
source "${srcdir:?}/tests/init.sh"
. "$srcdir/tests/live/pprof.sh"

gosym=$builddir/tests/live/gosym
toolchains=$("$workloads/go-toolchains" 2>"$tmp/log") || skip_all "no Go toolchains: $(tail -n 1 "$tmp/log")"

# From 1.25 on Go's tools would have to be compiled first; those of 1.24 read all versions.
tools=
while read -r _ root; do
	[ ! -x "$root/pkg/tool/linux_amd64/addr2line" ] || tools=$root/pkg/tool/linux_amd64
done <<<"$toolchains"
[ "$tools" ] || skip_all "no Go toolchain with built tools (1.24 or older)"

# addresses PROGRAM: some in each of every 3rd function of its symbol table
addresses() {
	"$tools/nm" -size -sort address "$1" | awk '$3 == "T" && $4 ~ /\./ && $4 !~ /^runtime\.e?text$/ && NR % 3 == 0 && $2 > 0 {
		print $1, $2
	}' | while read -r start size; do
		printf '%x\n%x\n%x\n' $((0x$start)) $((0x$start + size / 3)) $((0x$start + size - 2))
	done
}

check_version() { # VERSION KIND
	local program name="Go $1 $2" n want
	program=$("$workloads/go-victim" "$1" "$2" leaky 2>"$tmp/log") || {
		sed 's/^/# /' "$tmp/log"
		ok "$name: the victim builds" 1
		return
	}
	addresses "$program" >"$tmp/addresses"
	n=$(wc -l <"$tmp/addresses")
	"$tools/addr2line" "$program" <"$tmp/addresses" >"$tmp/theirs"
	"$gosym" "$program" - <"$tmp/addresses" >"$tmp/ours"
	diff "$tmp/theirs" "$tmp/ours" | sed 's/^/# /; 10q' >"$tmp/diff"
	cat "$tmp/diff"
	[ ! -s "$tmp/diff" ] && [ "$n" -gt 1000 ]
	ok "$name: $n addresses have the same names" $?

	want=$("$tools/nm" "$program" | awk '
		$3 == "runtime.mbuckets" { mbuckets = $1 }
		$3 == "runtime.MemProfileRate" { rate = $1 }
		$3 == "runtime.mProfCycle" { cycle = $1 }
		END { print "mbuckets", mbuckets, "rate", rate, "cycle", cycle }')
	matches "$name: its variables" "$("$gosym" "$program")" \
		"^go$1\.[0-9]+ record_size $([ "${1#1.}" -ge 27 ] && echo 16 || echo 32) profiling_linked 1 .* $want\$"
}

while read -r version _; do
	newest=$version
	check_version "$version" exec
	case $version in 1.19 | 1.24 | 1.27) check_version "$version" pie ;; esac
done <<<"$toolchains"

# The newest version, in forms that cannot be profiled.
program=$("$workloads/go-victim" "$newest" exec noprof 2>"$tmp/log")
matches "a program that never asks for a profile" "$("$gosym" "$program")" " profiling_linked 0 "
matches "a program that is not Go" "$("$gosym" /bin/sh)" "^ENOENT: not a Go program"
matches "a script" "$("$gosym" "$srcdir/tests/init.sh")" "^ENOEXEC: not an ELF file"
head -c 500000 "$program" >"$tmp/short"
matches "a truncated program" "$("$gosym" "$tmp/short")" "^EBADMSG: corrupt ELF file: a segment reaches past its end"
