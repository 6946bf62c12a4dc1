#!/usr/bin/env bash
# Texts are swapped under a storm of OOM kills: each kill is told once, whole, by the text that ran when it began.
. "${srcdir:-.}/tests/console/oomkill.sh"
can_trace
for i in {1..10}; do
	cgroups[i]=$(memcg_make "swap$i" $((4 << 20)))
	at_exit memcg_remove "${cgroups[i]}"
done
nice_text "$tmp/one.c"
nice_text "$tmp/two.c" -e 's/__s32 nice;/__s32 nice;\n\t__u64 swapped;/' -e 's/e->nice =/e->swapped = 1009;\n\te->nice =/'
# 20 swaps and more between three layouts, and kills between all of them.
{
	echo "record $tmp/kills"
	for i in {1..7}; do
		printf 'load %s\napply\nwait 1 events 120\n' "$tmp/one.c"
		printf 'load %s\napply\nwait 1 events 120\n' "$tmp/two.c"
		[ "$i" = 7 ] || printf 'undo\nundo\nwait 1 events 120\n'
	done
	printf 'undo\nstatus\necho swapped\n'
} >"$tmp/script"
start swap oomkill -X "$tmp/script" -d 900
# The storm goes on until the script is through; the texts are compiled under it.
: >"$tmp/killed"
is_through() { grep -q '^swapped$' "$tmp/swap.out" || ! kill -0 "$pid" 2>/dev/null; }
storms=0
until is_through || [ "$storms" = 60 ]; do
	"$builddir/tests/workloads/storm" 19 6 20 "${cgroups[@]}" >>"$tmp/killed" || break
	storms=$((storms + 1))
done
all=$(wc -l <"$tmp/killed")
equal "whoever was to be killed was" "$all" $((storms * 19))
echo "# $all kills" >&2
check "all swaps were made" grep -q '^swapped$' "$tmp/swap.out"
equal "none failed" "$(grep -v oom_score_adj "$tmp/swap.err")" ""
cut -d ' ' -f 1 "$tmp/killed" | sort >"$tmp/victims"
ours() { # FILTER: of our victims, not of those of another storm
	jq -c --rawfile ours "$tmp/victims" "(\$ours | split(\"\n\")) as \$pids |
		select(.victim_comm == \"storm-victim\" and (.victim_pid | tostring | IN(\$pids[]))) | $1" "$tmp/kills" | sort
}
all_told() { [ "$(ours .victim_pid | grep -cxFf "$tmp/victims")" -ge "$all" ]; }
wait_for 60 all_told

equal "each is told, and once" "$(ours .victim_pid | grep -xFf "$tmp/victims" | diff - "$tmp/victims")" ""
stop "$pid"
equal "it ends well" "$status" 0
equal "and each has its line" "$(sed -nE 's/.*OOM kill of PID ([0-9]+) \("storm-victim"\), 1024 pages.*/\1/p' "$tmp/swap.out" |
	grep -xFf "$tmp/victims" | sort | diff - "$tmp/victims")" ""
equal "in the order of the kernel's clock" "$(jq .kernel_time_ns "$tmp/kills" | sort -nc 2>&1)" ""
ours '[.nice, .swapped] | @text' | sort | uniq -c >"$tmp/layouts"
cat "$tmp/layouts" >&2
equal "by three texts, and each has its values right" "$(sed 's/.*"\[/[/; s/"$//' "$tmp/layouts" | tr '\n' ' ')" '[0,1009] [0,null] [null,null] '
equal "and whole: size and domain" "$(ours '[.domain_bytes, .domain, .victim_uid] | @text' | uniq)" "\"[$((4 << 20)),\\\"memcg\\\",0]\""
equal "begun by one text and ended by another, they have their end" "$(ours '.is_over and .exited_after_ns != null' | uniq -c | awk '{print $2}' | xargs)" true
equal "none is said to be missing" "$(grep missing "$tmp/swap.err")" ""
