/* What the files that write kernel declarations share (kernel_decls.h has the public side). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "bpf/kernel_decls.h"
#include "bpf/name_table.h"

struct btf_type;

enum kernel_stage { STAGE_NEW, STAGE_QUEUED, STAGE_BUSY, STAGE_DONE };

struct kernel_type_state {
	uint8_t stage;
	uint8_t align; /* of what was written */
};

struct kernel_writer {
	const struct btf *btf;
	const struct text_names *names;
	const struct text_names *base;
	struct strbuf *out;
	kernel_field_fn *on_field;
	void *user;
	uint32_t type_count;
	struct kernel_type_state *states; /* by type number: structs and unions by their own, those
					     without a tag by that of their typedef */
	struct name_table tags;		  /* which type number a tag stands for */
	struct name_table ordinary;	  /* the same for typedefs and enumerators */
	uint32_t *queue;		  /* structs that a written field points to */
	size_t queue_length, queue_capacity;
	bool marks_signed_enums; /* the BTF is of a time (pahole 1.25) when enums tell their sign */
	bool failed;		 /* out of memory */
	int depth;
	int budget; /* members still to be looked at */
};

/* Where a member is written: what ON_FIELD and the macros call its surroundings. */
struct kernel_place {
	const char *type;   /* the C type of the whole object; NULL: no member of it can be named */
	const char *path;   /* of the struct we are in, "" or "a.b." */
	uint64_t offset;    /* of the struct we are in */
	const char *macros; /* the tag for HAVE_TAG__FIELD, or NULL: not in structs in structs */
};

/* May NAME stand for the type ID from here on? Not if it already stands for another one. */
bool kernel_writer_claim(struct kernel_writer *w, struct name_table *table, const char *name,
			 uint32_t id);

/* Is the tag defined by the text, or by libbcc's headers, so that it must not be written here? */
bool kernel_writer_tag_is_taken(const struct kernel_writer *w, const char *tag);

/* The same for a typedef or an enumerator. */
bool kernel_writer_name_is_taken(const struct kernel_writer *w, const char *name);

/*
 * Have the whole struct or union written, so that it can be a member: one with a TAG, or one
 * without that has the typedef ALIAS. True if it is; *ERROR is set on failure only.
 */
bool kernel_writer_complete(struct kernel_writer *w, uint32_t state_id, const struct btf_type *t,
			    const char *tag, const char *alias, int *error);

/*
 * Append "TYPE NAME" for a member or a typedef, having written what it takes. Bytes stand for a
 * type that cannot be spelled. Returns the alignment, 0 if it cannot be declared at all, or -errno.
 */
int kernel_writer_declare(struct kernel_writer *w, struct strbuf *out, uint32_t id,
			  const char *name, const struct kernel_place *inner);
