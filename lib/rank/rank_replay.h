/*
 * Rankings that oomrank has written as JSON, as tables again. Lines of one time and domain belong
 * together. The bytes are not trusted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct rank_replay;

struct rank_replay_options {
	bool json;					    /* the lines as they are */
	uint64_t rows;					    /* of a table, at most; 0: no limit */
	int width;					    /* of a line */
	int (*show)(void *user, const struct strbuf *text); /* 0 or -errno: that ends it */
	void *user;
};

/* 0 or -ENOMEM. */
int rank_replay_open(const struct rank_replay_options *options, struct rank_replay **ret);

/* One more line. 0; -EBADMSG: it is none of a ranking, WHY says why, and others may follow; or
 * -errno of SHOW. */
int rank_replay_line(struct rank_replay *replay, const char *line, size_t n, struct strbuf *why);

/* There are no more. 0 or -errno. */
int rank_replay_end(struct rank_replay *replay);

/* NULL is fine. */
void rank_replay_close(struct rank_replay *replay);
