/* Rows of growth as JSON, and as rows again. */
#pragma once

#include "base/strbuf.h"
#include "output/json_writer.h"
#include "rate/growth.h"
#include "rate/rate_columns.h"

/* What is true of a whole table. */
struct rate_interval {
	const char *time; /* RFC 3339 */
	double seconds;	  /* 0: it is the first reading, and growth is unknown */
	double one_in;	  /* of the time in which allocations were counted; NAN: they were not */
};

void rate_row_json(const struct rate_table *t, const struct rate_interval *interval,
		   const struct rate_row *row, struct json_writer *w);

/* Further members that lines have told of, by name: those of an edited text. */
struct rate_names {
	char *list[RATE_COLUMNS_MORE]; /* owned */
	size_t n;
};

void rate_names_clear(struct rate_names *names);

/*
 * A line of memrate's as it was written, which is not trusted. RET is the caller's to clear,
 * RET_TIME to free. NAMES gets those that it did not have yet, as many as there is room for;
 * RET->more is NULL or has RATE_COLUMNS_MORE numbers in the order of NAMES. 0; -ENOMSG: an alarm,
 * which is no row; -EBADMSG: it is none of memrate's, and WHY says why; -ENOMEM.
 */
int rate_row_parse(const char *line, size_t n, enum rate_by *ret_by, char **ret_time,
		   struct rate_interval *ret_interval, struct rate_row *ret,
		   struct rate_names *names, struct strbuf *why);
