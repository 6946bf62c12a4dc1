#!/usr/bin/env bash
# oomprof and its output directory: one that fills up, comes and goes while it watches, and the limits to what
# is kept there (--keep, --max-bytes).
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
OOMTOOLS_GO_VERSIONS=1.19 find_toolchains
leaky=$("$workloads/go-victim" 1.19 exec leaky)
ok "the victim builds" $?

disk=$tmp/disk
mkdir "$disk"
mount -t tmpfs -o size=2m disk "$disk" 2>/dev/null || skip_all "cannot mount a small filesystem"
at_exit umount "$disk"

kills=0
# killed: another victim; its line of oomprof NAME is in $line
killed() { # NAME
	kills=$((kills + 1))
	kill_in "disk$kills" $((48 << 20)) "$leaky" -rate 1 -grow 60
	ok "victim $kills is killed" $?
	line=$(until_line 30 "$tmp/$1.out" "OOM kill of PID $victim ")
}
written() { # DESCRIPTION: that victim's profile is there and whole
	[ -s "${line##* }" ] && samples "${line##* }" >"$tmp/samples" &&
		[ "$(held "$tmp/samples" main.leakBlocks 40960)" = "211 $((211 * 40960))" ]
	ok "$1" $?
}
only_whole() { # DIR: nothing but whole profiles is in it; there may be some of victims of other tests
	local file
	find "$1" -mindepth 1 ! -name full | while read -r file; do
		[[ $file == *.pb.gz ]] && gzip -t "$file" || echo "$file"
	done
}
not_written() { # DESCRIPTION ERROR ADVICE
	matches "$1: the line says so" "$line" "NOT written: $disk/leaky-[^ ]*: $2\$"
	matches "$1: so does the message, with what to do" "$(grep "PID $victim into $disk: " "$tmp/filling.err")" \
		"^oomprof: cannot write the profile of PID $victim into $disk: $2; $3"
}

# It fills up, is freed, is made read-only and writable again, while one oomprof watches.
start filling oomprof -o "$disk" -n 0
head -c 4M /dev/zero >"$disk/full" 2>/dev/null
killed filling
not_written "a full disk" "No space left on device" "make room there: the next victim is tried again"
equal "nothing half-written is left" "$(only_whole "$disk")" ""
rm "$disk/full"
killed filling
written "with room again, the next one is written"
mount -o remount,ro "$disk"
killed filling
not_written "a read-only disk" "Read-only file system" "make the filesystem writable again"
mount -o remount,rw "$disk"
killed filling
written "writable again, the next one is written"
stop "$pid"
equal "the exit status says that something failed" "$status" 1
equal "whole profiles, and nothing else" "$(only_whole "$disk")" ""

# A directory that is removed and made again.
start gone oomprof -o "$tmp/gone" -n 0
rm -rf "$tmp/gone"
killed gone
written "into a directory that was removed meanwhile"
equal "which is made again, for us alone" "$(stat -c %a "$tmp/gone")" 700
stop "$pid"
equal "and that is no failure" "$status" 0

# The limits, on a living program: victims of other tests would count. Profiles of before count, too; what oomprof
# did not make is not touched.
kept=$tmp/kept
plant() {
	local day
	rm -rf "$kept"
	mkdir "$kept"
	for day in 1 2 3 4 5; do
		echo old >"$kept/old-$day-2020010${day}T000000.pb.gz"
		touch -d "2020-01-0$day" "$kept/old-$day-2020010${day}T000000.pb.gz"
	done
	touch -d 2019-01-01 "$kept/heap.pb.gz" "$kept/notes"
	ln -s notes "$kept/a-1-20190101T000000.pb.gz"
	mkdir "$kept/b-1-20190101T000000.pb.gz"
}
profiles() { find "$kept" -type f -name '*-*-*.pb.gz' | wc -l; }
"$leaky" -rate 1 >"$tmp/ready" 2>&1 &
lives=$!
at_exit stop_quietly "$lives"
wait_for 20 grep -q READY "$tmp/ready"
one() { # OPTION...: one profile of it; prints the line
	"$tools/oomprof" -p "$lives" -n 0 "$@" 2>&1
}

plant
line=$(one -o "$kept" --keep 3 2>&1)
matches "--keep: the line tells of what was removed" "$line" " lost, 3 older removed, $kept/"
equal "the youngest old ones are left" "$(cd "$kept" && echo old-*)" \
	"old-4-20200104T000000.pb.gz old-5-20200105T000000.pb.gz"
one -o "$kept" --keep 2 -j >"$tmp/event"
equal "JSON tells of it, too" "$(json "$tmp/event" removed_files):$(json "$tmp/event" removed_bytes)" 2:8
equal "what is not a profile of ours stays" "$(cd "$kept" && echo a-1-* b-1-* heap.pb.gz note*)" \
	"a-1-20190101T000000.pb.gz b-1-20190101T000000.pb.gz heap.pb.gz notes"
plant
matches "-v names what was removed" "$(one -o "$kept" --keep 5 -v)" \
	'removed, to keep within the limit:.*old-1-20200101T000000\.pb\.gz'
rm -rf "$kept"
file=$(one -o "$kept") && file=${file##* }
size=$(stat -c %s "$file")
for _ in 1 2 3; do one -o "$kept" --max-bytes $((size * 5 / 2)) >/dev/null; done
equal "--max-bytes: two fit, two stay" "$(profiles)" 2
line=$(one -o "$kept" --max-bytes 1)
equal "one that is larger than the limit alone stays" "$(echo "$kept"/*)" "${line##* }"

rm -f "$disk"/*
one -o "$disk" >/dev/null
touch -d 2020-01-01 "$disk"/*.pb.gz
head -c 4M /dev/zero >"$disk/full" 2>/dev/null
one -o "$disk" >/dev/null
equal "a disk that is full at the start" "$?" 1
line=$(one -o "$disk" --keep 1)
equal "with --keep the old one makes room" "$?:$(echo "$disk"/*.pb.gz)" "0:${line##* }"
matches "which is said" "$line" ", 1 older removed, $disk/"
rm "$disk/full"
line=$(ulimit -f 1 && one -o "$disk" --keep 2)
equal "a file that may not become as large (ulimit -f)" "$?" 1
matches "is an error with what to do" "$line" 'File too large; the limit to the size of files \(ulimit -f\) is too low'
equal "and leaves nothing" "$(find "$disk" -mindepth 1 | wc -l)" 1

# Two that watch, at the same directory
plant
start keep oomprof -o "$kept" -n 0 --keep 3
text=$pid
start json oomprof -o "$kept" -n 0 -j --keep 3
json=$pid
killed keep
until_line 20 "$tmp/json.out" "\"pid\":$victim," >"$tmp/event"
check "the old ones are gone" test ! -e "$kept/old-3-20200103T000000.pb.gz"
stop "$text"
equal "the limit is no failure" "$status" 0
stop "$json"
equal "three are left" "$(profiles)" 3

for wrong in --keep=0 --keep=x --max-bytes=0 --max-bytes=9999999T; do
	said=$(one "$wrong")
	equal "$wrong is refused" "$?" 2
	matches "with the reason" "$said" "^oomprof: ${wrong%=*}: '${wrong#*=}' is not "
done
