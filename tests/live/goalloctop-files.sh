#!/usr/bin/env bash
# The pprof file, the flame graph and the folded stacks that goalloctop leaves: one says what the other says.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
. "$srcdir/tests/live/ledger.sh"
require_root
OOMTOOLS_GO_VERSIONS="1.19 1.27" find_toolchains
older=$("$workloads/go-victim" 1.19 exec ledger) && ledger older "$older" -rate 1 &&
	newer=$("$workloads/go-victim" 1.27 pie-stripped ledger) && ledger newer "$newer" -rate 1
ok "the programs run" $?
pid=${ledger_pid[newer]}
cd "$tmp" || exit

top() { # NAME ARG...: goalloctop in the background, with NAME.svg and NAME.pb.gz at its end; its pid is in $top
	local name=$1
	shift
	"$tools/goalloctop" --svg "$name.svg" --pprof "$name.pb.gz" "$@" >"$name.out" 2>"$name.err" &
	top=$!
	at_exit stop_quietly "$top"
}
sum_of() { # FILE: of folded stacks
	awk '{ n += $NF } END { print n + 0 }' "$1"
}
folded_of() { # FILE FUNCTION: the bytes of the folded stacks that end there
	grep -E ";$2 [0-9]+\$" "$1" >"$tmp/grep"
	sum_of "$tmp/grep"
}
inuse_of() { # FILE: the bytes in use of samples
	awk '$1 == "sample" { n += $5 } END { print n + 0 }' "$1"
}
drawn() { # FILE: how wide the frames are that stand on the root, in percent of it
	awk -F'"' '/<rect x=/ { y[++n] = $4; width[n] = $6 + 0 }
	END { for (i = 2; i <= n; i++) if (y[i] == y[1] - 18) sum += width[i]; printf "%.2f\n", sum }' "$1"
}

# What is in use, of a program that rests.
ask newer "alloc small 10007 5003" "alloc deep 211 211" "alloc large 101 53" "alloc generic 503 499" "gc" \
	"profile $tmp/own.pb.gz"
top now -p "$pid" -j --by stack -r 100000 0.2 2
wait "$top"
equal "in use: exit status and messages" "$?$(cat now.err)" 0
"$tools/goalloctop" -p "$pid" --folded --pprof folded.pb.gz 0.2 2 >now.folded
equal "--folded: exit status" "$?" 0
jq -s 'map(.time) | max' now.out >last
rows=$(jq -s --slurpfile last last 'map(select(.time == $last[0]) | .inuse_bytes) | add' now.out)
samples now.pb.gz >now.samples
samples folded.pb.gz >folded.samples
equal "the table and the pprof file" "$(inuse_of now.samples)" "$rows"
equal "the folded stacks and the pprof file" "$(sum_of now.folded)" "$(inuse_of folded.samples)"
matches "the table and the flame graph" "$(cat now.svg)" "<title>all"$'\n'"[0-9.]+[KMG] \($rows bytes\), 100.00%</title>"
equal "what is known to be there, in the pprof file" \
	"$(held now.samples main.allocSmall 48) $(held now.samples main.allocLarge 40960)" "5003 240144 53 2170880"
equal "and in the folded stacks" "$(folded_of now.folded main.allocSmall) $(folded_of now.folded main.allocLarge)" \
	"240144 2170880"
matches "and in the flame graph" "$(cat now.svg)" "<title>main.allocLarge"$'\n'"2.1M \(2170880 bytes\), [0-9.]+%</title>"
check "the folded stacks are sorted" env LC_ALL=C sort -c now.folded
equal "no two are the same" "$(sed 's/ [0-9]*$//' now.folded | sort | uniq -d)" ""
matches "the root comes first, generic types are short" "$(cat now.folded)" \
	$'(^|\n)runtime\\.main;main\\.main;[^ ]*;main\\.allocGeneric\\[\\.\\.\\.\\] [0-9]+'
check "the flame graph is well-formed" xmllint --noout now.svg
equal "its frames fill it" "$(drawn now.svg)" 100.00
samples own.pb.gz >own.samples
equal "the program's own profile says the same" "$(grep 'main\.alloc' own.samples | sort)" \
	"$(grep 'main\.alloc' now.samples | sort)"
