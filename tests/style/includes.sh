#!/usr/bin/env bash
# Includes point one way only: docs/ARCHITECTURE.md, "Which way the arrows go".
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/style/files.sh"

# What a folder may include besides itself, base and bpf-src/*.h, which everyone may.
declare -A may=(
	[base]="" [proc]="" [output]="" [bpf]=""
	[symbol]="proc"
	[pprof]="symbol"
	[go]="symbol proc pprof"
	[oom]="proc output bpf"
	[stack]="oom go symbol proc"
	[rank]="oom proc output bpf"
	[rate]="rank oom proc output bpf"
	[app]="output bpf proc"
	[victim]="go oom proc output"
	[flame]="output"
	[alloc]="victim go oom proc pprof flame bpf output"
	[watch]="victim go oom proc app bpf output"
	[console]="app output"
	[session]="console app bpf output proc"
	[screen]="app"
	[browse]="screen alloc app victim go oom proc pprof bpf output"
)

# upward FILE: the #include lines of FILE (below lib/) that point the wrong way
upward() {
	local folder=$2 allowed target line
	allowed=" $folder base ${may[$folder]-} "
	grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"' "$1" | while read -r line; do
		target=${line#*\"}
		case $target in
		bpf-src/*.h\"*) continue ;;
		*/*) target=${target%%/*} ;;
		*) target="$target (name it with its folder)" ;;
		esac
		[[ $allowed == *" $target "* ]] || echo "$1: $line"
	done
}

printf '#include "base/strbuf.h"\n#include "app/loop.h"\n#include "tools/x.h"\n' >"$tmp/x.c"
equal "an upward include is noticed" "$(upward "$tmp/x.c" proc | wc -l)" 2
equal "a downward one is let pass" "$(printf '#include "proc/x.h"\n' >"$tmp/y.c" && upward "$tmp/y.c" oom)" ""

cd "$srcdir" || exit
unknown=$(tree_files 'lib/*.c' 'lib/*.h' | cut -d/ -f2 | sort -u | while read -r folder; do
	[ -n "${may[$folder]+x}" ] || echo "$folder"
done)
equal "each folder of lib has its place among the arrows" "$unknown" ""
found=$(tree_files 'lib/*.c' 'lib/*.h' | while read -r file; do
	folder=${file#lib/}
	upward "$file" "${folder%%/*}"
done)
equal "no include in lib points upward" "$found" ""

# Only the helper links libbcc (and the test of what libbcc makes of our headers), so only it may
# include its headers; and LLVM's nobody.
found=$(tree_files '*.c' '*.h' | xargs grep -nE '#[[:space:]]*include[[:space:]]*[<"](bcc|llvm|clang)(-c)?/' |
	grep -vE '^(libexec/|tests/live/layout\.c:)')
equal "libbcc is included by the compile helper only" "$found" ""
