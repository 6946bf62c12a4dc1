#!/usr/bin/env bash
# oomrank without root, of a machine made by hand: reports, JSON, domains, repetition, what does not go together.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/rank.sh"
oomrank=$builddir/tools/oomrank
m=$tmp/machine
rank_machine "$m"

run() { # ARG...: of that machine; $out, $err, $status
	out=$("$oomrank" --root "$m" "$@" 2>"$tmp/err")
	status=$?
	err=$(cat "$tmp/err")
}
pids() { # VERDICT: those of the JSON in $out
	jq -r --arg v "$1" 'select(.verdict == $v) | .pid' <<<"$out" | xargs
}

run
equal "a report: exit status, nothing on standard error" "$status:$err" 0:
equal "a report: as it is expected" "$(tail -n +2 <<<"$out" | diff - "$srcdir/tests/expected/oomrank-machine.txt")" ""
matches "a report: time and load" "$(head -n 1 <<<"$out")" '^[0-9:]{8} loadavg: 0\.33 1\.04 12\.50 3/282 13724$'
run --cgroup /shop
equal "--cgroup: as it is expected" "$status:$err:$(tail -n +2 <<<"$out" | diff - "$srcdir/tests/expected/oomrank-memcg.txt")" 0::
shop=$(tail -n +2 <<<"$out")
for name in shop /shop/ /sys/fs/cgroup/shop "$m/sys/fs/cgroup/shop"; do
	run --cgroup "$name"
	equal "--cgroup $name" "$(tail -n +2 <<<"$out" | diff - <(echo "$shop"))" ""
done
out=$(cd "$m/sys/fs/cgroup/shop/web" && "$builddir/tools/oomrank" --root "$m" --cgroup ..)
equal "--cgroup .. from the directory below" "$(tail -n +2 <<<"$out" | diff - <(echo "$shop"))" ""
run --cgroup "$tmp"
equal "--cgroup of a directory elsewhere" "$status:$err" \
	"1:oomrank: $tmp is no memory cgroup: those are below $m/sys/fs/cgroup; 'cat /proc/PID/cgroup' shows the cgroups of a process"
run --cgroup /shop/web
equal "--cgroup without a limit: that above it" "$(tail -n +2 <<<"$out" | diff - <(echo "$shop")):$err" \
	":oomrank: warning: /shop/web has no limit of its own, that of /shop holds: 1.0G"
run --cgroup /batch
matches "--cgroup without any limit: it is said" "$status:$err" '^0:oomrank: warning: neither /batch nor a cgroup above it has a limit: .* whole machine'
matches "and the machine is ranked" "$out" 'OOM: the whole machine: 5\.0G'
mkdir -p "$m/sys/fs/cgroup/shop/web/thread/pool" "$m/sys/fs/cgroup/bare"
run --cgroup /shop/web/thread/pool
equal "--cgroup without the memory controller: where its memory counts" "$(tail -n +2 <<<"$out" | diff - <(echo "$shop")):$err" \
	":oomrank: warning: /shop/web/thread/pool has no memory controller, its memory counts in /shop/web; /shop/web has no limit of its own, that of /shop holds: 1.0G"
run --cgroup bare
matches "--cgroup without the controller, not even above it" "$status:$err:$out" \
	'^0:oomrank: warning: /bare has no memory controller, its memory counts in /; neither / nor .*OOM: the whole machine'
rm -r "$m/sys/fs/cgroup/shop/web/thread" "$m/sys/fs/cgroup/bare"
echo 1200M | numfmt --from=iec >"$m/sys/fs/cgroup/shop/web/memory.max"
run --cgroup /shop/web
matches "--cgroup below another that runs out before" "$err:$out" \
	'^:.*OOM: memcg /shop/web, limit 1\.2G, .*688\.0M left below its limit.OOM:   runs out before it: /shop, 512\.0M left.OOM: Proc'
