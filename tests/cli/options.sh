#!/usr/bin/env bash
# Every option of every tool is where a user looks for it: help, completion, NEWS; and what is misspelt is
# refused. The man pages are compared with --help by tests/man/man.sh.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/tools.sh"

completions() { # TOOL WORD [BEFORE]: what bash would offer
	bash -c '
		. "$1/completions/oomtools"
		compopt() { :; } # only inside a true completion
		read -ra COMP_WORDS <<<"${COMP_WORDS_OF-}"
		_oomtools "$2" "$3" "$4"
		printf "%s\n" "${COMPREPLY[@]}"' completions "$srcdir" "$builddir/tools/$1" "$2" "${3-}"
}
for tool in $tools; do
	program=$builddir/tools/$tool
	help=$("$program" --help)
	equal "$tool --help: exit status" $? 0
	equal "$tool -h says the same" "$("$program" -h)" "$help"
	matches "$tool --help: first line" "$help" "^Usage: $tool "
	equal "$tool --help: at most 80 columns" "$(grep -E '^.{81}' <<<"$help")" ""
	matches "$tool --help: closes with examples" "$help" $'\nExamples:\n'
	equal "$tool: the example file closes with --help" \
		"$(sed -n "/^\$ $tool --help\$/,\$p" "$srcdir/tools/${tool}_example.txt" | tail -n +2)" "$help"
	matches "$tool --version" "$("$program" --version)" "^$tool [0-9]+\.[0-9]+\.[0-9]+$"

	options=$(tool_options "$tool")
	matches "$tool has options" "$options" "-h, --help"
	equal "$tool: each line of --help below Options is understood" "$(wc -l <<<"$options")" \
		"$(awk '/^Options:/ { on = 1; next } /^$/ { on = 0 } on' <<<"$help" | grep -cE '^ {2,6}-')"
	names=$(grep -oE '(^| )--?[a-zA-Z-]+' <<<"$options" | tr -d ' ' | sort)
	equal "$tool: completion offers all options" "$(completions "$tool" "" | sort)" "$names"
	missing=$(grep -e -- <<<"$names" | while read -r name; do
		grep -qE -- "(^|[^-a-z])$name([^-a-z]|$)" "$srcdir/NEWS" || echo "$name"
	done)
	equal "$tool: NEWS tells of all options" "$missing" ""

	"$program" --no-such-option >"$tmp/out" 2>"$tmp/err"
	equal "$tool --no-such-option: exit status" $? 2
	equal "$tool --no-such-option: nothing on standard output" "$(cat "$tmp/out")" ""
	matches "$tool --no-such-option: names it" "$(cat "$tmp/err")" "no-such-option"
	"$program" an-operand >"$tmp/out" 2>&1
	equal "$tool an-operand: exit status" $? 2
	for bad in "-d 0" "-d x" "-d -1" "-d"; do
		"$program" $bad >"$tmp/out" 2>&1
		equal "$tool $bad: exit status" $? 2
	done
done
equal "completion offers process IDs after --pid" \
	"$(completions oomprof "$$" --pid | grep -cx "$$")" 1
touch "$tmp/a probe.c"
export COMP_WORDS_OF="oomprof --check"
matches "completion offers files after --check" "$(completions oomprof "$tmp/a" --check)" "a probe"
equal "and process IDs" "$(completions oomprof "$$" --check | grep -cx "$$")" 1
equal "and options all the same" "$(completions oomprof --js --check)" "--json"
export -n COMP_WORDS_OF
matches "completion offers files after --probe" "$(completions oomkill "$tmp/a" --probe)" "a probe"
equal "completion: a beginning" "$(completions oomkill --kern)" "--kernel-headers"

refused() { # MESSAGE ARG...: a command line that oomprof does not take
	local want=$1
	shift
	"$builddir/tools/oomprof" "$@" >"$tmp/out" 2>"$tmp/err"
	equal "oomprof $*: exit status" "$?:$(wc -l <"$tmp/err")" 2:1
	matches "oomprof $*: message" "$(cat "$tmp/err")" "$want"
}
refused "^oomprof: --enable-profiling: '0' is not within 1 to 117440512" --enable-profiling=0
refused "^oomprof: --enable-profiling: '113M' is not within" --enable-profiling=113M
refused "^oomprof: --enable-profiling: '' is not a size such as 4096 or 512K" --enable-profiling=
refused "^oomprof: --enable-profiling: 'often' is not a size" --enable-profiling=often
refused "^oomprof: '512K': no operand is expected" --enable-profiling 512K
refused "^oomprof: --enable-profiling does not go with -p" --enable-profiling -p 1
refused "^oomprof: --enable-profiling does not go with --check" --enable-profiling --check 1
refused "^oomprof: -i, -c and -X are for a tool that watches: they do not go with -p" -c help -p 1
refused "^oomprof: -i, -c and -X are for a tool that watches: they do not go with --check" -i --check 1
refused "^oomprof: --ebpf prints the text and is done: it does not go with -i" --ebpf -i
refused "^oomprof: --force goes with --probe FILE" --force
