# Sourced by tests/init.sh and demo/run: memory cgroups for victims, on v1 and on v2.

# memcg_parent: the directory below which a memory cgroup can be made. On v1 that is our own cgroup. On v2
# a cgroup that has processes hands no controller on, so it is the nearest one above us that does.
memcg_parent() {
	local path dir pid pids
	if [ -d /sys/fs/cgroup/memory ]; then
		path=$(awk -F: '$2 ~ /(^|,)memory(,|$)/ { print $3 }' /proc/self/cgroup)
		dir=/sys/fs/cgroup/memory${path%/}
		[ -d "$dir" ] || dir=/sys/fs/cgroup/memory # a container sees its own cgroup as the root
		echo "$dir"
		return
	fi
	path=$(awk -F: '$1 == 0 { print $3 }' /proc/self/cgroup)
	while :; do
		dir=/sys/fs/cgroup${path%/}
		if grep -qsw memory "$dir/cgroup.subtree_control"; then
			echo "$dir"
			return
		fi
		case $path in '' | /) break ;; esac
		path=${path%/*}
	done
	grep -qsw memory /sys/fs/cgroup/cgroup.controllers || return
	# The top has not handed memory on yet. The true root may have processes; the top of a container may
	# not, so they move to a leaf first.
	if ! echo +memory 2>/dev/null >/sys/fs/cgroup/cgroup.subtree_control; then
		mkdir -p /sys/fs/cgroup/init || return
		for _ in {1..10}; do # they may start others meanwhile
			mapfile -t pids </sys/fs/cgroup/cgroup.procs
			for pid in "${pids[@]}"; do
				echo "$pid" 2>/dev/null >/sys/fs/cgroup/init/cgroup.procs
			done
			echo +memory 2>/dev/null >/sys/fs/cgroup/cgroup.subtree_control && break
		done
		grep -qw memory /sys/fs/cgroup/cgroup.subtree_control || return
	fi
	echo /sys/fs/cgroup
}

# memcg_make NAME BYTES: a memory cgroup with that limit, swap included; prints its directory.
memcg_make() {
	local dir
	dir=$(memcg_parent)/oomtools-$$-$1 || return
	mkdir "$dir" || return
	if [ -e "$dir/memory.limit_in_bytes" ]; then
		echo "$2" >"$dir/memory.limit_in_bytes"
		[ ! -e "$dir/memory.memsw.limit_in_bytes" ] || echo "$2" >"$dir/memory.memsw.limit_in_bytes"
	else
		echo "$2" >"$dir/memory.max"
		[ ! -e "$dir/memory.swap.max" ] || echo 0 >"$dir/memory.swap.max"
	fi
	echo "$dir"
}
memcg_usage() { # DIR: bytes charged to it now
	cat "$1/memory.usage_in_bytes" 2>/dev/null || cat "$1/memory.current"
}
# memcg_run DIR COMMAND...: the command, started inside the cgroup
memcg_run() {
	local dir=$1
	shift
	bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' memcg "$dir" "$@"
}
# memcg_start DIR COMMAND...: the same in the background; its pid is $!
memcg_start() {
	(exec bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' memcg "$@") &
}
memcg_remove() { # DIR...: once its processes have gone, which it waits for
	local dir
	for dir; do
		for _ in {1..100}; do
			[ -d "$dir" ] && ! rmdir "$dir" 2>/dev/null || break
			sleep 0.05
		done
		[ ! -d "$dir" ]
	done
}
