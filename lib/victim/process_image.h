/*
 * The image that holds the Go runtime of a living process whose executable file is no Go program: a
 * library it has loaded, or what a packed executable has made of itself in memory.
 */
#pragma once

#include <sys/types.h>

#include "base/strbuf.h"
#include "victim/known_binaries.h"

enum image_place { IMAGE_EXECUTABLE, IMAGE_LIBRARY, IMAGE_MEMORY };

struct process_image {
	enum image_place place;
	struct go_binary *binary; /* for READY and OFF; the caller's to close */
	char *path;		  /* of a library; the caller's to free */
	uint64_t bias;		  /* load bias of a library; else see go_process_bias() */
};

/*
 * FD is the executable, in which binary_look_into() has found no Go program. Returns the kind of
 * what there is instead and fills in RET: READY, OFF, or NOT_FOUND with the reason in WHY (may be
 * NULL). NOT_GO: there is nothing. -ENOMEM.
 */
int process_image_find(pid_t pid, int fd, struct process_image *ret, struct strbuf *why);
