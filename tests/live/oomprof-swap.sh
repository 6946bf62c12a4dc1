#!/usr/bin/env bash
# The probe is changed again and again while Go programs are killed: each victim is told of once, with its whole
# profile, and what a text adds to the records is shown. tests/live/swap.c is for other probes.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
OOMTOOLS_GO_VERSIONS=1.19 find_toolchains
leaky=$("$workloads/go-victim" 1.19 exec leaky)
ok "the victims build" $?
victims=${OOMTOOLS_SWAP_VICTIMS:-8} applies=21

# Three texts: as it is; more members, where they move what the tool knows; and one more map and member.
"$tools/oomprof" --ebpf >"$tmp/0.c"
sed -e '/^struct oomkill_event {/a\	__s32 nice;' \
	-e '/^struct oomprof_kill {/a\	__u64 round; struct { __u32 x; } a, b;' \
	-e '/^struct oomprof_begin {/,/^}/s/^	__u64 killed_ns;.*/	char mark[16];\n&/' \
	-e '/^struct oomprof_end {/a\	__u8 ending;' \
	-e 's/^	kill->kind = OOMPROF_KILL;/&\n	kill->round = 1; kill->a.x = 5; kill->b.x = 6;\n	kill->event.nice = RD(victim->static_prio) - 120;/' \
	-e 's/^	begin->kind = OOMPROF_BEGIN;/&\n	__builtin_memset(begin->mark, 0, 16);\n	begin->mark[0] = 111;/' \
	-e 's/^	end->kind = OOMPROF_END;/&\n	end->ending = 7;/' "$tmp/0.c" >"$tmp/1.c"
sed -e 's/^BPF_ARRAY(counters, u64, 1);/&\nBPF_ARRAY(rounds, u64, 4);/' \
	-e '/^struct oomprof_kill {/,/^}/s/^	struct oomkill_event event;/&\n	__u32 round;/' \
	-e 's/^	kill->kind = OOMPROF_KILL;/&\n	kill->round = 2;\n	rounds.atomic_increment(1);/' "$tmp/0.c" >"$tmp/2.c"
for i in 1 2; do
	check "text $i is another" test "$(diff "$tmp/0.c" "$tmp/$i.c" | grep -c '^>')" -gt 3
done

mkfifo "$tmp/commands"
at_exit_fd() { exec 7>&-; }
exec 7<>"$tmp/commands"
at_exit at_exit_fd
"$tools/oomprof" -j -n 0 -o "$tmp/profiles" -i <"$tmp/commands" >"$tmp/watch.out" 2>"$tmp/watch.err" &
watch=$!
at_exit stop_quietly "$watch"
wait_for 180 is_started watch "$watch"
# A command that fails ends the script, and so the tool.
told() { [ "$(grep -c "^told $1\$" "$tmp/watch.out")" -gt 0 ] || ! kill -0 "$watch" 2>/dev/null; }
do_commands() { # NUMBER COMMAND
	printf '%s\necho told %s\n' "$2" "$1" >&7
	wait_for 60 told "$1"
}
bpf_objects() { find "/proc/$watch/fd" -lname 'anon_inode:bpf*' 2>/dev/null | wc -l; }

kill_them() {
	local i
	for ((i = 0; i < victims; i++)); do
		kill_in "swap$1-$i" $((64 << 20)) nice -n 3 "$leaky" -rate 1 -grow 60 -buckets $((i % 3 * 4000))
		[ $? = 0 ] && echo "$victim" >>"$tmp/killed"
		memcg_remove "$cgroup" # what is done at_exit is not done in the background
	done
}
# The first of each text compiles it.
for i in 1 2 0; do
	do_commands "first$i" "load $tmp/$i.c; apply"
done
before=$(bpf_objects)
kill_them a &
first=$!
kill_them b &
second=$!
for ((n = 1; n <= applies; n++)); do
	kill -0 "$watch" 2>/dev/null || break
	do_commands "$n" "load $tmp/$((n % 3)).c; apply"
done
wait "$first" "$second"
equal "applied" "$(grep -c ' runs (variant ' "$tmp/watch.out")" $((applies + 3))
equal "all were killed" "$(wc -l <"$tmp/killed")" $((2 * victims))

all_told() {
	local pid
	while read -r pid; do
		grep -q "\"pid\":$pid," "$tmp/watch.out" || return
	done <"$tmp/killed"
}
wait_for 60 all_told
ok "each is told of" $?
once=0 complete=0 exact=0
while read -r pid; do
	grep -F "\"pid\":$pid," "$tmp/watch.out" >"$tmp/line"
	[ "$(wc -l <"$tmp/line")" = 1 ] && once=$((once + 1))
	[ "$(json "$tmp/line" walk_complete)" = true ] && complete=$((complete + 1))
	samples "$(json "$tmp/line" file)" >"$tmp/samples"
	if [ "$(held "$tmp/samples" main.leakBlocks 40960)" = "211 $((211 * 40960))" ] &&
		[ "$(held "$tmp/samples" main.newNode 48)" = "7919 $((7919 * 48))" ]; then
		exact=$((exact + 1))
	else
		echo "# $(cut -c 1-1500 "$tmp/line")"
	fi
done <"$tmp/killed"
equal "once" "$once" $((2 * victims))
equal "with all of its records" "$complete" $((2 * victims))
equal "and to the byte" "$exact" $((2 * victims))
equal "nothing was lost" "$(grep -c 'lost: a ring was full' "$tmp/watch.err")" 0

# What each text has added. Text 0 runs now.
equal "programs and maps are closed again" "$(bpf_objects)" "$before"
do_commands last "load $tmp/1.c; apply"
kill_in more $((64 << 20)) nice -n 3 "$leaky" -rate 1 -grow 60
until_line 20 "$tmp/watch.out" "\"pid\":$victim," >"$tmp/line"
equal "new members of each record" "$(jq -c '[.nice, .round, .mark, .ending]' "$tmp/line")" '[3,1,"o",7]'
equal "those of a struct of the text's own by its name" "$(jq -c '[.["a.x"], .["b.x"], .x]' "$tmp/line")" '[5,6,null]'
equal "and the known ones beside them" "$(jq -c '[.outcome, .victim_pid, .walk_complete, .killed_by]' "$tmp/line")" \
	"[\"written\",$victim,true,\"oom_killer\"]"
raw "$(json "$tmp/line" file)" >"$tmp/raw"
check "they are in the profile's comments" grep -q 'nice: 3$' "$tmp/raw"
do_commands other "load $tmp/2.c; apply; undo; undo; apply"
kill_in less $((64 << 20)) "$leaky" -rate 1 -grow 60
until_line 20 "$tmp/watch.out" "\"pid\":$victim," >"$tmp/line"
equal "another text, other members" "$(jq -c '[has("nice"), .round, .outcome]' "$tmp/line")" '[false,2,"written"]'
do_commands text "set json off; show"
check "the block has them" grep -qx '  round 2' "$tmp/watch.out"

# A map that the tool holds cannot be changed.
sed 's/^BPF_HASH(binaries, struct oomprof_key, struct oomprof_binary, 4096);/BPF_HASH(binaries, struct oomprof_key, struct oomprof_binary, 64);/' \
	"$tmp/0.c" >"$tmp/3.c"
printf 'load %s; apply\n' "$tmp/3.c" >&7
wait "$watch"
equal "a text that changes the table of programs is refused" "$?" 1
check "with the map's name" grep -q "binaries" "$tmp/watch.err"
