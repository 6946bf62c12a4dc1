/*
 * What goalloctop has written as JSON, as its tables again: of programs, of sites, of single
 * allocations. Lines of one time belong together. The bytes are not trusted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alloc/alloc_table.h"
#include "alloc/program_table.h"
#include "base/strbuf.h"

struct alloc_replay;

struct alloc_replay_options {
	bool json;				/* the lines as they are */
	uint64_t program_columns, site_columns; /* output/column_choice.h */
	enum program_sort program_sort;
	enum alloc_sort site_sort;
	uint64_t rows; /* of a table, at most */
	bool stacks;   /* below each site, where they were recorded */
	bool date;
	int width; /* of a line; 0: no limit */
	/* An interval's tables, or a single allocation. 0 or -errno: that ends it. */
	int (*show)(void *user, const struct strbuf *text);
	void *user;
};

int alloc_replay_open(const struct alloc_replay_options *options, struct alloc_replay **ret);
void alloc_replay_close(struct alloc_replay *replay);

/* One more line. 0; -EBADMSG: it is none of goalloctop's, WHY says why, and others may follow; or
 * -errno of SHOW. */
int alloc_replay_line(struct alloc_replay *replay, const char *line, size_t n, struct strbuf *why);

/* There are no more. 0 or -errno. */
int alloc_replay_end(struct alloc_replay *replay);
