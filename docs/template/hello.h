/* What hello's probe tells user space. Both sides include this file: fixed-size members only. */
#pragma once

#ifndef __BPF__
#include <linux/types.h>
#endif

struct hello_event {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u32 pid;     /* as seen from the initial PID namespace */
	__u32 parent_pid;
	char comm[16]; /* TASK_COMM_LEN, include/linux/sched.h */
};
