#!/usr/bin/env bash
# oomrank --policy FILE and --compare: each policy that comes with oomtools on a machine made by hand and on living
# processes; what is refused, and why.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/rank.sh"
can_trace
export OOMTOOLS_POLICIES=$srcdir/bpf-src/policies
oomrank=$tools/oomrank
m=$tmp/machine

run() { # OPTION...: $out, $err, $status
	out=$("$oomrank" "$@" 2>"$tmp/err")
	status=$?
	err=$(cat "$tmp/err")
}
chosen() { # OPTION...: who would die, of that machine
	run --root "$m" -j "$@"
	jq -r '[.policy, .pid, .killed_memcg_path // "-", (.killed | map(.pid) | join("+"))] | join(" ")' <<<"$out"
}

# The kernel would take the database; a batch job is in a cgroup of its own; the agent was started after all that are
# large.
rank_machine "$m"
rank_process "$m" 1043 postgres 600 0 / 300
rank_process "$m" 2001 shop 300 0 /shop/web 400
rank_process "$m" 3004 batch-helper 2 0 /batch 610
equal "the kernel's own choice" "$(chosen --policy kernel)" "kernel 1043 - 1043"
equal "protect-database: the largest of the others, and its group" "$(chosen --policy protect-database)" "protect-database 2001 - 2001+2002"
equal "prefer-batch: that cgroup, whole" "$(chosen --policy prefer-batch)" "prefer-batch 3004 /batch 3001+3004"
equal "youngest-first: the last that is large" "$(chosen --policy youngest-first)" "youngest-first 3002 - 3002"
equal "youngest-first in a cgroup: of its own size" "$(chosen --policy youngest-first --cgroup /shop)" "youngest-first 2002 - 2002+2001"
equal "--compare: all, and those given" "$(chosen --compare --policy youngest-first --policy rss --policy prefer-batch | cut -d' ' -f1,2 | xargs)" \
	"kernel 1043 rss 1043 largest-cgroup 2001 oomd 2001 earlyoom 1043 youngest-first 3002 prefer-batch 3004"
run --root "$m" --policy prefer-batch
equal "the report" "$(sed 1d <<<"$out")" "OOM: What if the policy were prefer-batch, for the whole machine? Nobody is killed.
OOM:   *KILL* proc 3004 'batch-helper', 2.0M, the whole cgroup /batch
OOM:        + proc 3001 'batch', 200.8M
OOM:        = 2 processes, ~202.8M
OOM:        as: batch, and the largest such cgroup: 200.0M, whole cgroup"
run --root "$m" --compare -j --policy youngest-first --policy protect-database --policy prefer-batch --cgroup /shop
equal "each says why in words" "$(jq -r 'select(.policy | test("-[bdf]")) | .why' <<<"$out" | sed 's/ [0-9.]*\( min\| h\| days\)\?$//')" \
	'the youngest with 1 % of the memory or more, age
not the database; the most points:
there is no batch job; the most points:'
run --root "$m" --compare --policy youngest-first
equal "the table" "$(sed 1,2d <<<"$out" | awk '{ print $1, $2, $3, $4 }' | xargs)" \
	"POLICY PID COMM DIES kernel 1043 postgres 1 rss 1043 postgres 1 largest-cgroup 2001 shop 2 oomd 2001 shop 2 earlyoom 1043 postgres 1 youngest-first 3002 agent 1"

# Texts of one's own: as a file, printed, edited.
cp "$srcdir/bpf-src/policies/youngest-first.bpf.c" "$tmp/mine.bpf.c"
sed -i 's/return -(s64)candidate->age_ns/return candidate->age_ns/' "$tmp/mine.bpf.c"
equal "a file" "$(chosen --policy "$tmp/mine.bpf.c")" "mine 1043 - 1043"
"$oomrank" --ebpf --policy "$tmp/mine.bpf.c" >"$tmp/whole.c"
ok "--ebpf prints the text" $?
matches "with its frame" "$(cat "$tmp/whole.c")" 'return candidate->age_ns.*iter__bpf_map_elem'
sed -i 's/return candidate->age_ns/return -(s64)candidate->age_ns/' "$tmp/whole.c"
equal "what was printed can be run" "$(chosen --policy "$tmp/whole.c")" "whole 3002 - 3002"
equal "from standard input" "$(chosen --policy - <"$tmp/mine.bpf.c")" "standard input 1043 - 1043"

