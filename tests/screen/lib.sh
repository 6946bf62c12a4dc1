# For tests of full screens: a terminal of our own (tmux), keys to it, and what it shows.
[ "${tap_count-}" ] || . "$srcdir/tests/init.sh"
command -v tmux >/dev/null || skip_all "tmux is not installed"

# Nothing of the user's: no configuration, no other server, and characters are UTF-8.
unset TMUX NO_COLOR LINES COLUMNS
export LC_ALL=C.UTF-8 SHELL=/bin/bash
tm() { tmux -u -S "$tmp/tmux" -f /dev/null "$@"; }
at_exit tm kill-server

# terminal WIDTH HEIGHT: a new one, with a shell in it whose prompt is "ready> "
terminal() {
	tm kill-server 2>/dev/null
	wait_for 10 eval '! tm has-session 2>/dev/null'
	tm new-session -d -x "$1" -y "$2" "PS1='ready> ' exec bash --norc --noprofile -i" || return
	tm set-option -g status off
	# The line of a switched-off status bar is a line of the terminal.
	tm resize-window -x "$1" -y "$2"
	wait_for 30 shows '^ready> ?$'
}
screen() { tm capture-pane -p; }
keys() { tm send-keys "$@"; }      # as tmux names them: Enter, Down, C-c, q
typed() { tm send-keys -l -- "$@"; } # as they are
resize() { tm resize-window -x "$1" -y "$2"; }
alternate() { tm display-message -p '#{alternate_on}'; }
shows() { screen | grep -qE -- "$1"; }
hides() { ! shows "$1"; }
# sees DESCRIPTION REGEX, lacks DESCRIPTION REGEX: a test point: in the end the terminal shows a line like
# that, or none
sees() {
	wait_for 60 shows "$2"
	shown $? "$1"
}
lacks() {
	wait_for 60 hides "$2"
	shown $? "$1"
}
shown() { # STATUS DESCRIPTION
	[ "$1" = 0 ] || screen | sed 's/^/# screen: /'
	ok "$2" "$1"
}
# modes FILE: have the shell write the terminal's modes there, but for its size
modes() {
	rm -f "$1"
	typed " stty -a | sed 1d >$1.new; mv $1.new $1"
	keys Enter
	wait_for 30 test -e "$1"
}
# run_in LINE: type it into the shell, on a screen that shows nothing else
run_in() {
	typed " clear; $1"
	keys Enter
}
# restored DESCRIPTION MODES: two test points: the shell is back, the terminal as it was
restored() {
	sees "$1: the shell is back" '^ready>'
	equal "$1: the first screen again" "$(alternate)" 0
	modes "$tmp/modes.now"
	equal "$1: modes" "$(cat "$tmp/modes.now")" "$(cat "$2")"
	equal "$1: the cursor shows" "$(tm display-message -p '#{cursor_flag}')" 1
}