echo max >"$m/sys/fs/cgroup/shop/web/memory.max"
run --cgroup /none
matches "--cgroup that is not there" "$status:$err" "^1:oomrank: there is no memory cgroup '.*/none'"
run --cpuset 0
matches "--cpuset" "$status:$out" '^0:.*KILL'
run --cpuset 0-1
matches "--cpuset: a node that there is not" "$status:$err" '^1:oomrank: --cpuset 0-1: this machine has only '
for nodes in 64 0-9999999999; do
	run --cpuset $nodes
	matches "--cpuset $nodes: no machine has so many" "$status:$err" "^1:oomrank: --cpuset $nodes: this machine has only "
done
run --cpuset nonsense
matches "--cpuset: nonsense" "$status:$err" "^1:oomrank: 'nonsense' is neither a list of NUMA nodes"
run --mempolicy 0 -j
matches "--mempolicy" "$status:$(jq -r '"\(.domain) \(.domain_nodes)"' <<<"$out" | sort -u)" '^0:mempolicy 0$'
run --mempolicy /cpus
matches "--mempolicy: no nodes" "$status:$err" "^1:oomrank: '/cpus' is no list of NUMA nodes"
mkdir -p "$m/sys/fs/cgroup/cpus" && echo 0 >"$m/sys/fs/cgroup/cpus/cpuset.mems.effective"
run --cpuset /cpus
matches "--cpuset: a cgroup" "$status:$err:$out" '^0::.*KILL'

run -a
equal "-a: all are there" "$(grep -oE 'proc [0-9]+' <<<"$(sed -n '/Finding/,$p' <<<"$out")" | sort -u | wc -l)" 8
run -r 1
equal "-r: rows of each list" "$(grep -cE '^OOM:   proc ' <<<"$out")" 1
matches "-r: how many more" "$out" '\.\.\. and [0-9]+ more'
equal "at most 80 columns" "$("$oomrank" --root "$m" -a | grep -E '^.{81}')" ""

run -j
equal "-j: verdicts" "$(pids kill):$(pids with):$(pids next):$(pids skip | xargs -n 1 | sort -n | xargs)" "2001:2002:3001 3003 3002:1 612 1043"
equal "-j: the order is that of the ranks" "$(jq -r 'select(.rank) | .rank' <<<"$out" | xargs)" "1 2 3 4"
equal "-j: the points" "$(jq -c 'select(.verdict == "kill") | [.points, .adj_pages, .rss_bytes, .pgtables_bytes, .oom_score_adj, .domain_pages]' <<<"$out")" \
	"[208100,131000,314572800,1228800,100,1310720]"
equal "-j: reasons" "$(jq -c 'select(.pid == 612 or .pid == 2002) | [.reason, .reason_memcg_path]' <<<"$out" | sort | xargs)" \
	'[memory.oom.group,/shop/web] [oom_score_adj -1000,null]'
equal "-j: command lines" "$(jq -r 'select(.pid == 2001) | .command_line' <<<"$out")" "/usr/bin/shop --serve all"
equal "-j: each object has all keys" "$(jq -c 'keys | length' <<<"$out" | sort -u | wc -l)" 1
run -j -r 2
equal "-j -r: so many objects" "$(wc -l <<<"$out")" 2
run -j --cgroup shop
equal "-j --cgroup: only those in it, and its size" "$(jq -c '[.pid, .domain, .domain_memcg_path, .domain_pages, .domain_usage_bytes]' <<<"$out" | xargs)" \
	'[2001,memcg,/shop,262144,536870912] [2002,memcg,/shop,262144,536870912]'

run --all-domains
equal "--all-domains" "$out" "$(cat "$srcdir/tests/expected/oomrank-domains.txt")"
run --all-domains 0.01 2
matches "--all-domains at intervals: when each was" "$out" '^Reports at intervals.*[0-9:]{8} loadavg: 0\.33 .* FULL%.*\(the machine\).*[0-9:]{8} loadavg: 0\.33 .* FULL%'
run --all-domains -T
matches "--all-domains -T: with the date" "$(head -n 1 <<<"$out")" '^[0-9]{4}-[0-9-]{5}.* loadavg: '
run --all-domains -r 1
equal "--all-domains -r: so many of them" "$out" "$(head -n 2 "$srcdir/tests/expected/oomrank-domains.txt")
... and 1 more"
run --all-domains -j
equal "--all-domains -j" "$(jq -c '[.domain_memcg_path, .pid, .full_percent, .dies]' <<<"$out" | xargs)" '[null,2001,75,2] [/shop,2001,50,2]'

