#!/usr/bin/env bash
# "Add the victim's nice value to oomkill" is an edit of two lines in the running tool: from the prompt, from a
# script and at the start. The README and oomtools(7) walk through it.
. "${srcdir:-.}/tests/console/oomkill.sh"
can_trace
. "$srcdir/tests/screen/lib.sh"
export XDG_STATE_HOME=$tmp/state

check "the text with the two lines" nice_text "$tmp/nice.c"
equal "they are two, and no more" "$("$oomkill" --ebpf | diff - "$tmp/nice.c" | grep -c '^[<>]')" 2

# What the pages say: the commands to type, the lines to add (README: with those around them), the head of the text.
readme=$srcdir/README.md page=$srcdir/man/oomtools.7
mapfile -t commands < <(sed -n 's/^    oomkill> //p' "$readme")
sed -n '/^    oomkill> diff$/,/^    [0-9:]* Triggered/p' "$readme" | sed -e '1d;$d' -e 's/^    //' | expand >"$tmp/page.diff"
equal "README: three commands" "${commands[*]}" "fields task_struct.static_prio edit diff"
equal "README: two lines" "$(grep -c '^+  ' "$tmp/page.diff")" 2
added=$(sed -n 's/^+ *\(.*;\)$/\1/p' "$tmp/page.diff")
equal "oomtools(7): the same lines" "$(sed 's/\\-/-/g' "$page" | grep -E $'^\t(__s32 nice|e->nice)' | tr -d '\t')" "$added"
equal "the head of the text: the same" "$("$oomkill" --ebpf | head -n 20 | sed -n 's/^ \*\t\(.*;\)[[:space:]].*/\1/p')" "$added"
equal "oomtools(7): its commands" "$(sed -n 's/^oomkill> //p' "$page")" $'fields task_struct.static_prio\nedit\nset json on'

# At the prompt, as the README has it.
terminal 200 50
run_in "EDITOR=$tmp/editor VISUAL= $oomkill -n $name -i --record $tmp/kills"
sees "the prompt" '^oomkill> *$'
check "a kill" kill_nice 7
sees "the text that is built in knows nothing of it" "OOM kill of PID $victim .*[0-9]\$"
typed "${commands[0]}"
keys Enter
sees "${commands[0]}" '^ +[0-9]+ +4 bytes int static_prio$'
typed "${commands[1]}"
keys Enter
sees "the edited text runs" '^edited runs \(variant [a-z_]+\) after [0-9.]+ m?s, compiled just now$'
typed "${commands[2]}"
keys Enter
# Between its other output: line numbers and kills of others aside.
shown_diff() { screen | sed -n '/^--- built-in/,/^oomkill>/p' | grep -vE '^(oomkill>|@@|[0-9:]+ Triggered)'; }
is_of_page() { [ "$(shown_diff)" = "$(grep -v '^@@' "$tmp/page.diff")" ]; }
wait_for 60 is_of_page || shown_diff | diff "$tmp/page.diff" - | sed 's/^/# /'
check "${commands[2]} shows what the README has" is_of_page
typed "explain la"
check "a kill while something is typed" kill_nice 7
sees "is told with its nice value" "OOM kill of PID $victim .*, nice 7\$"
sees "and what was typed is there" '^oomkill> explain la$'
typed st
keys Enter
sees "the block has it" '^OOM: probe: nice 7$'
equal "and so has the JSON" "$(json "$tmp/kills" victim_pid):$(json "$tmp/kills" nice)" "$victim:7"
equal "behind all other keys" "$(tail -n 1 "$tmp/kills" | jq -r 'keys_unsorted[-1]')" nice
typed undo
keys Enter
sees "back" 'built-in text runs'
check "a kill" kill_nice 7
sees "is told as ever" "OOM kill of PID $victim .*[0-9]\$"
equal "without the value" "$(json "$tmp/kills" victim_pid):$(json "$tmp/kills" nice)" "$victim:null"
typed quit
keys Enter
sees "the shell is back" '^ready>'

