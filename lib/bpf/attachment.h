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

/* Nothing happens if it has been removed (by a swap). */
void attachments_remove(struct attachments *a, uint64_t number);

/*
 * Put the set's programs into the place of the OLD set's; what the set does not have is detached,
 * what is new in it attached first. All must have been added with dispatch. On failure everything
 * is as before.
 */
int attachments_swap(struct attachments *a, const struct probe_set *set,
		     const struct probe_set *old, const struct kernel_features *features,
		     struct strbuf *reason);

/* Is a program of this kind attached where its name says, without the tool's doing? */
bool attachments_by_name(enum program_kind kind);

/* Detach all; NULL is fine. */
void attachments_close(struct attachments *a);
