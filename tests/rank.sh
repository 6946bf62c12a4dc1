# Sourced by tests of oomrank after tests/init.sh: a machine of 4 GiB, as --capture would keep it.

# rank_process ROOT PID COMM MIB ADJ CGROUP START [COMMAND]
rank_process() {
	local dir=$1/proc/$2 kib=$(($4 << 10))
	mkdir -p "$dir"
	echo "$2 ($3) S $(($2 == 1 ? 0 : 1)) $2 $2 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 $7 $((kib << 10)) $((kib >> 2)) 18446744073709551615 1 1 1 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0" \
		>"$dir/stat"
	printf 'Name:\t%s\nTgid:\t%s\nPid:\t%s\nPPid:\t1\nUid:\t1000\t1000\t1000\t1000\nVmSize:\t%s kB\nVmRSS:\t%s kB\nRssAnon:\t%s kB\nRssFile:\t0 kB\nRssShmem:\t0 kB\nVmPTE:\t%s kB\nVmSwap:\t0 kB\nThreads:\t1\nMems_allowed:\t1\nMems_allowed_list:\t0\n' \
		"$3" "$2" "$2" "$kib" "$kib" "$kib" "$(($4 * 4))" >"$dir/status"
	echo "$5" >"$dir/oom_score_adj"
	echo "0::$6" >"$dir/cgroup"
	printf '%s' "${8-}" | tr ' ' '\0' >"$dir/cmdline"
	# proc_oom_score(), fs/proc/base.c: 5 GiB of RAM and swap are 1310720 pages
	echo $(($5 == -1000 || $2 == 1 ? 0 : (1000 + ($4 * 257 + $5 * 1310) * 1000 / 1310720) * 2 / 3)) >"$dir/oom_score"
}
# rank_cgroup ROOT PATH MAX CURRENT GROUP
rank_cgroup() {
	local dir=$1/sys/fs/cgroup$2
	mkdir -p "$dir"
	echo "$3" >"$dir/memory.max"
	echo "$4" >"$dir/memory.current"
	echo 0 | tee "$dir/memory.swap.max" >"$dir/memory.swap.current"
	echo "$5" >"$dir/memory.oom.group"
	printf 'file 4096\npgscan 0\n' >"$dir/memory.stat"
}
rank_machine() { # ROOT
	mkdir -p "$1/proc/pressure" "$1/proc/sys/vm" "$1/proc/sys/kernel" "$1/sys/fs/cgroup"
	printf 'MemTotal:        4194304 kB\nMemFree:          524288 kB\nMemAvailable:    1048576 kB\nSwapTotal:       1048576 kB\nSwapFree:         524288 kB\n' \
		>"$1/proc/meminfo"
	echo "4000.00 7000.00" >"$1/proc/uptime"
	echo "0.33 1.04 12.50 3/282 13724" >"$1/proc/loadavg"
	printf 'some avg10=1.50 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=1\n' \
		>"$1/proc/pressure/memory"
	echo 0 | tee "$1/proc/sys/vm/panic_on_oom" >"$1/proc/sys/vm/oom_kill_allocating_task"
	echo 60 >"$1/proc/sys/vm/swappiness"
	echo 5.10.0 >"$1/proc/sys/kernel/osrelease"
	printf 'Node 0, zone   Normal\n  pages free     131072\n        min      1\n        spanned  1048576\n        present  1048576\n        managed  1048576\n' \
		>"$1/proc/zoneinfo"
	echo "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0" >"$1/proc/mounts"
	echo "memory" >"$1/sys/fs/cgroup/cgroup.controllers"
	rank_cgroup "$1" /shop 1073741824 536870912 0
	rank_cgroup "$1" /shop/web max 536870912 1
	rank_cgroup "$1" /batch max 209715200 0
	rank_process "$1" 1 systemd 12 0 / 100
	rank_process "$1" 612 sshd 6 -1000 / 200 "/usr/sbin/sshd -D"
	rank_process "$1" 1043 postgres 600 -1000 / 300 "postgres -D /var/lib/db"
	rank_process "$1" 2001 shop 300 100 /shop/web 400 "/usr/bin/shop --serve all"
	rank_process "$1" 2002 helper 20 0 /shop/web 500
	rank_process "$1" 3001 batch 200 0 /batch 600
	rank_process "$1" 3002 agent 100 -50 / 700
	rank_process "$1" 3003 bash 3 0 / 800
}
