#!/usr/bin/env bash
# Programs that are not Go and load a library that is: killed, living, loaded before the watcher came, stripped.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
OOMTOOLS_GO_VERSIONS=${OOMTOOLS_GO_VERSIONS:-1.19 1.24 1.27} find_toolchains
load=$builddir/tests/workloads/load
limit=$((56 << 20))
# With symbols where a version is the first, then stripped, then without section headers.
kinds=(shared shared-stripped shared-bare) libraries=()
while read -r version _; do
	libraries+=("$("$workloads/go-victim" "$version" "${kinds[${#libraries[@]} % 3]}" library)")
done <<<"$toolchains"
ls "${libraries[@]}" >&2
ok "the libraries build" $?

# begin NAME LIBRARY: run it in a cgroup of its own until the library is loaded; its pid is in $begun. It goes
# on to its death when descriptor 5 is closed.
mkfifo "$tmp/go-on"
begin() {
	cgroup=$(memcg_make "$1" "$limit")
	at_exit memcg_remove "$cgroup"
	exec 5<>"$tmp/go-on"
	memcg_start "$cgroup" bash -c 'exec "$@" <"$0"' "$tmp/go-on" "$load" 1 60 "$2" >"$tmp/$1.ready" 5>&-
	begun=$!
	wait_for 60 grep -q READY "$tmp/$1.ready"
	ok "$1: a program has loaded the library" $?
}
begin early "${libraries[0]}"
early=$begun

line=$("$tools/oomprof" -p "$early" -o "$tmp" -n 0)
matches "-p takes its profile" "$line" '\("load"\), go1\.[0-9.]+, .* buckets [0-9]+ read 0 cut 0 unreadable 0 lost, '
line=$(head -n 1 <<<"$line")
samples "${line##* }" >"$tmp/samples"
equal "which is the library's" "$(held "$tmp/samples" main.leakBlocks 40960)" "211 $((211 * 40960))"

start watch oomprof -v -o "$tmp/profiles" -n 0 5>&-
watcher=$pid
exec 5>&-
wait "$early" 2>/dev/null
whole() { # DESCRIPTION PID: there is a whole profile of it, in $file
	local line
	line=$(until_line 20 "$tmp/watch.out" "OOM kill of PID $2 ")
	matches "$1: a profile" "$line" '\("load"\), go1\.[0-9.]+, .* buckets [0-9]+ read 0 cut 0 unreadable 0 lost, '
	file=${line##* }
	samples "$file" >"$tmp/samples"
	equal "$1: large blocks" "$(held "$tmp/samples" main.leakBlocks 40960)" "211 $((211 * 40960))"
	equal "$1: small objects" "$(held "$tmp/samples" main.leakSmalls 48)" "7919 $((7919 * 48))"
}
whole "loaded before" "$early"

for library in "${libraries[@]}"; do
	name=$(basename "$library")
	kill_in "${name//[.]/-}" "$limit" "$load" 1 60 "$library" </dev/null
	ok "$name: killed" $?
	whole "$name" "$victim"
	build_id=$(readelf -n "$library" 2>/dev/null | sed -n 's/ *Build ID: //p')
	matches "$name: the mapping is the library's" "$(raw "$file" | grep -A1 '^Mappings' | tail -n 1)" \
		"/0x[0-9a-f]+ $library ${build_id}.*\[FN\]\[FL\]\[LN\]\[IN\]"
done

# It lives only as long as it takes to fill its cgroup. Such a library is known, so the mapping is enough.
profiles=0
for i in 1 2 3 4 5; do
	kill_in "short$i" $((24 << 20)) "$load" 1 20000 "${libraries[0]}" </dev/null
	until_line 20 "$tmp/watch.out" "OOM kill of PID $victim " | grep -q ' buckets [0-9]* read' && profiles=$((profiles + 1))
done
ok "killed at once, five times: $profiles profiles" $((profiles < 3))

# Two runtimes in one program: the first is profiled.
first=${libraries[0]} second=${libraries[-1]}
kill_in two "$limit" "$load" 1 60 "$first" "$second" </dev/null
whole "two libraries" "$victim"
matches "the mapping is the first one's" "$(raw "$file" | grep -A1 '^Mappings' | tail -n 1)" "$first"
check "the second is named" grep -qF "PID $victim: $second holds a second Go runtime" "$tmp/watch.err"

# What runs in the place of such a program is not Go any more.
kill_in replaced $((16 << 20)) "$load" 1 exec "$first" "$hog" 32 </dev/null
line=$(until_line 20 "$tmp/watch.out" "OOM kill of PID $victim ")
matches "replaced by another program" "$line" '\("hog"\), not a Go program'
# A file that was deleted.
cp "$first" "$tmp/gone.so"
begin deleted "$tmp/gone.so"
rm "$tmp/gone.so"
exec 5>&-
wait "$begun" 2>/dev/null
whole "deleted while it runs" "$begun"

if command -v python3 >/dev/null; then
	cat >"$tmp/program.py" <<-'EOF'
		import ctypes, sys
		library = ctypes.CDLL(sys.argv[1])
		library.LibraryLeak(1)
		library.LibraryGrow(60)
	EOF
	kill_in python $((72 << 20)) python3 "$tmp/program.py" "$second"
	line=$(until_line 20 "$tmp/watch.out" "OOM kill of PID $victim ")
	matches "a Python program" "$line" '\("python3"\), go1\.[0-9.]+, .* in use'
fi
stop "$watcher"
equal "the watcher ends well" "$status" 0
