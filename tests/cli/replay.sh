#!/usr/bin/env bash
# --replay, of all tools alike: all that can be read is shown, what cannot is told of by its line.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
corpus=$srcdir/tests/fuzz/corpus
declare -A good=( # lines that each tool has printed, more or less
	[oomkill]=kill_json/full [oomprof]=victim_recorded/written [goalloctop]=alloc_replay/programs [memrate]=rate_replay/process
)

for tool in oomkill oomprof goalloctop memrate; do
	replay() { # [ARG...]
		timeout 60 "$builddir/tools/$tool" "$@" >"$tmp/out" 2>"$tmp/err"
		echo $?
	}
	said() { sed "s|^$tool: ||; s|$tmp/||" "$tmp/err"; }
	head -n 1 "$corpus/${good[$tool]}" >"$tmp/good"
	equal "$tool: a recording: exit status, messages" "$(replay --replay "$tmp/good"):$(said)" 0:
	cp "$tmp/out" "$tmp/shown"
	[ -s "$tmp/shown" ]
	ok "$tool: it is shown" $?
	equal "$tool: standard input" "$(replay --replay - <"$tmp/good"):$(cmp "$tmp/out" "$tmp/shown")" 0:

	# Somebody wrote into it, and the machine died while the last line was written.
	{ printf 'Nov 22 host kernel: Out of memory\n\n' && cat "$tmp/good" && head -c 100 "$tmp/good"; } >"$tmp/half"
	equal "$tool: half a recording: exit status, what can be read" "$(replay --replay "$tmp/half"):$(cmp "$tmp/out" "$tmp/shown")" 1:
	equal "$tool: lines that are told of, and how many" "$(said | sed 's/\(line [0-9]*\): .*/\1/' | paste -sd';')" \
		"half, line 1;half, line 4;--replay: 2 of 3 lines of half could not be shown"
	equal "$tool: as JSON" "$(replay -j --replay "$tmp/half"):$(wc -l <"$tmp/out")" 1:1

	yes nonsense | head -n 1000 >"$tmp/none"
	equal "$tool: none of its lines: exit status, lines of messages" "$(replay --replay "$tmp/none"):$(wc -l <"$tmp/err")" 1:21
	matches "$tool: how many, and a guess" "$(said | tail -n 1)" "^--replay: 1000 of 1000 lines of none could not be shown: was it made by $tool"
	printf '{"pid":"\033[2J"}\n' >"$tmp/hostile"
	equal "$tool: no control character reaches the terminal" "$(replay -j --replay "$tmp/hostile"):$(wc -c <"$tmp/out")" 1:0
	equal "$tool: nothing" "$(replay --replay /dev/null):$(said)" "0:warning: /dev/null: there is nothing in it"
	equal "$tool: no file" "$(replay --replay "$tmp/x"):$(said)" "1:--replay: cannot read x: No such file or directory"
	equal "$tool: a directory" "$(replay --replay "$tmp/"):$(said)" "1:--replay: cannot read : Is a directory"
	for _ in {1..2000}; do cat "$tmp/good"; done | timeout 60 "$builddir/tools/$tool" -j --replay - 2>"$tmp/err" | head -n 1 >/dev/null
	equal "$tool: it ends when its reader has gone" "${PIPESTATUS[1]}:$(said)" 0:
	equal "$tool: not in a console" "$(replay --replay "$tmp/good" -c show):$(wc -l <"$tmp/err")" 2:1
done
