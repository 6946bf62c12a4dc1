# Sourced by guest tests whose kills may take any process, after tests/live/lib.sh and pprof.sh. The test itself is exempt
# from the OOM killer, and so is what it starts, but for `mortal` and `start_tools`. Who triggers a kill of the whole
# machine is chance; who dies is not.
exempt() { # ADJ: of this shell, and of what it starts from now on
	echo "$1" >/proc/$$/oom_score_adj
}
exempt -1000

# mortal ADJ COMMAND...: in the background, to be killed; its pid is $!
mortal() {
	(echo "$1" >/proc/self/oom_score_adj && shift && exec "$@") &
}
# sleeping MIB ADJ: a hog that has so much and waits; its pid is $victim
sleeping() {
	: >"$tmp/touched"
	mortal "$2" "$hog" "$1" >"$tmp/touched"
	victim=$!
	wait_for 60 grep -q touched "$tmp/touched"
}
# kill_by_sysrq: the kernel kills the process that it would choose if memory ran out now; it has to be PID $victim.
kill_by_sysrq() {
	echo f >/proc/sysrq-trigger
	wait "$victim" 2>/dev/null
	[ $? = 137 ]
}

# spares: processes that nobody misses. An emulated machine that has just killed one may still not see what that
# has freed when the next process asks; with nobody left to kill the kernel panics.
spare=()
spares() {
	for _ in {1..8}; do
		mortal 0 sleep 100000
		spare+=($!)
	done
}

# start_tools: oomkill with its lines (lines.out) and with JSON (watch.out), oomprof with JSON (profiles.out), mortal until
# they see to it themselves; their pids are in $lines, $watch and $profiler.
start_tools() {
	exempt 0
	start lines oomkill
	lines=$pid
	start watch oomkill -j
	watch=$pid
	start profiles oomprof -j -n 0 --all-kills -o "$tmp/profiles"
	profiler=$pid
	exempt -1000
	spares
	equal "the tools exempt themselves from the OOM killer" \
		"$(cat /proc/{$lines,$watch,$profiler}/oom_score_adj | xargs)" "-1000 -1000 -1000"
}
# stop_tools: they live still, and end well
stop_tools() {
	local name
	for name in lines watch profiler; do
		check "$name: lives" kill -0 "${!name}"
		stop "${!name}"
		equal "$name: ends well" "$status" 0
	done
	kill "${spare[@]}" 2>/dev/null
	equal "no kill was lost" "$(grep -h 'missing\|lost' "$tmp"/{lines,watch}.err)" ""
}

# The victims the kernel's log has, and those that a tool has told: one PID a line.
of_log() {
	dmesg | sed -nE 's/.*[Kk]illed process ([0-9]+) .*/\1/p' | sort -nu # the chosen one of a group stands there twice
}
of_lines() {
	sed -nE 's/.* OOM kill of PID ([0-9]+) .*/\1/p' "$tmp/lines.out" | sort -n
}
of_json() { # members of a group too, which have no line
	jq -r '.victim_pid, .members[]?.pid' "$tmp/watch.out" | sort -n
}
of_json_chosen() { # the log does not tell them all: it leaves reports out when they come fast
	jq -r .victim_pid "$tmp/watch.out" | sort -n
}
of_profiles() {
	jq -r 'select(.killed_by == "oom_killer").pid' "$tmp/profiles.out" | sort -n
}
# have_told: all the kernel has killed, as far as numbers go?
have_told() {
	local killed chosen
	sleep 0.5
	killed=$(of_log | wc -l) chosen=$(of_json_chosen | wc -l)
	[ "$(of_json | wc -l):$(of_lines | wc -l):$(of_profiles | wc -l)" = "$killed:$chosen:$killed" ]
}
# all_told DESCRIPTION: each kill of the kernel's log by each tool, once
all_told() {
	wait_for 120 have_told
	equal "$1: oomkill tells each victim once, members and all" "$(of_json)" "$(of_log)"
	equal "$1: its lines the chosen ones" "$(of_lines)" "$(of_json_chosen)"
	equal "$1: so does oomprof" "$(of_profiles)" "$(of_log)"
}
# fact PID KEY: of the JSON object on the kill of PID
fact() {
	jq -r --argjson pid "$1" --arg key "$2" 'select(.victim_pid == $pid)[$key]' "$tmp/watch.out"
}
