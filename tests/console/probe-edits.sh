#!/usr/bin/env bash
# Texts as people edit them, right and wrong, in each tool: what a tool could not read right is refused, at the start and
# by apply, with the line that is at fault.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
cd "$tmp" || exit
for tool in oomkill oomprof goalloctop memrate; do "$tools/$tool" --ebpf >"$tool.c"; done

# edit TOOL SED-SCRIPT: the text in x.c
edit() {
	sed -e "$2" "$1.c" >x.c && ! cmp -s "$1.c" x.c
}
# refused DESCRIPTION TOOL SED-SCRIPT REGEX [OPTION...]: at the start, and by apply, which says where and changes nothing
refused() {
	local description=$1 tool=$2 script=$3 regex=$4 said
	shift 4
	check "$description" edit "$tool" "$script"
	said=$(timeout 120 "$tools/$tool" "$@" --probe x.c -c 'echo runs' 2>&1)
	matches "$description: not at the start" "$said" "$regex"
	equal "nothing runs" "$(grep -cx runs <<<"$said")" 0
	said=$(timeout 120 "$tools/$tool" "$@" -c 'load x.c; apply' 2>&1)
	matches "nor by apply" "$said" "apply: (x\.c:[0-9]+: )?$regex"
	matches "which says where" "$said" "$regex"$'[^\n]*\n  Nothing has changed: [^\n]*'
}
# more NUMBER: so many members
more() {
	local i
	for ((i = 1; i <= $1; i++)); do printf '__u64 m%s; ' "$i"; done
}

refused "memrate: a member that is no counter" memrate 's/^\t__u64 slab_frees;/&\n\t__u64 mine; __s32 small;/' \
	'struct memrate_count: small is no integer of 64 bits'
refused "memrate: too many of them" memrate "s/^\t__u64 slab_frees;/&\n\t$(more 50)/" \
	'struct memrate_count: 50 members of your own are more than'
refused "memrate: a member that it reads is gone" memrate '/^\t__u64 slab_frees;/d;/slab_frees++/d' \
	'struct memrate_count: slab_frees is missing'
refused "memrate: a member of another struct" memrate '/^struct memrate_task {/,/^}/s/^\tchar comm.*/&\n\t__s32 nice;/' \
	'struct memrate_task has other members than the tool reads: those of your own belong to struct memrate_count'
refused "memrate: of what a CPU counts" memrate '/^struct memrate_running {/,/^}/s/^\tstruct memrate_count.*/&\n\t__u64 mine;/' \
	'struct memrate_running has other members'
refused "memrate: a map of another kind" memrate 's/"percpu_hash"/"hash"/' 'map counts has another type or size'
check "memrate: what it can add up" edit memrate 's/^\t__u64 slab_frees;/&\n\t__u64 mine; __s64 less; struct { __u64 a; } in;/'
matches "runs" "$("$tools/memrate" --probe x.c -c 'columns' 2>&1)" 'mine .*less .*in\.a '

refused "oomkill: a member of another struct" oomkill '/^struct oomkill_detail {/,/^}/s/^\t__u64 time_ns;/\t__u64 mine;\n&/' \
	'struct oomkill_detail has other members than the tool reads: those of your own belong to struct oomkill_event' -x -n "none$$"
refused "oomkill: more than can be shown" oomkill "s/^.*A member of yours stands here.*/$(more 65)/" \
	'struct oomkill_event: 65 members of your own are more than the 64' -n "none$$"
refused "oomkill: a map with other values" oomkill 's/^BPF_ARRAY(lost, u64, /BPF_ARRAY(lost, u32, /' \
	'map lost has another type or size.*.diff draft. shows' -n "none$$"
refused "goalloctop: a map with larger values" goalloctop '/^struct goalloctop_target {/,/^}/s/^\t__u64 lost_stacks;/&\n\tchar more[4000];/' \
	'map targets has another type or size' --via events
refused "goalloctop: the same size, another order" goalloctop '/^struct goalloctop_count {/,/^}/{/^\t__u64 allocs;/d;s/^\t__u64 frees;/&\n\t__u64 allocs;/}' \
	'struct goalloctop_count has other members than the tool reads' --via events
refused "oomprof: a member of another struct" oomprof '/^struct oomprof_seen {/,/^}/s/^\t__u64 exec_ns;/\t__u64 mine;\n&/' \
	'struct oomprof_seen has other members than the tool reads' -o "$tmp" -n 0

# An error of libbcc's second pass quotes the text's own line, not what libbcc has made of it.
# shellcheck disable=SC2016 # sed's last line
check "an error in a line with a map" edit oomkill '$a BPF_PROG(raw_tp__sched_switch, int a) { u32 k = 0; lost.update(&k, nowhere); return 0; }'
said=$("$tools/oomkill" -c 'load x.c; apply' 2>&1)
matches "it is quoted as it stands" "$said" $'\n +BPF_PROG\\(raw_tp__sched_switch, int a\\) \\{ u32 k = 0; lost\\.update\\(&k, nowhere\\); return 0; \\}'

# As editors save: DOS line ends, a byte order mark, no newline at the end.
{ printf '\xef\xbb\xbf' && sed 's/$/\r/' oomkill.c | head -c -2; } >x.c
matches "DOS line ends, a mark, no newline" "$("$tools/oomkill" --probe x.c -c 'echo runs' 2>&1)" runs

# Types that libbcc or an old kernel does not know must not cost the functions' types, which callbacks need.
name=edits$$
cp "$hog" "$name"
check "a member of an unusual type" edit oomkill 's/^.*A member of yours stands here.*/\tdouble real; enum { LARGE = 0x123456789abull } wide;/
	s/^.*What fills a member of yours stands here.*/\t*(u64 *)\&e->real = 0x3ff0000000000000ull;/'
start unusual oomkill -x -n "$name" --probe x.c
check "a kill" kill_in unusual $((8 << 20)) "./$name" 32
matches "is told with it" "$(until_line 60 unusual.out "PID $victim ")" ', real 000000000000f03f, wide 0$'
stop "$pid"
