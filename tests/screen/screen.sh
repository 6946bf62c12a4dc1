#!/usr/bin/env bash
# lib/screen on a terminal: what it shows, how it follows keys and sizes, and how it leaves the terminal behind.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/screen/lib.sh"
demo=$builddir/tests/screen/screen_demo

# begin [ENVIRONMENT...]: the demo on the screen, its pid in $tmp/pid
begin() {
	rm -f "$tmp/pid"
	# shellcheck disable=SC2016
	run_in "env $* sh -c 'echo \$\$ >$tmp/pid; exec $demo'"
	wait_for 60 shows 'row number 1,'
}

terminal 80 24
modes "$tmp/modes"
begin
sees "the first header line" '^screen demo *$'
sees "heads, the sort column marked" '^   KEY     ▾SIZE     COUNT WHAT *$'
sees "cells to the right, the last to the left" '^    50|^    20    140\.0M       260 row number 20, café 東 *$'
lacks "as many rows as there is room for" 'row number 21,'
sees "hints" '^h Help  r Reverse  q Quit'
equal "the alternate screen" "$(alternate)" 1

keys Down Down
sees "arrows pick" '^50 rows, picked 3 *$'
keys n
sees "a row that comes before: still the same one" '^51 rows, picked 3 *$'
keys r
sees "the other order" '^   KEY     ▴SIZE'
sees "still the same one, in sight" '^ *3 +21\.0M'
keys d
sees "it goes: its neighbour" '^50 rows, picked 2 *$'
keys r Home PageDown
sees "a page" '^50 rows, picked 20 *$'
keys End
sees "the end" '^    50    350\.0M'
keys Home

# Of a line that is drawn again, only what changed is sent; never everything.
tm pipe-pane "cat >$tmp/sent"
keys Down
sees "drawn again" '^50 rows, picked 1 *$'
keys Home
sees "and again" '^50 rows, picked 51 *$'
tm pipe-pane
equal "the screen is not cleared for that" "$(grep -cE $'\e\\[2?J' "$tmp/sent")" 0
[ "$(wc -c <"$tmp/sent")" -gt 10 ] && [ "$(wc -c <"$tmp/sent")" -lt 1200 ]
ok "little is sent for that ($(wc -c <"$tmp/sent") bytes)" $?

keys /
sees "a prompt" '^Text: abc *$'
typed "déf"
keys Left BSpace Home Delete
sees "edited" '^Text: bcdf *$'
keys Enter
sees "entered" '^entered: bcdf *$'
keys / Escape
sees "cancelled" '^h Help'
keys m Down Down
sees "a menu" '┌─ Menu ─┐'
keys Enter
sees "chosen" '^menu: line 3 *$'
keys e
sees "of what goes to stderr the last line is shown" '^screen_demo: a message *$'
lacks "and nothing else" 'a first line'
keys Down
sees "until the next key" '^h Help'

resize 40 10
sees "narrow: the least important column is left out" '^   KEY     ▾SIZE WHAT *$'
keys h
sees "a list that does not fit" '─ more ─┘'
keys PageDown
sees "scrolled" 'twelve'
keys Escape
lacks "closed" 'twelve'
resize 15 3
sees "too small" '^too small *$'
resize 140 40
sees "large again" 'row number 35,'
lacks "not too small" 'too small'
resize 80 24
keys End
sees "at the end of the list" 'row number 50,'
resize 80 50
sees "larger: what is above comes into sight" 'row number 6,'
resize 80 24
keys q
restored "q" "$tmp/modes"
sees "messages are written afterwards" '^screen_demo: a first line'

for end in "C-c" 'C-\' A X S; do
	begin
	keys "$end"
	restored "key $end" "$tmp/modes"
done
for signal in TERM HUP QUIT USR1; do
	begin
	kill -$signal "$(cat "$tmp/pid")"
	restored "SIG$signal" "$tmp/modes"
done

begin
keys End
wait_for 30 shows 'row number 50,' # Ctrl-Z takes away what was typed before it and not read yet
keys C-z
sees "Ctrl-Z stops it" 'Stopped'
equal "Ctrl-Z: the first screen" "$(alternate)" 0
run_in "fg"
sees "fg: as it was" 'row number 50,'
equal "fg: the alternate screen" "$(alternate)" 1
kill -STOP "$(cat "$tmp/pid")"
wait_for 30 eval "grep -q '^State:.T' /proc/$(cat "$tmp/pid")/status"
wait_for 30 shows 'Stopped.*\[2\]|\[1\]\+  Stopped' # the shell has noticed
run_in fg
sees "stopped by others, and fg" 'row number 50,'
keys Home
sees "keys again" 'row number 1,'
keys q
restored "after all that" "$tmp/modes"

begin NO_COLOR=1
tm capture-pane -pe >"$tmp/colors"
keys q
begin NO_COLOR=
tm capture-pane -pe >>"$tmp/colors"
keys q
equal "colours, but not with NO_COLOR" "$(grep -c 'screen demo' "$tmp/colors") $(grep -cE $'\e\\[[0-9;]*42m' "$tmp/colors")" "2 1"
begin LC_ALL=C
sees "not UTF-8: what cannot be shown is one mark" 'row number 20, caf\? \? *$'
keys q
run_in "$demo </dev/null"
sees "stdin is another: keys come from the terminal all the same" 'row number 1,'
keys q
restored "no stdin" "$tmp/modes"
run_in "TERM=dumb $demo"
sees "a dumb terminal" "^screen_demo: no screen: a terminal named 'dumb' \(TERM\) cannot place the cursor"
run_in "TERM=no-such $demo"
sees "an unknown terminal" "^screen_demo: no screen: nothing is known of a terminal named 'no-such'"
run_in "TERM= $demo"
sees "no TERM" "^screen_demo: no screen: TERM is not set"
