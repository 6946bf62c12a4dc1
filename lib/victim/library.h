/*
 * A Go runtime in a shared library (c-shared) that a program loads: the program itself is C or
 * Python, say. What is mapped executable is the library's text, and tells its load bias.
 */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "bpf-src/oomprof.h"
#include "go/go_binary.h"
#include "proc/process_maps.h"
#include "victim/known_binaries.h"

/*
 * The regular file behind a mapping of the process, as it was mapped, even if deleted since: a
 * descriptor that is good for fstat() only (O_PATH); mapped_file_reopen() makes one to read from.
 * -ENOENT: no such mapping (any more), or it cannot be told which file it is; or another -errno.
 */
int mapped_file_open(pid_t pid, const struct process_mapping *m);
int mapped_file_reopen(int path_fd);

/* Are these two files one, even if one was asked through a file system that stands on the other's
 * (overlayfs)? */
bool same_file(const struct stat *a, const struct stat *b);

/* The file's key, as the kernel side would say it. */
struct oomprof_key key_of_file(const struct stat *st);

/* What to add to B's link-time addresses where M is a mapping of its text. False: it is not. */
bool library_bias(const struct go_binary *b, const struct process_mapping *m, uint64_t *ret);

/*
 * The first library with a Go runtime that a living process has mapped: its kind, READY, OFF or
 * (with the reason in WHY, which may be NULL) NOT_FOUND. RET, with what there is of it, is the
 * caller's to release. -ENOENT: there is none; -EPERM, -ESRCH, -ENOMEM.
 */
struct library {
	struct go_binary *binary; /* for READY and OFF */
	char *path;
	uint64_t bias;
};

int library_find(pid_t pid, struct library *ret, struct strbuf *why);
