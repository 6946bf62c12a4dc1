#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "console/command.h"
#include "console/command_internal.h"

#define HELP_COLUMN 26

void command_row(const struct command *c, const char *above, struct strbuf *out)
{
	size_t from = out->length, n;

	strbuf_printf(out, "  %s%s%s%s%s", above, *above ? " " : "", c->name,
		      *c->arguments ? " " : "", c->arguments);
	n = out->length - from;
	if (n + 2 > HELP_COLUMN)
		strbuf_printf(out, "\n%*s%s\n", HELP_COLUMN, "", c->help);
	else
		strbuf_printf(out, "%*s%s\n", (int)(HELP_COLUMN - n), "", c->help);
}

static void help_all(const struct command_tree *tree, struct strbuf *out)
{
	struct command_walk w = command_walk(tree->tables, tree->n_tables);
	const struct command *c;
	void *user;

	while ((c = command_walk_next(&w, &user)))
		if (command_is_first(tree->tables, tree->n_tables, c))
			command_row(c, "", out);
	strbuf_puts(out, "A command may be shortened; 'help NAME' says more of one.\n");
}

static void help_one(const struct command *c, const char *above, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf full = {0};

	if (c->run || !c->below)
		command_row(c, above, out);
	if (c->more) {
		strbuf_puts(out, c->more);
		if (*c->more && c->more[strlen(c->more) - 1] != '\n')
			strbuf_putc(out, '\n');
	}
	if (!c->below)
		return;
	strbuf_printf(&full, "%s%s%s", above, *above ? " " : "", c->name);
	for (const struct command *b = c->below; b->name; b++)
		command_row(b, strbuf_text(&full), out);
}

int command_help(const struct command_tree *tree, char *const *words, size_t n_words,
		 struct strbuf *out, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf above = {0}, ignored = {0};
	const struct command *c, *part;
	size_t used, n;
	void *user;
	int r;

	if (!n_words) {
		help_all(tree, out);
		return strbuf_error(out);
	}
	r = command_find(tree, words, n_words, &c, &user, &used, why);
	if (r < 0)
		return r;
	if (used < n_words) {
		strbuf_puts(why, "'");
		text_display(why, words[used], strlen(words[used]));
		strbuf_puts(why, "' is no command");
		return -EINVAL;
	}
	for (size_t i = 1; i < used; i++)
		if (command_find(tree, words, i, &part, &user, &n, &ignored) == 0)
			strbuf_printf(&above, "%s%s", above.length ? " " : "", part->name);
	help_one(c, strbuf_text(&above), out);
	return strbuf_error(out);
}
