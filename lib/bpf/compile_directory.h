/*
 * The private directory into which the compile helper writes kernel headers for libbcc:
 * oomtools-compile.PID.XXXXXX in $TMPDIR or /tmp, or where these are full or read-only in /dev/shm.
 * It is locked while a process uses it. One that nobody has locked was left by a helper that was
 * killed; whoever comes next removes it.
 */
#pragma once

#include <sys/types.h>

struct compile_directory {
	char path[256];
	int fd; /* holds the lock, together with its copies in children */
};

/* Make one for this process, and remove what others have left. 0, or -errno of the first place. */
int compile_directory_make(struct compile_directory *ret);

void compile_directory_remove(struct compile_directory *d);

/* Remove what the helper PID has left that was killed; waits for the end of its children. */
void compile_directory_sweep(pid_t pid);
