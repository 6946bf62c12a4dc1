#!/usr/bin/env bash
# oomkill -s, -S and -f: stacks of programs whose calls are known. What is not known may be missing; a wrong name
# may not be there.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
command -v gcc >/dev/null || skip_all "there is no compiler for the victims"

chain=$srcdir/tests/workloads/chain.c
build() { # NAME FLAG...: the program in $tmp/bin
	local name=$1
	shift
	gcc -O2 -fno-omit-frame-pointer -fno-optimize-sibling-calls "$@" -o "$tmp/bin/$name" || exit
}
mkdir "$tmp/bin"
build whole -no-pie "$chain"
build pie -pie -fPIE "$chain"
cp "$tmp/bin/pie" "$tmp/bin/linked"
objcopy --only-keep-debug "$tmp/bin/linked" "$tmp/bin/linked.debug"
(cd "$tmp/bin" && strip linked && objcopy --add-gnu-debuglink=linked.debug linked)
cp "$tmp/bin/pie" "$tmp/bin/stripped"
strip "$tmp/bin/stripped"
cp "$tmp/bin/linked" "$tmp/bin/liar" # its separate file is of another program
cp "$tmp/bin/whole" "$tmp/bin/liar.debug"
(cd "$tmp/bin" && strip liar && objcopy --remove-section .gnu_debuglink liar && objcopy --add-gnu-debuglink=liar.debug liar)
build other -fPIE -pie -DCHAIN_STEP=decoy "$chain"
objcopy --only-keep-debug "$tmp/bin/other" "$tmp/bin/liar.debug"
gcc -O2 -fno-omit-frame-pointer -fno-optimize-sibling-calls -shared -fPIC -DCHAIN_STEP_ONLY "$chain" -o "$tmp/bin/libstep.so"
build library -DCHAIN_NO_STEP "$chain" -L"$tmp/bin" -lstep -Wl,-rpath,"$tmp/bin"

start text oomkill -s -S
text=$pid
start folded oomkill -s -S -f
folded=$pid
start json oomkill -s -j
json=$pid
made=0

# victim PROGRAM...: killed; its stacks are in $tmp/stacks
victim() {
	kill_in "stacks$((++made))" $((16 << 20)) "$@"
	until_line 20 "$tmp/json.out" "\"victim_pid\":$victim," >"$tmp/event"
	wait_for 20 grep -q "OOM kill of PID $victim " "$tmp/text.out"
	awk -v line="OOM kill of PID $victim " '/Triggered by/ { on = index($0, line) } on' "$tmp/text.out" >"$tmp/stacks"
}
frames() { # HEADER: of that stack, joined
	sed -n "/^    $1/,/^    [a-z]/p" "$tmp/stacks" | sed -n 's/^        //p' | xargs -d '\n' | tr ' ' ';'
}
# innermost is a leaf: its frame pointer is its caller's caller's, so middle may be missing without unwinding.
known() { # NAME REGEX
	matches "$1" "$(frames "victim's user")" "$2"
	equal "$1: the trigger is the victim" "$(frames "trigger's user")" "$(frames "victim's user")"
}
victim "$tmp/bin/whole"
known "an executable" '^innermost\+0x[0-9a-f]+;\(whole\);(middle\+0x[0-9a-f]+;\(whole\);)?outer\+0x[0-9a-f]+;\(whole\);main\+0x[0-9a-f]+;\(whole\)'
matches "the kernel's stack shows the kill" "$(frames "trigger's kernel")" '^(__)?oom_kill_process'
matches "and the charge that led to it" "$(frames "trigger's kernel")" 'out_of_memory.*charge.*fault'
equal "JSON has the same" "$(jq -r '.victim_stack | join(";")' "$tmp/event" | tr ' ' ';')" "$(frames "victim's user")"
equal "and the thread" "$(json "$tmp/event" victim_stack_tid)" "$victim"
equal "what was not asked for is null" "$(json "$tmp/event" trigger_user_stack)" null

