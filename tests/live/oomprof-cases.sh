#!/usr/bin/env bash
# Victims in every circumstance: each has its profile, complete, under its own name and PID.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
. "$srcdir/tests/live/cases.sh"
can_trace
OOMTOOLS_GO_VERSIONS="1.19 1.24" find_toolchains
dash=$("$workloads/go-victim" 1.19 exec dash) && other=$("$workloads/go-victim" 1.24 pie dash) &&
	unborn=$("$workloads/go-victim" 1.19 exec unborn)
ok "the victims build" $?
start watch oomprof -v -j -n 0 -o "$tmp/profiles"
known "$dash" "$other"

kill_in unborn $((64 << 20)) "$unborn"
whole "killed while it counts a new site" "$victim" "$unborn"

ten=()
for i in {1..10}; do
	dashing "ten$i" "$dash" stop
	ten+=("$victim")
done
dash_on "${ten[@]}"
for i in {1..10}; do whole "ten in ten cgroups, $i" "${ten[i - 1]}" "$dash"; done

# Killed some 20 ms after its exec, again and again.
again=()
for i in {1..100}; do
	kill_in "again$i" $((24 << 20)) "$dash"
	again+=("$victim")
done
event_of "${again[99]}" >/dev/null
good=0
for i in "${again[@]}"; do
	event_of "$i" >"$tmp/event"
	[ "$(json "$tmp/event" outcome):$(json "$tmp/event" walk_complete)" = written:true ] && good=$((good + 1))
done
equal "restarted 100 times: profiles" "$good" 100
whole "the last of these" "${again[99]}" "$dash"

# The first thing ever seen of the file is this exec. Whoever dies within its first milliseconds may be gone before
# the file could be looked into; on a machine as busy as one with tests some may.
first=0
for i in {1..10}; do
	cp "$dash" "$tmp/first$i"
	kill_in "first$i" $((24 << 20)) "$tmp/first$i"
	event_of "$victim" >"$tmp/event"
	case $(json "$tmp/event" outcome) in written) first=$((first + 1)) ;; unknown_program) ;; *) first=-100 ;; esac
done
echo "# $first of 10 first runs have a profile"
ok "a program's very first run, killed at once" $((first < 1))

dashing leaderless "$dash" leaderless stop
dash_on "$victim"
whole "its first thread has exited" "$victim" "$dash"

dashing becomes "$dash" exec "$other" stop
dash_on "$victim"
whole "a Go program that became another one" "$victim" "$other"
dashing shell sh -c 'sleep 0.1; exec "$@"' sh "$dash" stop
dash_on "$victim"
whole "a shell that became a Go program" "$victim" "$dash"
kill_in hog $((24 << 20)) "$dash" exec "$hog" 40
event_of "$victim" >"$tmp/event"
equal "a Go program that became another kind of program" \
	"$(json "$tmp/event" outcome) $(json "$tmp/event" comm)" "not_go hog"

cp "$dash" "$tmp/removed" && cp "$dash" "$tmp/replaced" && cp "$dash" "$tmp/touched"
dashing removed "$tmp/removed" stop
removed=$victim
dashing replaced "$tmp/replaced" stop
replaced=$victim
dashing touched "$tmp/touched" stop
for i in removed replaced touched; do wait_for 30 grep -q "$tmp/$i is a Go program" "$tmp/watch.err"; done
rm "$tmp/removed" && cp "$other" "$tmp/new" && mv "$tmp/new" "$tmp/replaced" && touch -d '1 day ago' "$tmp/touched"
dash_on "$removed" "$replaced" "$victim"
whole "its file was removed" "$removed" "$tmp/removed"
whole "its file was replaced" "$replaced" "$tmp/replaced"
whole "the time of its file was changed" "$victim" "$tmp/touched"

dashing share "$dash" share stop
sharer=$(ps -o pid= --ppid "$victim" | tr -d ' ')
check "two processes share the memory" test -n "$sharer"
dash_on "$victim"
event_of "($victim|$sharer)" >"$tmp/event" # the kernel may choose either
whole "two processes share the memory" "$(json "$tmp/event" pid)" "$dash"
equal "and the pid is that of the kernel log" \
	"$(of_kernel "$(json "$tmp/event" pid)" 'Killed process' | grep -c 'Killed process')" 1

# The same PID again, for another program.
kill_in reuse1 $((24 << 20)) "$dash"
reused=$victim
whole "a PID" "$reused" "$dash"
kill_in reuse2 $((24 << 20)) "$builddir/tests/workloads/with-pid" "$reused" "$other"
wait_for 30 test "$(grep -c "\"pid\":$reused," "$tmp/watch.out")" = 2
event_of "$reused" >"$tmp/event"
samples "$(json "$tmp/event" file)" >"$tmp/samples"
equal "the same PID again: another program, and its own profile" \
	"$(json "$tmp/event" comm) $(held "$tmp/samples" main.leakBlocks 40960)" \
	"dash-1.24-pie 211 $((211 * 40960))"

# In a PID namespace of its own.
dir=$(memcg_make namespace $((24 << 20)))
at_exit memcg_remove "$dir"
memcg_run "$dir" unshare -fp sh -c '"$1" & wait' sh "$dash" >&2
until_line 30 "$tmp/watch.out" '"pid_in_namespace":2,' >"$tmp/event"
inside=$(json "$tmp/event" pid)
whole "in a PID namespace" "$inside" "$dash"
equal "both PIDs" "$(json "$tmp/event" pid_in_namespace) $(json "$tmp/event" victim_pid_in_namespace)" "2 2"
check "the host's is that of the kernel log" test -n "$(of_kernel "$inside" 'Killed process')"
check "the profile tells both" grep -qx 'Comment: in its PID namespace: PID 2' \
	<<<"$(raw "$(json "$tmp/event" file)")"
stop "$pid"

# Watched from a later moment on: what has changed by then.
cp "$dash" "$tmp/gone"
dashing late1 "$tmp/gone" stop
late=("$victim")
dashing late2 "$dash" leaderless stop
late+=("$victim")
rm "$tmp/gone" "$tmp/watch.out" "$tmp/watch.err"
start watch oomprof -v -j -n 0 -o "$tmp/profiles"
dash_on "${late[@]}"
whole "its file was removed before the start" "${late[0]}" "$tmp/gone"
whole "its first thread had exited before the start" "${late[1]}" "$dash"
stop "$pid"
equal "the watcher ends well" "$status" 0
