/*
 * What stands behind the line of a kill: facts by their JSON keys, and the further members of an
 * edited probe (kill_extras.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "oom/kill.h"

struct kill_columns {
	bool no_further; /* further members are shown only if they are named */
	char **names;
	size_t n_names, names_capacity;
	char **hidden; /* further members that are not */
	size_t n_hidden, hidden_capacity;
};

/*
 * Change them: "NAME,NAME" (these and no others), "none", "default" (all further members, nothing
 * else), "+NAME" or "-NAME". FURTHER: the members that there are, NULL at the end, or NULL. 0;
 * -EINVAL with the reason in WHY, and nothing is changed; -ENOMEM.
 */
int kill_columns_change(struct kill_columns *c, const char *change, const char *const *further,
			struct strbuf *why);

/* Is it shown? */
bool kill_columns_show(const struct kill_columns *c, const char *name);

/* Append them as a change that would make them so. */
void kill_columns_text(const struct kill_columns *c, struct strbuf *out);

/* What the values of a fact are, by the end of its key: "bytes", "ns", "pages", "%", "". */
const char *kill_columns_unit(const char *key);

/* Append ", NAME VALUE" for each that the kill has, harmless; "n/a" for one that is named and not
 * known. NULL: further members. */
void kill_columns_put(const struct kill_columns *c, const struct kill *k, struct strbuf *out);

void kill_columns_clear(struct kill_columns *c);
