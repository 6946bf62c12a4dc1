#!/usr/bin/env bash
# The tools where something they count on is missing: capabilities, namespaces, file systems, room, descriptors.
# Each says what is the matter and what to do about it, ends with the right status, and leaves nothing behind.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
mkdir "$tmp/tmp" "$tmp/bin" "$tmp/out"
export TMPDIR=$tmp/tmp
oomkill=("$tools/oomkill" -d 0.05)
oomprof=("$tools/oomprof" -d 0.05 -o "$tmp/out")
goalloctop=("$tools/goalloctop" 0.05 1)

# of COMMAND...: its exit status, a colon, and all that it has said
of() {
	local said
	said=$("$@" 2>&1)
	echo "$?:$said"
}
# private COMMANDS TOOL...: run the tool in a mount namespace in which the commands were run before
private() {
	local commands=$1
	shift
	unshare -m sh -ec "mount --make-rprivate /; $commands"'; exec "$@"' private "$@"
}
private true true 2>/dev/null || skip_all "no mount namespaces"
cold() { # the cache is empty
	rm -rf "${OOMTOOLS_CACHE_DIR:?}"
	mkdir -m 700 "$OOMTOOLS_CACHE_DIR"
}
left() { # what is there and should not be
	find "$TMPDIR" "$tmp/out" "$OOMTOOLS_CACHE_DIR" -mindepth 1 ! -name '*.image'
}
traces="Tracing OOM kills\.\.\. Ctrl-C to stop"
watches="Watching for OOM kills of Go programs\.\.\. Ctrl-C to stop"
table="^0:.*loadavg: "

# Not permitted. To trace kills is impossible then; the table of Go programs does without, and says so.
without_bpf=(setpriv --bounding-set "-bpf,-sys_admin" --inh-caps "-bpf,-sys_admin")
without_both=(setpriv --bounding-set "-bpf,-perfmon,-sys_admin" --inh-caps "-bpf,-perfmon,-sys_admin")
matches "oomkill without CAP_BPF" "$(of "${without_bpf[@]}" "${oomkill[@]}")" \
	"^3:oomkill: root, but without CAP_BPF: in a container, add these capabilities or run it on the host$"
matches "oomprof without it and CAP_PERFMON" "$(of "${without_both[@]}" "${oomprof[@]}")" \
	"^3:oomprof: root, but without CAP_BPF and CAP_PERFMON: in a container, add"
matches "goalloctop without CAP_BPF" "$(of "${without_bpf[@]}" "${goalloctop[@]}")" \
	"^0:goalloctop: warning: .*found late.*without CAP_BPF.*loadavg: "

chmod 711 "$tmp"
chmod 1777 "$TMPDIR"
cp "$tools/oomkill" "$tools/oomprof" "$tools/goalloctop" "$tmp/bin"
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
matches "oomkill as another user" "$(of "${nobody[@]}" "$tmp/bin/oomkill" -d 0.05)" "^3:oomkill: must run as root .*try sudo$"
matches "oomprof as another user, who may not write there either" \
	"$(of "${nobody[@]}" "$tmp/bin/oomprof" -d 0.05 -o "$tmp/out")" "^3:oomprof: must run as root .*try sudo$"
matches "goalloctop as another user" "$(of "${nobody[@]}" "$tmp/bin/goalloctop" 0.05 1)" \
	"^0:goalloctop: warning: .*must run as root.*loadavg: "

matches "oomkill in a user namespace" "$(of unshare -Ur "${oomkill[@]}")" \
	"^3:oomkill: this is a user namespace of its own \(a rootless container\?\), .*run it on the host, as root$"
matches "oomprof in a user namespace" "$(of unshare -Ur "${oomprof[@]}")" "^3:oomprof: this is a user namespace"
matches "goalloctop in a user namespace" "$(of unshare -Ur "${goalloctop[@]}")" "^0:.*user namespace.*loadavg: "

in_pid=(unshare -pf --mount-proc)
matches "oomkill in a PID namespace" "$(of "${in_pid[@]}" "${oomkill[@]}")" "^0:.*$traces"
matches "oomprof in a PID namespace" "$(of "${in_pid[@]}" "${oomprof[@]}")" \
	"^3:oomprof: this is a PID namespace of its own .*run it on the host or with the host's PID namespace"
matches "goalloctop in a PID namespace" "$(of "${in_pid[@]}" "${goalloctop[@]}")" "^0:.*PID namespace.*loadavg: "
equal "nothing is left" "$(left)" ""

# A file system that is not there.
no_tracefs='for fs in /sys/kernel/tracing /sys/kernel/debug; do [ ! -d $fs ] || mount -t tmpfs none $fs; done'
no_symbols='mount --bind /dev/null /proc/kallsyms'
no_sysfs='mount -t tmpfs none /sys'
for without in no_tracefs no_symbols; do
	cold
	matches "oomkill, $without" "$(of private "${!without}" "${oomkill[@]}")" "^0:.*$traces"
	matches "oomprof, $without" "$(of private "${!without}" "${oomprof[@]}")" "^0:.*$watches"
	matches "goalloctop, $without" "$(of private "${!without}" "${goalloctop[@]}")" "$table"
