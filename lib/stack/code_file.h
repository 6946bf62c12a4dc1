/*
 * The file behind a mapping that the probe has seen, opened when its process may have gone. It is
 * never taken for granted that a path still leads to that file: device, inode, size and time of
 * change must be those that the kernel had. (overlayfs and btrfs show another device: there the
 * rest must do.)
 */
#pragma once

#include <limits.h>

#include "bpf-src/oomkill_stack.h"

struct code_file {
	int fd;	       /* the file, or -errno: -ENOENT it was not found, -ESTALE another one was */
	char root[64]; /* "/proc/PID/root" or "": where its path begins */
	char path[PATH_MAX]; /* as its mount namespace has it; "" not known */
};

/* Its path is told also where the file was not found. */
void code_file_open(const struct oomkill_stack *stack, const struct oomkill_mapping *m,
		    struct code_file *ret);
void code_file_close(struct code_file *f);

/*
 * The file with its symbols, where it was stripped: by build id, or by name and checksum
 * (.gnu_debuglink). Both are compared with the file itself. An ELF image, or -ENOENT.
 */
struct elf_image;
int code_file_debug(const struct code_file *f, struct elf_image *image, struct elf_image **ret);
