#!/usr/bin/env bash
# oomprof --check: what it says of a file and of a running program is what a kill then gives.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
OOMTOOLS_GO_VERSIONS="1.19 1.24 1.27" find_toolchains
oomprof=$tools/oomprof
cd "$tmp" || exit

start watch oomprof -j -n 0 -o "$tmp/profiles"
watch=$pid

told() { # KEY ARGUMENT: that member of what --check says; its exit status is in $tmp/status
	"$oomprof" -j --check "$2" >"$tmp/checked"
	echo $? >"$tmp/status"
	json "$tmp/checked" "$1"
}
exit_status() { # VERDICT: of --check
	[ "$1" = written ]
	echo $?
}
# agree NAME FILE-VERDICT VERDICT COMMAND...: --check of the file, of the process, and its kill
agree() {
	local name=$1 of_file=$2 want=$3
	shift 3
	equal "$name: the file" "$(told verdict "$1"):$(cat "$tmp/status")" "$of_file:$(exit_status "$of_file")"
	cgroup=$(memcg_make agree $((96 << 20)))
	memcg_start "$cgroup" "$@" >"$tmp/ready" 2>&1
	victim=$!
	wait_for 60 grep -q READY "$tmp/ready"
	kill -STOP "$victim"
	told verdict "$victim" >"$tmp/told"
	want=$(unless_enabled "$want" "$tmp/checked")
	equal "$name: the process" "$(cat "$tmp/told" "$tmp/status" | paste -sd :)" "$want:$(exit_status "$want")"
	check "$name: killed" squeeze "$cgroup" "$victim"
	wait "$victim" 2>/dev/null
	memcg_remove "$cgroup"
	until_line 60 "$tmp/watch.out" "\"pid\":$victim," >"$tmp/event"
	equal "$name: what the kill gave" "$(json "$tmp/event" outcome)" "$want"
}
while read -r version kind; do
	program=$("$workloads/go-victim" "$version" "$kind" leaky 2>"$tmp/log")
	symbols=$("$workloads/go-victim" "$version" "${kind%-stripped}" leaky 2>"$tmp/log")
	agree "Go $version $kind" written written "$program" -rate 1 -buckets 997
	equal "Go $version $kind: as many buckets as foretold" \
		"$(json "$tmp/checked" buckets)" "$(json "$tmp/event" buckets_read)"
	foretold=$(json "$tmp/checked" profile_bytes)
	size=$(stat -c %s "$(json "$tmp/event" file)")
	echo "# a profile of $size bytes, foretold $foretold"
	[ $((foretold * 10)) -gt $((size * 8)) ] && [ $((foretold * 8)) -lt $((size * 10)) ]
	ok "Go $version $kind: a file about as large as foretold" $?
	equal "Go $version $kind: version" "$(json "$tmp/checked" go_version)" "$(json "$tmp/event" go_version)"
	equal "Go $version $kind: where mbuckets is" "$(printf '%016x' "$(json "$tmp/checked" mbuckets_address)")" \
		"$(readelf -sW "$symbols" 2>/dev/null | awk '$8 == "runtime.mbuckets" { print $2 }')"
done <<-END
	1.19 exec
	1.24 cgo-pie
	1.27 pie-stripped
END
leaky=$("$workloads/go-victim" 1.19 exec leaky) && noprof=$("$workloads/go-victim" 1.19 exec noprof)
ok "the others build" $?
agree "off by the linker" profiling_off_by_linker profiling_off_by_linker "$noprof"
agree "off by the program" written profiling_off_by_program "$leaky" -rate 0
printf '#!/bin/bash\nkept=$(head -c 16M /dev/zero | tr "\\0" x)\necho READY; kill -STOP $$\n' >script && chmod +x script
agree "a script" not_go not_go "$tmp/script"

arm=$("$workloads/go-victim" 1.19 arm64 leaky 2>"$tmp/log")
equal "built for another machine" "$(told verdict "$arm") $(json "$tmp/checked" machine) $(json "$tmp/checked" go_version)" \
	"other_machine arm64 $("$oomprof" -j --check "$leaky" | jq -r .go_version)"