matches "the pprof file says what it is" "$(HOME=$tmp "$pprof" -comments now.pb.gz 2>&1)" \
	"PID $pid .*, living: all that is in use.*Go: go1\.27.*MemProfileRate 1"
HOME=$tmp "$pprof" -top -sample_index=inuse_space now.pb.gz >top 2>&1
matches "go tool pprof reads it" "$(cat top)" "2120kB .* main\.allocLarge"

# What was allocated meanwhile only. Stopped by a signal, it has what came since the last interval, too.
top diff -p "$pid" --diff -C 0.2
wait_for 60 grep -qs GROWTH diff.out
ask newer "alloc small 1009 503" "alloc large 17 17"
stop "$top"
equal "--diff: exit status and messages" "$status$(cat diff.err)" 0
samples diff.pb.gz >diff.samples
equal "objects and bytes allocated, and grown" "$(awk '$1 == "sample" && $7 ~ /^main\.alloc(Small|Large)\|/ {
	print $2, $3, $4, $5 }' diff.samples | sort)" $'1009 48432 1009 48432\n17 696320 17 696320'
equal "nothing else of the program's" "$(grep -c '|.*main\.allocDeep' diff.samples)" 0
matches "the flame graph of it" "$(cat diff.svg)" "<title>main.allocLarge"$'\n'"680.0K \(696320 bytes\)"
matches "says so" "$(cat diff.svg)" ': allocated while watched</text>'

# Chosen stacks.
"$tools/goalloctop" -p "$pid" --folded --focus 'alloc(Large|Deep)$' --ignore 'nothing|allocDeep' 0.2 1 >chosen
equal "--focus and --ignore" "$(folded_of chosen main.allocLarge) $(sum_of chosen)" "2867200 2867200"
"$tools/goalloctop" -p "$pid" --focus 'ledger\.go:[0-9]+$' --ignore allocSmall -j 0.2 1 >chosen
equal "in tables, too" "$(jq -s 'map(.function) | index("main.allocSmall"), (index("main.allocLarge") != null)' chosen)" \
	$'null\ntrue'
said=$("$tools/goalloctop" -p "$pid" --folded --focus nobody 0.2 1 2>&1)
equal "none: exit status" "$?" 0
matches "none: it says so" "$said" '^goalloctop: warning: no allocation was recorded'

# Several programs, one of which ends while it is watched.
ask older "alloc large 29 29" gc
top both -p "$pid,${ledger_pid[older]}" --by package -C 0.2
wait_for 60 grep -qs "PID ${ledger_pid[older]} " both.out
wait_for 60 grep -qs PACKAGE both.out
tell older exit
wait_for 60 grep -qs "PID ${ledger_pid[older]} .*exited" both.out
stop "$top"
equal "one ends: exit status and messages" "$status$(cat both.err)" 0
HOME=$tmp "$pprof" -tagfocus="program=.*-${ledger_pid[older]}" -top -sample_index=inuse_space both.pb.gz >top 2>&1
matches "its stacks are in the file all the same" "$(cat top)" '1160kB .* main\.allocLarge'
matches "both have frames of their own" "$(cat both.svg)" \
	"<title>.*-${ledger_pid[older]}"$'\n'".*<title>.*-$pid"$'\n'
check "that is well-formed" xmllint --noout both.svg

said=$(timeout 60 "$tools/goalloctop" -p "$pid" --pprof /nonexistent/x.pb.gz 2>&1)
equal "where it cannot be written: exit status" "$?" 1
equal "is known at the start" "$said" "goalloctop: cannot write /nonexistent/x.pb.gz: No such file or directory"
said=$("$tools/goalloctop" -p "$pid" --svg /dev/full -C 0.2 1 2>&1 >/dev/null)
equal "no room: exit status and message" "$?$said" "1goalloctop: cannot write /dev/full: No space left on device"
equal "nothing else was left" "$(find . -name '.*.new')" ""
