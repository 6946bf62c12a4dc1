/* What the parts of alloc_replay share. */
#pragma once

#include <json-c/json.h>

#include "alloc/alloc_replay.h"

enum replay_kind { REPLAY_PROGRAM, REPLAY_SITE, REPLAY_PACKAGE, REPLAY_TRACE };

struct replay_row {
	struct json_object *object; /* has a time and a pid */
	enum replay_kind kind;
	int64_t pid;
};

/* A member, if it is a text without NUL; else NULL. A number, if it is one. */
const char *replay_text(struct json_object *object, const char *key);
bool replay_number(struct json_object *object, const char *key, int64_t *ret);

/* Append the tables of the rows of one time, which are sorted on the way. */
void replay_interval(struct replay_row *rows, size_t n, const char *time,
		     const struct alloc_replay_options *options, struct strbuf *out);

/* Append the heads of allocations, and one of them. */
void replay_trace_heads(const struct alloc_replay_options *options, struct strbuf *out);
void replay_trace(const struct replay_row *row, const struct alloc_replay_options *options,
		  struct strbuf *out);
