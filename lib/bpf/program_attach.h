/* Attaching a loaded program; closing the descriptor that is returned detaches it. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "bpf/kernel_features.h"
#include "bpf/program_name.h"

/* Where its name says. A descriptor, or -errno with the reason in REASON. */
int program_attach(int program_fd, const struct program_name *name,
		   const struct kernel_features *features, struct strbuf *reason);

/* To the instruction at the file offset of an executable; of all processes (PID -1) or of one. */
int program_attach_uprobe(int program_fd, const struct kernel_features *features, const char *path,
			  uint64_t offset, pid_t pid);