victim "$tmp/bin/pie"
known "position-independent" '^innermost\+0x[0-9a-f]+;\(pie\);.*outer\+0x[0-9a-f]+;\(pie\);main\+'
victim "$tmp/bin/library"
known "a function of a library" '^innermost\+0x[0-9a-f]+;\(libstep\.so\);.*outer\+0x[0-9a-f]+;\(library\);main\+'
victim "$tmp/bin/linked"
known "its symbols are in another file" '^innermost\+0x[0-9a-f]+;\(linked\);.*outer\+0x[0-9a-f]+;\(linked\);main\+'
victim "$tmp/bin/stripped"
known "without symbols: addresses in the file" '^0x[0-9a-f]+;\(stripped\);.*0x[0-9a-f]+;\(stripped\)'
victim "$tmp/bin/liar"
known "with the symbols of another program: addresses, too" '^0x[0-9a-f]+;\(liar\);.*0x[0-9a-f]+;\(liar\)'

# The file is gone, or another one has its name.
cp "$tmp/bin/whole" "$tmp/bin/gone"
victim bash -c "exec 3<\"\$0\"; rm \"\$0\"; exec /proc/self/fd/3" "$tmp/bin/gone"
matches "a deleted executable: no name, or the right one" "$(frames "victim's user")" '^(innermost\+0x[0-9a-f]+|0x[0-9a-f]+);\(gone'
cp "$tmp/bin/whole" "$tmp/bin/replaced"
victim bash -c "exec 3<\"\$0\"; rm \"\$0\"; cp \"\$1\" \"\$0\"; exec /proc/self/fd/3" "$tmp/bin/replaced" "$tmp/bin/other"
equal "one that was replaced: nothing of the new one's" "$(frames "victim's user" | grep -c decoy)" 0

# Another mount namespace, of which nothing is left.
mkdir "$tmp/inner"
victim unshare -m bash -c "mount --bind \"\$0\" \"\$1\" && exec \"\$1/whole\"" "$tmp/bin" "$tmp/inner"
matches "from a mount namespace of its own" "$(frames "victim's user")" '^innermost\+0x[0-9a-f]+;\(whole\);.*main\+'

# Victim and trigger are two: the victim stands still at a known place.
cgroup=$(memcg_make apart $((64 << 20)))
at_exit memcg_remove "$cgroup"
memcg_start "$cgroup" "$tmp/bin/whole" -s
victim=$!
at_exit stop_quietly "$victim"
is_stopped() { [ "$(awk '/^State/ { print $2 }' "/proc/$1/status")" = T ]; }
wait_for 20 is_stopped "$victim"
squeeze "$cgroup" "$victim"
wait_for 20 grep -q "OOM kill of PID $victim " "$tmp/text.out"
awk -v line="OOM kill of PID $victim " '/Triggered by/ { on = index($0, line) } on' "$tmp/text.out" >"$tmp/stacks"
matches "a stopped victim" "$(frames "victim's user")" 'middle\+0x[0-9a-f]+;\(whole\);outer\+0x[0-9a-f]+;\(whole\);main\+'
matches "whom another one made the kernel kill" "$(frames "trigger's user")" '\((hog|libc[^)]*)\)'
equal "their calls are not mixed" "$(frames "trigger's user" | grep -cE 'middle|outer')" 0

line=$(until_line 20 "$tmp/folded.out" '^victim;whole;.*main;')
matches "folded: outermost first, names alone" "$line" '^victim;whole;.*main;outer;([^ ;]+;)*[^ ;]+ 1$'
line=$(until_line 20 "$tmp/folded.out" '^trigger;whole;.*main;')
matches "folded: the kernel's behind the user's" "$line" '^trigger;whole;.*main;outer;.*innermost;-;.*fault_\[k\];.*oom_kill_process_\[k\] 1$'
equal "folded: nothing else" "$(grep -cvE '^((victim|trigger);[^ ]+ 1|Tracing.*)$' "$tmp/folded.out")" 0
for p in "$text" "$folded" "$json"; do
	stop "$p"
	equal "it ends well" "$status" 0
done