run --simulate
matches "--simulate: the line of oomkill, marked" "$(head -n 1 <<<"$out")" \
	'^[0-9:]{8} Triggered by PID n/a \("n/a"\), OOM kill of PID 2001 \("shop"\), 1310720 pages, loadavg: .*, simulated true$'
equal "--simulate: and the block" "$(tail -n +2 <<<"$out" | diff - "$srcdir/tests/expected/oomrank-simulated.txt")" ""
run --simulate -j
equal "--simulate -j" "$(jq -c '[.simulated, .victim_pid, .victim_points, [.members[].pid]]' <<<"$out")" '[true,2001,208100,[2002]]'
equal "it is what oomkill can read" "$(oomkill=$builddir/tools/oomkill && "$oomkill" --replay - -j <<<"$out" | jq .victim_pid)" 2001

run --verify
equal "--verify: all the same" "$status:$out" "0:8 processes compared, 0 differ"
echo 700 >"$m/proc/3001/oom_score"
run --verify
equal "--verify: one is not" "$status:$out" "1:PID 3001 'batch': oom_score 700, reckoned 692
8 processes compared, 1 differ"
run --verify -j
equal "--verify -j" "$status:$out" '1:{"pid":3001,"comm":"batch","oom_score":700,"reckoned_score":692}'
echo 692 >"$m/proc/3001/oom_score"

touch "$m/unfinished"
run -j
matches "a machine that was not captured to the end" "$status:$(pids kill):$err" "^0:2001:oomrank: warning: the capture of the machine in $m was ended before it had all"
rm "$m/unfinished"
refuses_capture() { # DIR REGEX
	"$oomrank" --capture "$1" 2>"$tmp/err"
	matches "--capture ${1##*/}" "$?:$(cat "$tmp/err")" "^1:oomrank: $2"
}
refuses_capture "$m" "$m is there already: a new directory is made"
refuses_capture "$tmp/none/x" "cannot write $tmp/none/x: No such file"

(trap '' XFSZ && ulimit -f 1 && exec "$oomrank" --capture "$tmp/half" 2>"$tmp/err")
matches "--capture that cannot write all" "$?:$(cat "$tmp/err")" "^1:oomrank: cannot write $tmp/half: File too large"
check "and says so where it is read" test -e "$tmp/half/unfinished"

# Two with as many points: the later one in the cgroup's list; the younger one, where that is not known.
for pid in 4001 4002; do rank_process "$m" $pid twin 350 100 /batch $pid; done
echo 262144000 >"$m/sys/fs/cgroup/batch/memory.max"
victim() { "$oomrank" --root "$m" -j --cgroup /batch | jq 'select(.verdict == "kill") | .pid'; }
equal "a tie: by age" "$(victim)" 4002
printf '%s\n' 3001 4002 4001 >"$m/sys/fs/cgroup/batch/cgroup.procs"
equal "a tie: as the cgroup has them" "$(victim)" 4001
rm -r "$m/proc/4001" "$m/proc/4002" "$m/sys/fs/cgroup/batch/cgroup.procs"
echo max >"$m/sys/fs/cgroup/batch/memory.max"

# Again and again.
run 0.01 3
equal "interval and count" "$status:$(grep -c Finding <<<"$out")" 0:3
equal "from the second on: what has changed" "$(grep -c 'available (+0B)' <<<"$out")" 2
"$oomrank" --root "$m" --changes 0.05 >"$tmp/out" 2>"$tmp/err" &
tool=$!
end() { kill "$tool" 2>/dev/null; true; }
at_exit end
wait_for 30 grep -q Finding "$tmp/out"
rank_process "$m" 3001 batch 1200 0 /batch 600
wait_for 30 grep -q '\*KILL\* proc 3001' "$tmp/out"
ok "--changes: another victim" $?
rm -r "$m/proc/2001"
wait_for 30 grep -q '(gone) proc 2001' "$tmp/out"
ok "--changes: one that has gone" $?
sed -i 's/^MemAvailable.*/MemAvailable:     524288 kB/' "$m/proc/meminfo"
wait_for 30 grep -q '512.0M available (-512.0M)' "$tmp/out"
ok "--changes: memory" $?
kill "$tool"
wait "$tool"
equal "--changes: one whole report" "$?:$(grep -c Finding "$tmp/out")" 0:1
# Each of the three changes may have been seen half done, too.
reports=$(grep -c '^[0-9:]* loadavg' "$tmp/out")
check "--changes: and a short one for each change" test "$reports" -ge 4 -a "$reports" -le 7
m=$tmp/again
rank_machine "$m"

