/* What finding, completing and helping share. */
#pragma once

#include "console/command.h"

/* Walk through the commands of several tables. */
struct command_walk {
	const struct command_table *tables;
	size_t n, table;
	const struct command *at;
};

static inline struct command_walk command_walk(const struct command_table *tables, size_t n)
{
	return (struct command_walk){tables, n, 0, n ? tables[0].commands : NULL};
}

/* NULL: that was the last. */
const struct command *command_walk_next(struct command_walk *w, void **ret_user);

/* Is it the first of that name? Later tables' stand behind it. */
bool command_is_first(const struct command_table *tables, size_t n, const struct command *c);

/* As command_find(), among those tables; ABOVE is the command that they stand below, or "". */
int command_pick(const struct command_table *tables, size_t n, const char *word, const char *above,
		 const struct command **ret, void **ret_user, struct strbuf *why);

/* The line of a command in a list of them. */
void command_row(const struct command *c, const char *above, struct strbuf *out);
