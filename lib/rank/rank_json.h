/* A ranking for programs: one JSON object for each process. */
#pragma once

#include "base/strbuf.h"
#include "rank/rank_report.h"

/*
 * All rows in their order, each a line. Unless ALL: no kernel threads, none from outside of the
 * domain. Not more than ROWS. 0 or -ENOMEM.
 */
int rank_json(const struct rank_report *p, struct strbuf *out);

/* As rank_report_changes(); the objects have a key more, `change`. */
int rank_json_changes(const struct rank_report *p, struct strbuf *out);

/* One row; CHANGE: "new", "moved", "gone", or NULL: without that key. 0 or -ENOMEM. */
int rank_json_row(const struct rank_report *p, size_t row, const char *change, struct strbuf *out);

extern const size_t rank_json_keys_count; /* `change` is one of them */
/* Is it one of the keys? In any case. */
bool rank_json_has_key(const char *name);

/* "kills", "waits", "nobody", "panics", "allocator", "disabled" */
const char *rank_outcome_name(enum ranking_outcome outcome);