# Larger than the sample from which the size is estimated.
"$leaky" -rate 1 -buckets 12007 >"$tmp/ready" &
many=$!
at_exit stop_quietly "$many"
wait_for 60 grep -q READY "$tmp/ready"
kill -STOP "$many"
foretold=$(told profile_bytes "$many")
"$oomprof" -j -n 0 -o "$tmp/profiles" -p "$many" >"$tmp/living"
size=$(stat -c %s "$(json "$tmp/living" file)")
echo "# a profile of $size bytes, foretold $foretold"
[ $((foretold * 2)) -gt "$size" ] && [ "$foretold" -lt $((size * 2)) ]
ok "many buckets: a file about as large as foretold" $?
equal "many buckets: their number" "$(json "$tmp/checked" buckets)" "$(json "$tmp/living" buckets_read)"
kill -CONT "$many"

# Processes in all sorts of circumstances.
mkfifo "$tmp/end"
bash -c 'read -r _ <end & exec sleep 60' &
parent=$!
at_exit stop_quietly "$parent"
wait_for 20 grep -qx sleep "/proc/$parent/comm" # it reaps nobody any more
echo >"$tmp/end"
wait_for 20 eval "zombie=\$(ps -o pid=,stat= --ppid $parent | awk '\$2 ~ /Z/ { print \$1 }'); [ \"\$zombie\" ]"
equal "a zombie" "$(told verdict "$zombie")" no_victim
equal "a kernel thread" "$(told verdict 2)" no_victim
cp "$leaky" "$tmp/removed"
mkdir "$tmp/mounted"
unshare -m bash -c 'mount -t tmpfs none mounted && cp removed mounted/inside && exec "$PWD/mounted/inside"' >"$tmp/ready" &
inside=$!
at_exit stop_quietly "$inside"
wait_for 20 grep -q READY "$tmp/ready"
equal "in a mount namespace of its own" "$(told verdict "$inside")" written
equal "with the path as it is there" "$(json "$tmp/checked" executable)" "$tmp/mounted/inside"
bash -c "echo READY; read -r _; exec '$tmp/removed'" <<<"" >"$tmp/ready" &
replaced=$!
at_exit stop_quietly "$replaced"
wait_for 20 eval '[ "$(grep -c READY "$tmp/ready")" = 2 ]'
rm "$tmp/removed"
equal "one that replaced itself, its file removed" "$(told verdict "$replaced")" written
equal "and says so" "$(json "$tmp/checked" executable)" "$tmp/removed (deleted)"

chmod 755 "$tmp"
said=$(setpriv --reuid=65534 --regid=65534 --clear-groups "$oomprof" --check "$replaced" 2>&1)
equal "a process of somebody else: exit status" "$?" 3
equal "and what to do" "$said" "oomprof: PID $replaced may not be looked into: it is not yours, or ptrace is restricted; run as root"
said=$(setpriv --bounding-set=-sys_ptrace "$oomprof" --check "$replaced" 2>&1)
equal "root without CAP_SYS_PTRACE: exit status" "$?" 3
equal "and what is missing" "$said" "oomprof: PID $replaced may not be looked into: CAP_SYS_PTRACE is missing"
"$oomprof" --check "$leaky" >/dev/full 2>"$tmp/said"
equal "where it cannot print: exit status" "$?" 1
setpriv --reuid=65534 --regid=65534 --clear-groups "$oomprof" --check "$leaky" "$replaced" /bin/sh >"$tmp/said" 2>&1
equal "beside one that gives none: exit status" "$?" 1
said=$("$oomprof" --check "$leaky" "$replaced")
equal "several that would: exit status" "$?" 0
equal "and a verdict for each" "$(grep -c '^  would be written$' <<<"$said")" 2

stop "$watch"
equal "the watcher ends well" "$status" 0
