# Sourced by tests of a console's commands: a tool reads them from $tmp/commands, a pipe, and writes to $tmp/script.out
# and .err.
exec 9>"$tmp/commands"
tried=()
# does "COMMAND" REGEX...: carry it out; what it prints has a line like each of these. Without any it prints nothing.
does() {
	local command=$1 from want status
	shift
	tried+=("$command")
	from=$(($(wc -l <"$tmp/script.out") + 1))
	echo "$command; echo done-${#tried[@]}" >&9
	wait_for 120 grep -q "^done-${#tried[@]}\$" "$tmp/script.out" || {
		sed 's/^/# /' "$tmp/script.err"
		ok "$command: is carried out" 1
		return
	}
	sed -n "$from,\$p" "$tmp/script.out" | sed '/^done-[0-9]*$/d' >"$tmp/printed"
	[ $# -gt 0 ] || equal "$command: prints nothing" "$(cat "$tmp/printed")" ""
	for want; do
		grep -qE -- "$want" "$tmp/printed"
		status=$?
		[ $status = 0 ] || { echo "# it printed:" && sed 's/^/# /' "$tmp/printed"; }
		ok "$command: ${want}" $status
	done
}
