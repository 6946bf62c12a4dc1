# For tests of goalloctop: Go programs that do as they are told (tests/workloads/ledger.go), and what is shown of
# them. Sourced after lib.sh and pprof.sh.
ledger_source=$workloads/ledger.go
declare -A ledger_pid=() ledger_fd=() ledger_told=()

# ledger NAME PROGRAM ARG...: runs it in the background, until it is ready
ledger() {
	local name=$1 fd
	shift
	mkfifo "$tmp/$name.in"
	"$@" <"$tmp/$name.in" >"$tmp/$name.said" 2>"$tmp/$name.err" &
	ledger_pid[$name]=$!
	at_exit kill_quietly $!
	exec {fd}>"$tmp/$name.in"
	ledger_fd[$name]=$fd ledger_told[$name]=0
	wait_for 20 grep -qs '^0 ready' "$tmp/$name.said"
}
kill_quietly() { # PID: stopped or not
	kill -KILL "$1" 2>/dev/null && wait "$1" 2>/dev/null
	true
}
# tell NAME COMMAND...: each a line; does not wait
tell() {
	local name=$1 command
	shift
	for command; do
		echo "$command" >&"${ledger_fd[$name]}"
		ledger_told[$name]=$((ledger_told[$name] + 1))
	done
}
# told NAME: wait until the last of them has been done; its answer is in $said
told() {
	local n=${ledger_told[$1]}
	wait_for 60 grep -q "^$n " "$tmp/$1.said" || return
	said=$(sed -n "s/^$n [a-z]* \?//p" "$tmp/$1.said")
}
# ask NAME COMMAND...: both
ask() {
	tell "$@" && told "$1"
}
# ledger_lines: {"SITE": LINE, ...}, the lines of the source that allocate
ledger_lines() {
	awk '/\/\/ SITE / { printf "%s\"%s\": %d", n++ ? ", " : "{", $NF, NR }
	END { print "}" }' "$ledger_source" | jq -c '. + {one: .shared, two: .shared, huge: .slice}'
}
# rows FILE PID: what goalloctop -j has said of its sites, in one array
rows() {
	grep "\"pid\":$2," "$1" | grep -E '"function":"(main\.(alloc|newInlined|\(\*shelf)|container/list)' | jq -cs .
}
# refreshed FILE PID NUMBER: has it shown the site "small" so many times?
refreshed() {
	[ "$(grep "\"pid\":$2," "$1" | grep -c '"function":"main.allocSmall"')" -ge "$3" ]
}
# refresh FILE PID: wait until all is shown that was so when it was called
refresh() {
	wait_for 60 refreshed "$1" "$2" $(($(grep "\"pid\":$2," "$1" | grep -c '"function":"main.allocSmall"') + 2))
}
