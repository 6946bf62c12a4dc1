#!/usr/bin/env bash
# goalloctop -i in a terminal: tables scroll by above a line that is being typed, which stays whole; TAB knows columns.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/console/goalloctop.sh"
. "$srcdir/tests/screen/lib.sh"
can_trace
OOMTOOLS_GO_VERSIONS=1.24 find_toolchains
program=$("$workloads/go-victim" 1.24 exec ledger)
ok "the program builds" $?
ledger one "$program" -rate 1 && ask one "alloc small 1009 1009" gc
ok "it runs" $?
export XDG_STATE_HOME=$tmp/state
terminal 100 40
modes "$tmp/modes.before"
run_in "$goalloctop -i -p ${ledger_pid[one]} 0.3"
sees "a table" 'main\.allocSmall \(ledger\.go'
sees "a prompt below it" '^goalloctop> *$'
typed "set sort inu"
sees "what is typed" '^goalloctop> set sort inu$'
heads() { tm capture-pane -p -S -500 | grep -c ' loadavg: '; }
before=$(heads)
more() { [ "$(heads)" -ge $((before + 3)) ]; }
wait_for 60 more
ok "tables go on above it" $?
sees "and the line is whole" '^goalloctop> set sort inu$'
equal "it is there once, and nothing in it" "$(screen | grep -c 'set sort')" 1
keys Tab
sees "TAB completes the column" '^goalloctop> set sort inuse *$'
keys Enter
typed "set columns alloc,gro"
keys Tab
sees "and names of a list of columns" '^goalloctop> set columns alloc,growth'
keys BSpace
typed ",si"
keys Tab
sees "one after the other" '^goalloctop> set columns alloc,growth,site'
keys Enter
sees "only those are shown" '^ALLOC/s +GROWTH FUNCTION$'
typed "pause"
keys Enter
sees "a pause" '^goalloctop> pause$'
typed "set"
keys Enter
sees "settings" '^set sort inuse$'
sees "ten rows, where there is a prompt" '^set rows 10$'
keys C-d
restored "Ctrl-D" "$tmp/modes.before"
