/* The stacks that oomkill's probe copies, and where their code lies. Both sides include this. */
#pragma once

#include "oomkill.h"

#define OOMKILL_STACK_FRAMES 127 /* PERF_MAX_STACK_DEPTH, include/uapi/linux/perf_event.h */
#define OOMKILL_STACK_MAPPINGS 32
#define OOMKILL_FILE_PATH_SIZE 256

/* One file mapping that addresses of the user stack are in. */
struct oomkill_mapping {
	__u64 start, end; /* addresses */
	__u64 offset;	  /* of START in the file */
	__u64 inode;
	__u32 device; /* as the kernel numbers it: major << 20 | minor */
	__u32 path_size;
	/* Names up to the root of its mount namespace, the file's first, each closed by a NUL. */
	char path[OOMKILL_FILE_PATH_SIZE];
};

struct oomkill_stack {
	__u32 kind; /* OOMKILL_STACK */
	__u32 pid, tid;
	__u32 of_trigger; /* else of the victim, in the thread that took the signal */
	__u64 time_ns;
	__u32 namespace_init_pid; /* through whose root the files can be opened; 0: the initial one
				   */
	__s32 n_kernel, n_user;	  /* frames; negative: -errno of bpf_get_stack() */
	__u32 n_mappings;
	__u64 kernel[OOMKILL_STACK_FRAMES];
	__u64 user[OOMKILL_STACK_FRAMES]; /* the first is where it stood, the others return there */
	struct oomkill_mapping mappings[OOMKILL_STACK_MAPPINGS];
};