# What is at fault is told at its line, with the file's name.
sed '/return/s/candidate->age_ns/candidate->agee_ns/' "$tmp/mine.bpf.c" >"$tmp/typo.bpf.c"
line=$(grep -n agee_ns "$tmp/typo.bpf.c" | cut -d: -f1)
run --root "$m" --policy "$tmp/typo.bpf.c"
matches "does not compile" "$status:$err" "^1:oomrank: $tmp/typo.bpf.c:$line:[0-9]+: error: no member named 'agee_ns'"
sed '/return/s/candidate->age_ns/*(volatile s64 *)candidate->age_ns/' "$tmp/mine.bpf.c" >"$tmp/wild.bpf.c"
run --root "$m" --compare --policy "$tmp/wild.bpf.c"
matches "is refused by the kernel" "$status:$err" "^1:oomrank: $tmp/wild.bpf.c:$line: the kernel's verifier refuses"
# What clang would only warn of, and what would do something: bpf_send_signal() ends oomrank itself.
policy_text() { # STATEMENT...: in $tmp/bad.c, at line 4
	printf '#include "oompolicy.bpf.h"\nOOM_POLICY(bad, candidate, domain)\n{\n%s\n}\n' "$*" >"$tmp/bad.c"
}
refused() { # DESCRIPTION STATEMENT REGEX: behind the name of the file
	policy_text "$2"
	run --root "$m" --policy "$tmp/bad.c"
	matches "$1" "$status:$err" "^1:oomrank: $tmp/bad.c:$3"
}
refused "no score" '' "5:1: error: .* does not return a value"
refused "a score that is a text" 'return candidate->comm;' "4:[0-9]+: error: incompatible pointer"
refused "a score that would become another" 'return 0.5;' "4:[0-9]+: error: .*from 0.5 to 0"
refused "a policy that would kill" 'bpf_send_signal(9); return 0;' "4:[0-9]+: error: .*poisoned"
refused "a loop that is too long" 'volatile int i = 0; for (;;) if (i++ == 5000000) break; return i;' "4: .*gives up .* each turn of a loop"
refused "a number with a sign that is divided" 'return candidate->points / 3;' "4: error: BPF cannot divide numbers that have a sign"
refused "floating-point numbers" 'return 0.3 * candidate->points;' "4:[0-9]+: error: .*floating-point number into integer"
equal "how to divide" "$(policy_text 'return oom_policy_divide(-7, 2) * 100 + oom_policy_divide(-9, -4) * 10 + oom_policy_divide(5, 0);' &&
	"$oomrank" --root "$m" -j --policy "$tmp/bad.c" | jq -r .why)" "score -280"
equal "nobody is left, and what then" "$(policy_text 'return OOM_POLICY_SPARE;' && chosen --compare --policy "$tmp/bad.c" | tail -n 1)" "bad  - "
run --root "$m" --policy "$tmp/bad.c"
matches "a policy that spares all" "$status:$out" "^0:.*nobody: it spares all [0-9]+: a kernel that asked it would then choose"
run --root "$m" --policy rss --cgroup /shop
equal "the report of a cgroup" "$(sed -n 2,3p <<<"$out")" "OOM: What if the policy were rss? Nobody is killed.
OOM: memcg /shop"

echo 'int x;' >"$tmp/none.c"
run --root "$m" --policy "$tmp/none.c"
matches "is no policy" "$status:$err" "^1:oomrank: $tmp/none.c is no policy: it has no OOM_POLICY"
chmod 666 "$tmp/mine.bpf.c"
run --root "$m" --policy "$tmp/mine.bpf.c"
matches "others may write to it" "$status:$err" "^1:oomrank: $tmp/mine.bpf.c is not run: others may write to the file"
equal "--force" "$(chosen --force --policy "$tmp/mine.bpf.c")" "mine 1043 - 1043"

# On living processes, from the kernel.
cgroup=$(memcg_make policy $((256 << 20)))
ok "a memory cgroup" $?
at_exit memcg_remove "$cgroup"
has_memory() { # PID MIB
	[ "$(awk '/^RssAnon/ { print $2 }' "/proc/$1/status")" -ge $(($2 << 10)) ]
}
hog_of() { # NAME MIB: its pid is in $pid
	memcg_start "$cgroup" "$hog" -n "$1" "$2"
	pid=$!
	at_exit stop_quietly "$pid"
	wait_for 60 has_memory "$pid" "$2"
}
hog_of postgres 40 && database=$pid
hog_of large 30 && large=$pid
hog_of young 20 && young=$pid
ok "three programs in it" $?
run -j --cgroup "$cgroup" --compare --policy protect-database --policy youngest-first
equal "each to his own" "$(jq -r 'select(.policy | IN("kernel", "rss", "protect-database", "youngest-first")) | "\(.policy) \(.pid)"' <<<"$out" | xargs)" \
	"kernel $database rss $database protect-database $large youngest-first $young"
run --cgroup "$cgroup" -c "policy youngest-first; compare protect-database; policy none"
matches "the console" "$out" "\*KILL\* proc $young 'young'.*protect-database +$large large "
matches "the console: what there is not" "$status:$err" "^1:.*policy: there is no policy 'none': there are kernel, .* prefer-batch, protect-database, youngest-first;"
chmod 755 "$tmp"
chmod 644 "$tmp/mine.bpf.c"
out=$(setpriv --reuid 65534 --regid 65534 --clear-groups env -u OOMTOOLS_CACHE_DIR "$oomrank" --root "$m" --policy prefer-batch 2>&1)
matches "without root: not permitted" "$?:$out" '^3:oomrank: '
out=$(setpriv --reuid 65534 --regid 65534 --clear-groups env -u OOMTOOLS_CACHE_DIR "$oomrank" --root "$m" --policy rss 2>&1)
matches "those that are no texts need no root" "$?:$out" "^0:.*KILL\* proc 1043 'postgres'"
