# Sourced by the tests of goalloctop's console: one that reads commands from us while Go programs do as they are told.
. "$srcdir/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
. "$srcdir/tests/live/ledger.sh"
goalloctop=$tools/goalloctop

# console NAME OPTION...: it runs in the background and takes commands by say; its output is in $tmp/NAME.out
console() {
	local name=$1
	shift
	mkfifo "$tmp/$name.commands"
	"$goalloctop" -i "$@" <"$tmp/$name.commands" >"$tmp/$name.out" 2>"$tmp/$name.err" &
	console_pid=$! console=$name marks=0
	at_exit stop_quietly $!
	exec {console_fd}>"$tmp/$name.commands"
}
# say COMMAND...: until they are carried out; what was printed meanwhile is in $answer
say() {
	local command
	for command; do echo "$command" >&"$console_fd"; done
	marks=$((marks + 1))
	echo "echo mark $marks." >&"$console_fd"
	wait_for 120 grep -qx "mark $marks\." "$tmp/$console.out" || return
	answer=$(sed -n "/^mark $((marks - 1))\.\$/,/^mark $marks\.\$/p" "$tmp/$console.out" | grep -v '^mark [0-9]*\.$')
	[ "$marks" != 1 ] || answer=$(sed '/^mark 1\.$/,$d' "$tmp/$console.out")
}
# The end of its commands, and so of it; its exit status is in $status.
hang_up() {
	exec {console_fd}>&-
	wait "$console_pid"
	status=$?
}

# A member more in what is told of each sampled allocation, at its front: all others move.
longer_text() { # FILE
	"$goalloctop" --ebpf >"$1" && sed -i -e '/^struct goalloctop_sample {/a\	__u32 weight; char word[6];' \
		-e '/^	sample->time_ns = /i\	sample->weight = 4711;' \
		-e '/^	sample->time_ns = /i\	__builtin_memcpy(sample->word, "sample", 6);' "$1" && chmod 600 "$1"
}
