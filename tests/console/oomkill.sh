# Sourced by the tests of oomkill's console: live kills of our own, and the edit of two lines.
. "$srcdir/tests/live/lib.sh"
oomkill=$tools/oomkill
# A victim of a name that no other test's has: what is counted and what is last are ours then (-n).
name=hog$$
cp "$hog" "$tmp/$name"

# An editor that adds the victim's nice value, as the head of the text says: one line in each place.
cat >"$tmp/editor" <<'EOF'
#!/bin/sh
for file; do :; done
exec sed -i -e '/A member of yours stands here/a\	__s32 nice;' \
	-e '/What fills a member of yours stands here/a\	e->nice = RD(victim->static_prio) - 120;' "$file"
EOF
chmod +x "$tmp/editor"

# nice_text FILE [SED-OPTION...]: the text with those lines, and with what else sed does to it
nice_text() {
	local file=$1
	shift
	"$oomkill" --ebpf >"$file" && "$tmp/editor" "$file" && { [ $# = 0 ] || sed -i "$@" "$file"; }
}
# kill_nice N: a process of that nice value, however nice we are, is killed in a cgroup of its own; its
# pid is in $victim
kill_nice() {
	kills=$((${kills-0} + 1))
	kill_in "nice$kills" $((8 << 20)) nice -n $(($1 - $(nice))) "$tmp/$name" 32
}
# line_of FILE: that of $victim
line_of() {
	grep -E "OOM kill of PID $victim " "$1" | tail -n 1
}
