#!/usr/bin/env bash
# goalloctop on a terminal: through the tables and back by keys, on programs that keep what is known.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/screen/lib.sh"
. "$srcdir/tests/live/pprof.sh"
require_root
OOMTOOLS_GO_VERSIONS=1.19 find_toolchains
leaky=$("$workloads/go-victim" 1.19 exec leaky)
ok "the program is built" $?
export OOMTOOLS_CACHE_DIR=$tmp/cache
mkdir -m 700 "$OOMTOOLS_CACHE_DIR"

for name in scr-a scr-b; do
	cp "$leaky" "$tmp/$name"
	"$tmp/$name" -rate 1 >"$tmp/$name.out" 2>&1 &
	eval "${name#scr-}=$!"
	at_exit stop_quietly $!
	wait_for 60 grep -q READY "$tmp/$name.out"
done
# The one of the larger PID is the one looked into.
[ "$a" -lt "$b" ] || { name=$a && a=$b && b=$name; }
looked=$(cat "/proc/$b/comm")

terminal 110 30
typed " cd $tmp"
keys Enter
modes "$tmp/modes"
run_in "$tools/goalloctop"
sees "programs" '^ +PID COMM +GO +RSS +HEAP▾ALLOC/s'
equal "on the alternate screen" "$(alternate)" 1
keys f
typed '^scr-'
keys Enter
sees "filtered" '^2 Go programs of [0-9]+: names that match \^scr-, every 1 s'
keys s
sees "the menu of columns" '┌─ Sort by ─+┐'
keys N
sees "sorted by PID" '^ +▴PID COMM'
keys r
sees "reversed" '^ +▾PID COMM'
keys r Down Enter
sees "the sites of the second" "^PID $b $looked go1\.19[^,]*, RSS [0-9.]+M, heap [0-9.]+M, [0-9]+ goroutines"
keys U
sees "sorted by what is in use" '^ *▾INUSE +OBJS '
sees "a site" '^ +8\.2M +21[0-9] .* main\.leakBlocks \(leaky\.go:[0-9]+\)$'
keys Enter
sees "its stack" '^stack 1: 8\.2M in 21[0-9] objects in use, 0B/s allocated, 0B/s freed'
sees "its frames" '^    main\.leakBlocks \(.*leaky\.go:[0-9]+\)$'
sees "down to the first" '^    main\.main \(.*leaky\.go:[0-9]+\)$'
keys Escape
sees "back" '^[0-9]+ sites, [0-9.]+M in use'
keys b
sees "by function" '^[0-9]+ functions, .* in use'
keys b b
sees "by package" ' PACKAGE$'
sees "a package" ' main$'
keys b
sees "by site" ' main\.leakBlocks \(leaky'
keys f
typed 'leak(Deep|Blocks)$'
keys Enter
sees "focus" '^2 sites, .*, focus leak\(Deep\|Blocks\)\$'
keys f C-u
typed '('
keys Enter
sees "not a regular expression" '^not a regular expression: '
keys Down C-u Enter
sees "no focus" '^[0-9]{2} sites, [^,]*, [^,]*, every'
keys i
typed 'main\.leak[AB]'
keys Enter
lacks "ignore" ' main\.leakBlocks '
keys i C-u Enter
sees "no ignore" ' main\.leakBlocks '

keys w
sees "a pprof file" '^wrote .*scr-[ab]-[0-9]+-[0-9]{8}T[0-9]{6}\.pb\.gz'
keys w
wait_for 60 eval '[ "$(find "$tmp" -name "scr-*.pb.gz" | wc -l)" = 2 ]'
ok "another one does not replace it" $?
file=$(find "$tmp" -name "scr-*.pb.gz" | sort | head -n 1)
samples "$file" >"$tmp/samples"
equal "what pprof reads in it" "$(held "$tmp/samples" main.leakBlocks 40960)" "211 $((211 * 40960))"

keys Space
sees "paused" '^PAUSED: '
head=$(screen | head -n 2)
now=$(date +%s)
wait_for 30 eval '[ "$(date +%s)" -gt $((now + 2)) ]'
equal "paused: it stands still" "$(screen | head -n 2)" "$head"
keys Enter
sees "paused: keys work" '^stack 1: '
keys Escape Space
lacks "it goes on" 'PAUSED'
wait_for 60 eval '[ "$(screen | head -n 1)" != "${head%%$'"'\n'"'*}" ]'
ok "it goes on: another time" $?
keys +
sees "a longer interval" ', every 2 s$'
keys - -
sees "a shorter one" ', every 500 ms$'

resize 40 10
sees "narrow: what it is about stays" ' FUNCTION$'
resize 15 4
sees "too small" '^too small$'
resize 110 30
sees "large again" ' main\.leakBlocks \(leaky'
keys C-z
sees "Ctrl-Z" 'Stopped'
equal "Ctrl-Z: the first screen" "$(alternate)" 0
run_in fg
sees "fg" ' main\.leakBlocks \(leaky'

kill "$b"
wait_for 60 is_dead "$b"
sees "it ends while it is looked at" "^PID $b .*, has exited"
sees "its sites stay" '^ +8\.2M +21[0-9] .* main\.leakBlocks '
keys Enter
sees "its stacks stay" '^stack 1: 8\.2M'
keys Escape Escape
sees "gone from the programs" '^1 Go program of '
keys h
sees "help" '┌─ Keys of goalloctop'
keys q
lacks "help is closed" 'Keys of goalloctop'
keys Enter
sees "down again" "^PID $a "
keys q
restored "q" "$tmp/modes"

# By PID: the sites at once; and each way out.
for end in C-c TERM; do
	run_in "$tools/goalloctop -p $a; echo status=\$?"
	sees "sites at once ($end)" ' main\.leakBlocks \(leaky'
	[ $end != TERM ] || kill -TERM "$(pgrep -x -P "$(tm display-message -p '#{pane_pid}')" goalloctop)"
	[ $end = TERM ] || keys "$end"
	sees "$end: status" '^status=0'
	restored "$end" "$tmp/modes"
done
run_in "$tools/goalloctop -p $a 0.1 3; echo status=\$?"
sees "a count: status" '^status=0'
sees "a count: the last table stays" ' main\.leakBlocks \(leaky'
restored "a count" "$tmp/modes"
run_in "$tools/goalloctop -d 0.3 0.1; echo status=\$?"
sees "a duration: status" '^status=0'
restored "a duration" "$tmp/modes"
run_in "TERM=dumb $tools/goalloctop -n ${looked%?}x 0.1 2"
sees "a dumb terminal" 'warning: no full screen: a terminal named'
sees "blocks instead" ' loadavg: '
