/*
 * The stacks that oomkill's probe copies, and where their code lies. Both sides include this.
 *
 * The process is gone when user space looks, so all that says what an address means is copied:
 * which files were mapped where, which files these are, and by what path they can be found.
 */
#pragma once

#include "oomkill.h"

#define OOMKILL_STACK_FRAMES 127 /* PERF_MAX_STACK_DEPTH, include/uapi/linux/perf_event.h */
#define OOMKILL_STACK_MAPPINGS 64
#define OOMKILL_STACK_NAMES 4096
#define OOMKILL_STACK_NAME_SIZE 256 /* of one name, with its NUL */

/* One executable mapping of a file. */
struct oomkill_mapping {
	__u64 start, end; /* addresses */
	__u64 offset;	  /* of START in the file, in pages */
	/* The file, as its own file system knows it (not as overlayfs shows it). */
	__u64 inode, size;
	__s64 mtime_s;
	__u32 mtime_ns;
	__u32 device; /* as the kernel numbers it: major << 20 | minor */
	/*
	 * Its path, in oomkill_stack.names: names up to the root of its mount namespace, the file's
	 * first, each closed by a NUL. The first in_mount_size bytes of these lead to the root of
	 * its own mount; above_size bytes behind lead on to the root of the file system, where a
	 * part of one is mounted (a bind mount, a container's layer).
	 */
	__u16 path_at, path_size, in_mount_size, above_size;
	__u32 whole; /* path and above reached their roots */
	__u32 pad;
};

/* oomkill_stack.flags */
#define OOMKILL_STACK_MAPPINGS_CUT \
	1 /* there are more mappings than fit, or than were gone through */

struct oomkill_stack {
	__u32 kind; /* OOMKILL_STACK */
	__u32 flags;
	__u64 time_ns;
	__u32 victim_pid; /* of the kill that it belongs to */
	__u32 pid, tid;
	__u32 of_trigger;	  /* else of the victim, in the thread that took the signal */
	__u32 namespace_init_pid; /* process 1 of its PID namespace; 0: the initial one */
	__s32 n_kernel, n_user;	  /* frames; negative: -errno of bpf_get_stack() */
	__u32 n_mappings;
	__u32 names_size, pad;
	__u64 vdso; /* its address; 0: none */
	char comm[OOMKILL_COMM_SIZE];
	__u64 kernel[OOMKILL_STACK_FRAMES];
	__u64 user[OOMKILL_STACK_FRAMES]; /* the first is where it stood, the others return there */
	struct oomkill_mapping mappings[OOMKILL_STACK_MAPPINGS];
	char names[OOMKILL_STACK_NAMES + OOMKILL_STACK_NAME_SIZE];
};
