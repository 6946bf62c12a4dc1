/* One process, by what /proc says of it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"

struct process {
	pid_t pid, parent;
	char comm[64]; /* as the kernel gives it: any bytes but NUL */
	char state;    /* R S D Z ... */
	bool is_kernel_thread;
	uint64_t start_ticks; /* with the pid: this very process */
	pid_t thread; /* whose /proc/THREAD tells of the memory: the pid, unless the first thread
			 has exited before others; 0: all have */
	uint64_t virtual_bytes; /* of its address space */
	uint64_t resident_bytes;
	uint64_t stack_start; /* another after each exec, where addresses are randomized; 0: may not
				 be known */
	uint64_t arguments_start, arguments_end; /* where its command line lies; 0: likewise */
};

/*
 * 0; -ESRCH: no such process (in our PID namespace); -EBADMSG: /proc/PID/stat looks otherwise;
 * or another -errno.
 */
int process_read(pid_t pid, struct process *ret);

/* The same from the text of /proc/PID/stat; it does not tell of other threads. */
int process_parse_stat(const char *text, size_t n, struct process *ret);

/*
 * The executable, opened for reading, and its path as the process's mount namespace has it, with
 * " (deleted)" behind it where it was removed; both are the caller's to release. -ESRCH: it has
 * ended, or is a kernel thread; -EPERM: it is somebody else's.
 */
int process_open_executable(pid_t pid, int *ret_fd, char **ret_path);

/*
 * Are we in the initial PID namespace, whose PIDs are those the kernel side gives? True also where
 * that cannot be told.
 */
bool process_in_initial_pid_namespace(void);

/* Does /proc show us our own processes only (its mount option hidepid)? */
bool process_others_hidden(void);
