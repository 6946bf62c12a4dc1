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

/*
 * A line of memrate's as it was written, which is not trusted. RET is the caller's to clear,
 * RET_TIME to free. 0; -EBADMSG: it is none of memrate's, and WHY says why; -ENOMEM.
 */
int rate_row_parse(const char *line, size_t n, enum rate_by *ret_by, char **ret_time,
		   struct rate_interval *ret_interval, struct rate_row *ret, struct strbuf *why);
