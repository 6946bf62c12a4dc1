/*
 * What memrate has written as JSON, as its tables again. Lines of one time belong together. The
 * bytes are not trusted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "rate/rate_columns.h"

struct rate_replay;

struct rate_replay_options {
	bool json; /* the lines as they are */
	struct rate_table
		like;	  /* the width, and of such tables the columns: others have their own */
	const char *sort; /* rate_columns.h */
	uint64_t rows;	  /* of a table, at most */
	/* A table. 0 or -errno: that ends it. */
	int (*show)(void *user, const struct strbuf *text);
	void *user;
};

int rate_replay_open(const struct rate_replay_options *options, struct rate_replay **ret);
void rate_replay_close(struct rate_replay *replay);

/* One more line; alarms are in no table. 0; -EBADMSG: it is none of memrate's, WHY says why, and
 * others may follow; or -errno of SHOW. */
int rate_replay_line(struct rate_replay *replay, const char *line, size_t n, struct strbuf *why);

/* There are no more. 0 or -errno. */
int rate_replay_end(struct rate_replay *replay);