# Nobody can be killed.
for pid in 2001 2002 3001 3002 3003; do echo -1000 >"$m/proc/$pid/oom_score_adj"; done
run
matches "nobody is left" "$status:$out" '^0:.*nobody can be killed: the kernel panics'
run --simulate
matches "--simulate: nobody is left" "$status:$out" '^0:.*nobody can be killed'
run -c "explain victim"
matches "explain victim: nobody is" "$status:$err" '^1:.*nobody would be killed'
echo 1 >"$m/proc/sys/vm/panic_on_oom"
run
matches "panic_on_oom" "$out" 'vm.panic_on_oom is set'

refused() { # MESSAGE ARG...
	local want=$1
	shift
	"$oomrank" "$@" >"$tmp/out" 2>"$tmp/err"
	equal "oomrank $*: exit status" "$?:$(wc -l <"$tmp/err"):$(cat "$tmp/out")" 2:1:
	matches "oomrank $*: message" "$(cat "$tmp/err")" "$want"
}
refused "^oomrank: --changes tells what has changed .* give an interval" --changes
refused "^oomrank: --cgroup, --cpuset and --mempolicy are domains" --cgroup /a --cpuset 0
refused "^oomrank: --all-domains does not go with --cgroup" --all-domains --cgroup /a
refused "^oomrank: --simulate tells of one kill" --simulate --all-domains
refused "^oomrank: --simulate tells of one kill" --simulate --changes 1
refused "^oomrank: --root and --proc use no BPF" --root / --ebpf
refused "^oomrank: --root and --proc use no BPF" --proc --probe x.c
refused "^oomrank: --capture does not go with" --capture x --verify
for option in "--cgroup /shop" "--cpuset 0" --all-domains --simulate "--changes"; do
	# shellcheck disable=SC2086
	refused "^oomrank: --capture and --verify are of all processes" --verify $option
done
refused "^oomrank: --capture and --verify are of all processes" --capture x --cgroup /shop
refused "^oomrank: --capture and --verify are done at once" --verify -c rank
refused "^oomrank: --capture and --verify are done once" --verify 1
refused "^oomrank: --rows: '0' is not" -r 0
refused "^oomrank: .*'0' is not" 0
refused "." 1 0
refused "." 1 2 3
rank_machine "$tmp/pipes"
for file in meminfo loadavg 2001/stat 2001/cgroup; do
	rm "$tmp/pipes/proc/$file" && mkfifo "$tmp/pipes/proc/$file"
done
timeout 60 "$oomrank" --root "$tmp/pipes" >"$tmp/out" 2>"$tmp/err"
matches "--root with pipes in it does not wait for them" "$?:$(cat "$tmp/err")" "^1:oomrank: cannot read .*/proc/meminfo: Illegal seek"
run_root() { "$oomrank" --root "$1" >"$tmp/out" 2>"$tmp/err"; }
run_root "$tmp/none"
equal "--root that is not there" "$?:$(cat "$tmp/err")" "1:oomrank: --root: cannot read $tmp/none: No such file or directory"
rank_machine "$tmp/broken"
sed -i /MemAvailable/d "$tmp/broken/proc/meminfo"
run_root "$tmp/broken"
matches "--root with a broken file" "$?:$(cat "$tmp/err")" "^1:oomrank: cannot read $tmp/broken/proc/meminfo: a line is missing"
mkdir "$tmp/empty"
run_root "$tmp/empty"
matches "--root of no machine" "$?:$(cat "$tmp/err")" "^1:oomrank: cannot read .*/proc"
"$oomrank" --root "$m" >/dev/full 2>"$tmp/err"
matches "a full disk" "$?:$(cat "$tmp/err")" '^1:oomrank: cannot print: No space left'
