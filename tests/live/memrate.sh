#!/usr/bin/env bash
# What memrate says of a program that grows at a known rate, by each kind of memory; of what it allocates; of cgroups; of
# processes that have ended.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
memrate=$tools/memrate
grower=$builddir/tests/workloads/grower
rate=$((8 << 20))

# grow NAME OPTION...: a grower that has begun, in the background; its pid is in $pid
grow() {
	local name=$1
	shift
	"$grower" -d "$tmp" "$@" >"$tmp/$name.grown" &
	pid=$!
	at_exit stop_quietly $pid
	wait_for 60 [ -s "$tmp/$name.grown" ]
}
# median NAME KEY [FILTER]: of the rows of pid $pid in $tmp/NAME
median() {
	jq -s --argjson pid "$pid" "map(select(.pid == \$pid or .by != \"process\") | ${3:-.} | .$2) | sort | .[length / 2 | floor]" "$tmp/$1"
}
near() { # WHAT NUMBER WANTED PERCENT
	awk -v n="$2" -v want="$3" -v percent="$4" 'BEGIN {
		d = n - want
		exit !((d < 0 ? -d : d) <= want * percent / 100)
	}'
	ok "$1: $2, to be $3 within $4 %" $?
}

# Growth by kind. The grower makes steps of 10 ms; on a busy machine some come late.
for kind in anon file shmem; do
	grow $kind -k $kind -r $rate -m $((40 * rate))
	"$memrate" -j -p $pid 0.5 7 >"$tmp/$kind" 2>"$tmp/$kind.err"
	equal "$kind: exit status" $? 0
	near "$kind: its growth" "$(median $kind ${kind}_growth_bytes_per_second)" $rate 5
	near "$kind: growth in all" "$(median $kind rss_growth_bytes_per_second)" $rate 5
	[ $kind != anon ] || near "anon: a page fault for each page" "$(median anon faults_per_second)" $((rate / 4096)) 25
	for other in anon file shmem swap; do
		[ $other = $kind ] || near "$kind: no $other" "$(median $kind ${other}_growth_bytes_per_second)" 0 0
	done
	near "$kind: size" "$(jq -s ".[-1].${kind}_bytes" "$tmp/$kind")" \
		"$(awk '/^Rss/ { sum += $2 * 1024 } END { print sum }' "/proc/$pid/status")" 40
	stop $pid
done

# What is allocated: all of it counted, and in windows.
grow counted -k anon -r $rate -m $((60 * rate))
"$memrate" -j --sample 1 -p $pid 1 4 >"$tmp/counted" 2>/dev/null
near "pages allocated, all counted" "$(median counted page_alloc_bytes_per_second)" $rate 8
equal "all of the time" "$(jq -s 'all(.sampled_one_in < 1.2)' "$tmp/counted")" true
"$memrate" -j -p $pid 0.5 16 >"$tmp/windows" 2>/dev/null
# 16 windows of 5 ms hold some 8 of the grower's steps, on a busy machine perhaps 2 or 30.
equal "pages allocated, in windows: as many, roughly" \
	"$(jq -s --argjson rate $rate 'map(.page_alloc_bytes_per_second // 0) | add / length / $rate | . > 0.2 and . < 5' "$tmp/windows")" true
equal "each a hundredth of the time" "$(jq -s 'map(.sampled_one_in | select(.)) | sort | .[length / 2 | floor] | . > 30 and . < 150' "$tmp/windows")" true
stop $pid
"$grower" -f slab -n 1000000 >/dev/null &
pid=$!
at_exit stop_quietly $pid
"$memrate" -j --sample 1 -p $pid 0.5 6 >"$tmp/slab" 2>/dev/null
equal "slab: as many objects are freed as are allocated, and it does not grow" \
	"$(jq -sc 'max_by(.slab_allocs_per_second) | [.slab_allocs_per_second > 1000, .slab_alloc_bytes_per_second > 64000,
		(.slab_frees_per_second / .slab_allocs_per_second | . > 0.5 and . < 2), .rss_growth_bytes_per_second < 100000]' "$tmp/slab")" \
	"[true,true,true,true]"
stop_quietly $pid

# A cgroup: two that grow, and one that ends; when it is full, and an alarm.
cgroup=$(memcg_make memrate 256M)
ok "a cgroup is made" $?
at_exit memcg_remove "$cgroup"
path=${cgroup#"$(memcg_parent)"}
for i in 1 2; do
	memcg_start "$cgroup" "$grower" -k anon -r $((rate / 2)) -m $((20 * rate)) >/dev/null
	growers[$i]=$!
	at_exit stop_quietly $!
done
memcg_start "$cgroup" "$grower" -k anon -r $((10 * rate)) -m $rate >/dev/null
ending=$!
at_exit stop_quietly $ending
"$memrate" -j -g --cgroup "$cgroup" --alert 1h --exec "echo \$MEMRATE_CGROUP \$MEMRATE_PID >>'$tmp/alarms'" 0.5 16 >"$tmp/cgroup" 2>"$tmp/err" &
watcher=$!
wait_for 60 [ -s "$tmp/cgroup" ] && kill $ending
wait $watcher
equal "-g: exit status" $? 0
jq -c 'select(.by == "cgroup")' "$tmp/cgroup" >"$tmp/groups"
equal "-g: one row each time, that cgroup's" "$(jq -s "[length, all(.cgroup | endswith(\"$path\"))]" -c "$tmp/groups")" "[16,true]"
near "-g: it grows as both" "$(median groups rss_growth_bytes_per_second)" $rate 10
equal "-g: it loses what the third had" "$(jq -s 'any(.rss_growth_bytes_per_second < -4000000) and .[-1].processes == 2' "$tmp/groups")" true
near "-g: the limit's trend" "$(jq -s '.[-1].limit_growth_bytes_per_second' "$tmp/groups")" $rate 25
equal "-g: the limit" "$(jq -sc '.[-1] | [.limit, .limit_bytes, (.limit_seconds | . > 5 and . < 60)]' "$tmp/groups")" '["memcg",268435456,true]'
equal "an alarm is raised for it" "$(jq -s 'map(select(.event == "alert") | .limit_cgroup // "") | any(endswith("'"$path"'"))' "$tmp/cgroup")" true
wait_for 20 grep -qE "(${growers[1]}|${growers[2]})\$" "$tmp/alarms"
ok "and the command was run, with the one that grows" $?
for i in 1 2; do stop_quietly ${growers[$i]}; done

# By name, and who is not there; a process that is new; none is kept that has ended.
cp "$(command -v sleep)" "$tmp/mrnew"
"$memrate" -j -n mrnew 0.3 >"$tmp/new" 2>/dev/null &
watcher=$!
at_exit stop_quietly $watcher
sleep 1
"$tmp/mrnew" 1.2 &
new=$!
wait_for 60 grep -q "\"pid\":$new," "$tmp/new"
ok "one that begins is there" $?
wait $new
"$tmp/mrnew" 100 &
last=$!
at_exit stop_quietly $last
wait_for 60 grep -q "\"pid\":$last," "$tmp/new"
sed -n "/\"pid\":$last,/,\$p" "$tmp/new" >"$tmp/after"
equal "it is new once, and gone once it has ended" "$(jq -sc "map(select(.pid == $new).is_new) | [.[0], (.[1:] | any)]" "$tmp/new"):$(grep -c "\"pid\":$new," "$tmp/after")" \
	"[true,false]:0"
stop $watcher
equal "SIGTERM ends it well" $status 0
equal "no program stays in the kernel" "$("$builddir/tests/live/bpf_ids" 2>/dev/null | grep -c "memrate")" 0