# By load.
start loaded oomkill -n "$name" -c "load $tmp/nice.c; apply; wait 1 events 120; set json on; show 1" -d 600
check "the text runs" until_line 60 "$tmp/loaded.out" ' runs \(variant'
check "a kill" kill_nice 5
check "its line" until_line 60 "$tmp/loaded.out" "PID $victim .*, nice 5\$"
check "its JSON" until_line 60 "$tmp/loaded.out" '^\{'
equal "has it" "$(json "$tmp/loaded.out" victim_pid):$(json "$tmp/loaded.out" nice)" "$victim:5"
stop "$pid"
equal "it ends well" "$status" 0
[ "$status" = 0 ] || sed 's/^/# /' "$tmp/loaded.out" "$tmp/loaded.err"

# At the start: the line alone, and with all.
start plain oomkill -n "$name" --probe "$tmp/nice.c"
plain=$pid
# shellcheck disable=SC2016 # the tool's shell is to expand it
start full oomkill -n "$name" --probe "$tmp/nice.c" -j --record "$tmp/kept" --exec 'echo "$OOMKILL_VICTIM_PID:$OOMKILL_NICE" >>'"$tmp/exec"
full=$pid
check "a kill" kill_nice 11
check "--probe: the line" until_line 60 "$tmp/plain.out" "PID $victim .*, nice 11\$"
check "--exec" until_line 60 "$tmp/exec" "^$victim:11\$"
equal "-j" "$(jq -c "select(.victim_pid == $victim) | .nice" "$tmp/full.out")" 11
for p in $plain $full; do stop "$p"; done
"$oomkill" --replay "$tmp/kept" >"$tmp/replayed"
matches "--replay" "$(line_of "$tmp/replayed")" ', nice 11$'

# Anywhere in the struct, of any kind, and called as a key of oomkill's own.
check "a text with more" nice_text "$tmp/more.c" -e '/A member of yours stands here/,/nice;/d' \
	-e '/^\t__u64 time_ns;.*CLOCK_MONOTONIC/{x;s/^/x/;/^x$/{x;s/$/\n\t__s32 nice;\n\tchar boss[16];\n\t_Bool traced;\n\tenum oomkill_constraint reason;/;b};x}' \
	-e '/^\t__u32 trigger_pid, trigger_tid;/s/$/\n\tvoid *mm;\n\t__u16 order_of : 4, victim_threads : 12;/' \
	-e '/e->nice =/s/$/\n\tbpf_probe_read_kernel_str(e->boss, sizeof(e->boss), RD(victim->real_parent)->comm);\n\te->traced = true; e->reason = OOMKILL_MEMCG; e->mm = RD(victim->mm); e->order_of = 3; e->victim_threads = 1009;/'
start more oomkill -n "$name" --probe "$tmp/more.c" -j
check "a kill" kill_nice 13
check "is told" until_line 60 "$tmp/more.out" "\"victim_pid\":$victim,"
equal "with each value, and all others are right" "$(jq -r "select(.victim_pid == $victim) |
	[.nice, .boss, .traced, .reason, .order_of, .probe_victim_threads, .victim_threads, .victim_comm, .domain_bytes] | @tsv" \
	"$tmp/more.out" | tr '\t' ' ')" "13 bash true OOMKILL_MEMCG 3 1009 1 $name $((8 << 20))"
matches "a pointer" "$(jq -r "select(.victim_pid == $victim).mm" "$tmp/more.out")" '^0xffff[0-9a-f]{12}$'
stop "$pid"

# What oomkill reads must be there.
sed 's/__s32 order;/__s64 order;/' "$tmp/nice.c" >"$tmp/size.c"
sed 's/^\(\t__u32 kind; .*OOMKILL_CHOSEN or.*\)$/\t__u32 mine;\n\1/' "$tmp/nice.c" >"$tmp/first.c"
timeout 120 "$oomkill" --probe "$tmp/first.c" >"$tmp/refused" 2>&1
equal "refused at the start" "$?" 1
matches "and it is said why" "$(cat "$tmp/refused")" "'kind' must be its first member"
terminal 160 50
run_in "$oomkill -n $name -i"
sees "the prompt" '^oomkill> *$'
typed "load $tmp/size.c"
keys Enter
typed apply
keys Enter
sees "refused when it is applied" 'struct oomkill_event: order has 8 bytes'
check "a kill" kill_nice 0
sees "the probe runs on" "OOM kill of PID $victim .*[0-9]\$"
keys C-d
sees "the shell is back" '^ready>'
