# Sourced by tests of memrate, after tests/live/lib.sh: a grower that will be killed, and what was said of that before.

# doomed NAME CGROUP OPTION...: a grower in that cgroup, in the background; when it has died is in $tmp/NAME.died. It is the
# one that the kernel chooses if all memory is used up.
doomed() {
	local name=$1
	(
		# shellcheck disable=SC2016 # for that shell
		memcg_run "$2" bash -c 'echo 1000 >/proc/self/oom_score_adj && exec "$@"' doomed \
			"$builddir/tests/workloads/grower" "${@:3}" >"$tmp/$name.grown"
		echo $? >"$tmp/$name.status"
		date +%s.%N >"$tmp/$name.died"
	) &
}
# killed NAME SECONDS: wait for its end; was it killed?
killed() {
	wait_for "$2" [ -s "$tmp/$1.died" ]
	equal "$1: it is killed" "$(cat "$tmp/$1.status")" 137
}
# foretold NAME FILE FILTER WITHIN [FIRST [LAST]]: of the rows of memrate's in FILE that FILTER takes, those from FIRST (12) to
# LAST (2) seconds before its end (or before the time that $tmp/NAME.died tells instead): is limit_seconds right, within WITHIN
# (0.25: a quarter) in the middle of them, and are they there?
foretold() {
	jq -sr --arg died "$(cat "$tmp/$1.died")" --argjson first "${5:-12}" --argjson last "${6:-2}" 'def at: (.[:19] + "Z" | fromdate) + ("0" + .[19:-1] | tonumber);
		map('"$3"' | select(.limit_seconds) | { left: (($died | tonumber) - (.time | at)), told: .limit_seconds,
			from: .limit_seconds_earliest, to: .limit_seconds_latest, sure: .limit_confidence, shape: .limit_shape } |
			select(.left > $last and .left < $first)) | map("\(.left) \(.told) \(.from) \(.to) \(.sure) \(.shape)") | .[]' "$2" >"$tmp/$1.told"
	sed "s/^/# $1: left, told, from, to: /" "$tmp/$1.told"
	awk '{ off = ($2 - $1) / $1; print off < 0 ? -off : off }' "$tmp/$1.told" | sort -n >"$tmp/$1.off"
	awk -v within="$4" '{ off[NR] = $1 } END { exit !(NR >= 3 && off[int((NR + 1) / 2)] <= within) }' "$tmp/$1.off"
	ok "$1: it is foretold when" $?
}
