/*
 * What is attached. Where texts are to be swapped, a dispatcher is attached: a program of the same
 * type whose only work is a tail call through a slot, so that another program can be put into its
 * place at one instant.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "bpf/probe_set.h"

struct attachments;

int attachments_new(struct attachments **ret);

/* Attach the program where its name says, directly or by a dispatcher. */
int attachments_add(struct attachments *a, const struct probe_program *program, bool dispatch,
		    const struct kernel_features *features, struct strbuf *reason);

/* The same for a program uprobe__NAME. RET gets a number for attachments_remove(). */
int attachments_add_uprobe(struct attachments *a, const struct probe_program *program,
			   bool dispatch, const struct kernel_features *features, const char *path,
			   uint64_t offset, pid_t pid, uint64_t *ret);

void attachments_remove(struct attachments *a, uint64_t number);

/*
 * Put the set's programs into the place of the OLD set's. New attach points come first, with
 * nothing in their slots; then all slots are filled, one after the other; what the set does not
 * have is detached. A uprobe that the tool has attached stays attached, with an empty slot if the
 * set does not have the program. All must have been added with dispatch. On failure everything is
 * as before, and nothing of the set has run, unless it is a slot that is not to be filled; FAILED
 * gets the name of the program at fault.
 */
int attachments_swap(struct attachments *a, const struct probe_set *set,
		     const struct probe_set *old, const struct kernel_features *features,
		     const char **failed, struct strbuf *reason);

/* Each that runs a program; the descriptor is that of what is attached, a dispatcher or it. */
int attachments_each(const struct attachments *a,
		     int (*visit)(const char *program, const char *where, int program_fd,
				  void *user),
		     void *user);

/*
 * Take away from the kernel's ways what is attached by its name, and put it there again: for
 * probes that are to cost something for a part of the time only. What is attached otherwise stays.
 * The second: 0 or -errno, with the reason.
 */
void attachments_pause(struct attachments *a);
int attachments_resume(struct attachments *a, const struct kernel_features *features,
		       struct strbuf *reason);

/* Is a program of this kind attached where its name says, without the tool's doing? */
bool attachments_by_name(enum program_kind kind);

/* Detach all; NULL is fine. */
void attachments_close(struct attachments *a);
