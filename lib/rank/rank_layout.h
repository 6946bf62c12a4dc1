/*
 * What the probe's iterator writes, which may be that of an edited text: records laid out as struct
 * oomrank_task again, and what the text has added, as values with names.
 */
#pragma once

#include "bpf/tracer.h"
#include "rank/rank_view.h"

struct rank_layout;

/*
 * That of the text that TRACER runs (or is about to, within a swap). NULL in RET: as this tool's
 * own, or not known, as the text does not name it. 0; -errno with the reason in WHY.
 */
int rank_layout_read(const struct tracer *tracer, struct rank_layout **ret, struct strbuf *why);

/*
 * All that was read from the iterator. LAYOUT may be NULL. The records are the caller's to free, as
 * are the extras (rank_view_clear()). 0; -EBADMSG: not a whole number of records; -ENOMEM.
 */
int rank_layout_parse(const struct rank_layout *layout, const void *bytes, size_t size,
		      struct oomrank_task **ret, size_t *ret_n, struct rank_view *extras);

/* The names of the further members as they are shown, NULL at the end. LAYOUT may be NULL. */
const char *const *rank_layout_names(const struct rank_layout *layout);

/* NULL is fine. */
void rank_layout_free(struct rank_layout *layout);