done
matches "oomkill, no_sysfs" "$(of private "$no_sysfs" "${oomkill[@]}")" "^1:.*sysfs is not mounted: mount -t sysfs sysfs /sys$"
equal "nothing is left" "$(left)" ""

# No room, or none to write in. The probe is compiled all the same, in memory, and not kept.
full() { # DIR
	echo "mount -t tmpfs -o size=4k,mode=700 none $1; head -c 64k /dev/zero 2>/dev/null >$1/fill || true"
}
read_only="for at in $(dirname "$tmp") $tmp /; do mount --bind \$at \$at; mount -o remount,bind,ro \$at; done"
cold
matches "oomkill, the cache's disk is full" "$(of private "$(full "$OOMTOOLS_CACHE_DIR")" "${oomkill[@]}" -v)" \
	"^0:.*${OOMTOOLS_CACHE_DIR}: No space left on device.*$traces"
matches "oomprof, the cache's disk is full" "$(of private "$(full "$OOMTOOLS_CACHE_DIR")" "${oomprof[@]}" -v)" \
	"^0:.*${OOMTOOLS_CACHE_DIR}: No space left on device.*$watches"
matches "oomkill, that of temporary files is full" "$(of private "$(full "$TMPDIR")" "${oomkill[@]}")" "^0:.*$traces"
cold
matches "oomkill, there is no room anywhere" "$(of private "$read_only; $(full "$TMPDIR"); mount -t tmpfs -o ro none /dev/shm" \
	"${oomkill[@]}")" \
	"^1:.*cannot make a directory of 1 MiB in .TMPDIR or /tmp, nor in /dev/shm: set TMPDIR to where there is room, .*: No space left"
matches "oomkill, the root is read-only" "$(of private "$read_only" "${oomkill[@]}" -v)" \
	"^0:.*${OOMTOOLS_CACHE_DIR}: Read-only file system.*$traces"
matches "oomprof, the root is read-only" "$(of private "$read_only" "${oomprof[@]}")" \
	"^1:oomprof: cannot write into $tmp/out: Read-only file system; name another directory with -o$"
matches "oomprof, its directory is elsewhere" "$(of private "$read_only" "$tools/oomprof" -d 0.05 -o /dev/shm)" "^0:.*$watches"
matches "goalloctop, the root is read-only" "$(of private "$read_only" "${goalloctop[@]}")" "$table"
equal "nothing is left" "$(left)" ""

# Little memory may be locked, and CAP_IPC_LOCK is missing.
little=(setpriv --bounding-set "-ipc_lock,-sys_resource" --inh-caps "-ipc_lock,-sys_resource" prlimit --memlock=65536)
for tool in oomkill oomprof; do
	declare -n command=$tool
	# Built with the address sanitizer, no program locks any memory.
	says="cannot lock memory .*raise 'ulimit -l' or run it with CAP_IPC_LOCK.*"
	grep -q __asan_init "${command[0]}" && says=
	matches "$tool, RLIMIT_MEMLOCK is 64 KiB" "$(of "${little[@]}" "${command[@]}")" "^0:.*${says}Ctrl-C to stop"
done

# Standard descriptors that are closed, or lead to a full disk. What is meant for a user must never end up in
# another file that has got the number meanwhile.
into_full=(sh -c 'exec "$@" >/dev/full' sh)
for tool in oomkill oomprof goalloctop; do
	declare -n command=$tool
	cold
	matches "$tool, no standard input" "$(of "${command[@]}" <&-)" "^0:"
	matches "$tool, no standard output" "$(of sh -c 'exec "$@" >&-' sh "${command[@]}")" \
		"^1:(.*[^a-z])?$tool: cannot .*: Bad file descriptor$"
	equal "$tool, no standard error" "$("${command[@]}" 2>&- >"$tmp/said"; echo $?)" 0
	equal "$tool, none of them" "$("${command[@]}" <&- >&- 2>&-; echo $?)" 1
	matches "$tool, standard output is full" "$(of "${into_full[@]}" "${command[@]}")" \
		"^1:(.*[^a-z])?$tool: cannot .*: No space left on device$"
	matches "$tool --help, standard output is full" "$(of "${into_full[@]}" "$tools/$tool" --help)" \
		"^1:$tool: cannot write to standard output: No space left on device$"
	matches "$tool --ebpf, standard output is full" "$(of "${into_full[@]}" "$tools/$tool" --ebpf)" \
		"^1:$tool: cannot write to standard output: No space left on device$"
	equal "$tool: the cache is whole" "$("${command[@]}" -v 2>&1 >/dev/null | grep -c 'image from the cache')" 1
done
equal "nothing is left" "$(left)" ""
