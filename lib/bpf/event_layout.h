/*
 * How a text's records are laid out. The struct that a tool and its text share may have got more
 * members in an edited text, anywhere: the image's BTF tells where each one is now. The tool's own
 * are put where the tool expects them; the others become named values.
 *
 * A text says which struct that is by OOMTOOLS_EVENT(NAME) (oomtools.bpf.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/named_value.h"
#include "base/strbuf.h"

/* A member that the tool knows, from its own header: bpf-src/members.sh makes the tables. Members
 * of a struct within are named with a dot: "event.victim_pid". */
struct event_member {
	const char *name;
	size_t offset, size;
};

/* A struct of the tool. */
struct event_struct {
	const char *name; /* without "struct" */
	size_t size;
	const struct event_member *members;
	size_t n_members;
};

/* So many further members are shown; a text with more is refused. */
#define EVENT_LAYOUT_FIELDS_MOST 64

struct event_layout;

/* Declares the table of a shared struct, which members.sh makes of its header. */
#define EVENT_STRUCT(name) extern const struct event_struct name##_struct

/*
 * From an image's BTF (not trusted). -ENOENT: it does not have the struct, as the text does not
 * name it by OOMTOOLS_EVENT(); -EBADMSG: the BTF is damaged; -EINVAL: the tool's members are not
 * all there, or one has another size; or -ENOMEM. WHY says which, and what to do: lines. OWN must
 * last as long as the layout does.
 */
int event_layout_read(const void *btf, size_t btf_size, const struct event_struct *own,
		      struct event_layout **ret, struct strbuf *why);

/* Bytes of a record of this text; is it laid out as the tool's own is, with nothing more? */
size_t event_layout_size(const struct event_layout *layout);
bool event_layout_is_own(const struct event_layout *layout);

/* Have both the same members at the same places? Then their records may share a ring. */
bool event_layout_equal(const struct event_layout *a, const struct event_layout *b);

/* A record of this text (SIZE bytes, any alignment) as the tool's struct. 0; -EBADMSG: too short.
 */
int event_layout_own(const struct event_layout *layout, const void *record, size_t size, void *ret);

/* The names of the further members, in their order; NULL at the end. Of a struct within: "a.b". */
const char *const *event_layout_names(const struct event_layout *layout);

/* The first further member that is not an integer of 64 bits in 8 bytes of its own; NULL: none. */
const char *event_layout_no_counter(const struct event_layout *layout);

/*
 * Append the values of the further members: integers and bit-fields as numbers; enums by name;
 * arrays of char as text, up to the NUL; arrays of integers of two bytes and more as numbers parted
 * by blanks; pointers as "0x..."; all else as hex. 0, -EBADMSG (too short) or -ENOMEM.
 */
int event_layout_values(const struct event_layout *layout, const void *record, size_t size,
			struct named_values *ret);

/* NULL is fine. */
void event_layout_free(struct event_layout *layout);
