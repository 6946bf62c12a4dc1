#include "console/command.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "console/command_internal.h"

const struct command *command_walk_next(struct command_walk *w, void **ret_user)
{
	while (w->table < w->n && !w->at->name) {
		w->table++;
		w->at = w->table < w->n ? w->tables[w->table].commands : NULL;
	}
	if (w->table == w->n)
		return NULL;
	*ret_user = w->tables[w->table].user;
	return w->at++;
}

bool command_is_first(const struct command_table *tables, size_t n, const struct command *c)
{
	struct command_walk w = command_walk(tables, n);
	const struct command *other;
	void *user;

	while ((other = command_walk_next(&w, &user)) && other != c)
		if (!strcmp(other->name, c->name))
			return false;
	return true;
}

/* "a, b or c": those that begin with START, at most once each. */
static void put_names(const struct command_table *tables, size_t n, const char *start,
		      const char *last, struct strbuf *why)
{
	struct command_walk w = command_walk(tables, n);
	const struct command *c, *before = NULL;
	const char *between = "";
	void *user;

	while ((c = command_walk_next(&w, &user))) {
		if (strncmp(c->name, start, strlen(start)) != 0 || !command_is_first(tables, n, c))
			continue;
		if (before) {
			strbuf_printf(why, "%s%s", between, before->name);
			between = ", ";
		}
		before = c;
	}
	if (before)
		strbuf_printf(why, "%s%s", *between ? last : "", before->name);
}

static int not_found(const struct command_table *tables, size_t n, const char *word,
		     const char *above, bool several, struct strbuf *why)
{
	if (several) {
		strbuf_printf(why, "'%s%s", above, *above ? " " : "");
		text_display(why, word, strlen(word));
		strbuf_puts(why, "' may be ");
		put_names(tables, n, word, " or ", why);
		return -EMLINK;
	}
	strbuf_printf(why, "there is no %s'%s%s", *above ? "" : "command ", above,
		      *above ? " " : "");
	text_display(why, word, strlen(word));
	strbuf_puts(why, "'; there are ");
	put_names(tables, n, "", " and ", why);
	return -ENOENT;
}

int command_pick(const struct command_table *tables, size_t n, const char *word, const char *above,
		 const struct command **ret, void **ret_user, struct strbuf *why)
{
	struct command_walk w = command_walk(tables, n);
	const struct command *c, *found = NULL;
	bool several = false;
	void *user;

	while ((c = command_walk_next(&w, &user))) {
		if (!*word || strncmp(c->name, word, strlen(word)) != 0)
			continue;
		if (!strcmp(c->name, word)) {
			*ret = c;
			*ret_user = user;
			return 0;
		}
		several = several || (found && strcmp(found->name, c->name) != 0);
		if (!found) {
			found = c;
			*ret_user = user;
		}
	}
	if (!found || several)
		return not_found(tables, n, word, above, several, why);
	*ret = found;
	return 0;
}

/* FULL gets the name in full, "set filter"; *RET_ABOVE what stands above: "set", or NULL. */
static int find(const struct command_tree *tree, char *const *words, size_t n_words,
		const struct command **ret, const struct command **ret_above, void **ret_user,
		size_t *ret_used, struct strbuf *full, struct strbuf *why)
{
	const struct command *c = NULL, *above = NULL;
	struct command_table below;
	size_t used = 0;
	void *user = NULL;
	int r;

	if (!n_words)
		return -ENOENT;
	r = command_pick(tree->tables, tree->n_tables, words[used], "", &c, &user, why);
	while (r == 0) {
		strbuf_printf(full, "%s%s", full->length ? " " : "", c->name);
		used++;
		if (!c->below || used == n_words)
			break;
		below = (struct command_table){c->below, user};
		above = above ? above : c;
		r = command_pick(&below, 1, words[used], strbuf_text(full), &c, &user, why);
	}
	if (r < 0)
		return r;
	*ret = c;
	*ret_above = above;
	*ret_user = user;
	*ret_used = used;
	return 0;
}

int command_find(const struct command_tree *tree, char *const *words, size_t n_words,
		 const struct command **ret, void **ret_user, size_t *ret_used, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf full = {0};
	const struct command *above;

	return find(tree, words, n_words, ret, &above, ret_user, ret_used, &full, why);
}

static int check_words(const struct command *c, const struct command_call *call)
{
	if (!c->run) {
		struct command_table below = {c->below, NULL};

		strbuf_puts(call->why, "say what: ");
		put_names(&below, 1, "", " or ", call->why);
		return -EINVAL;
	}
	if (c->below || (call->n_words >= c->least && call->n_words <= c->most))
		return 0;
	if (call->n_words > c->most) {
		strbuf_puts(call->why, "'");
		text_display(call->why, call->words[c->most], strlen(call->words[c->most]));
		strbuf_puts(call->why, "' is too much; ");
	}
	strbuf_printf(call->why, "it goes '%s%s%s'; see 'help %s'", call->name,
		      *c->arguments ? " " : "", c->arguments, call->name);
	return -EINVAL;
}

/*
 * "set sort" alone: of what "set" shows, the lines that begin so. False if there is none, or if the
 * command does something without a word.
 */
static bool shows_itself(const struct command *c, const struct command *above,
			 const struct command_call *call)
{
	_cleanup_strbuf_ struct strbuf all = {0}, unheard = {0};
	struct command_call show = *call;
	size_t n = strlen(call->name);
	bool any = false;

	if (call->n_words || !above || !above->run || (c->run && !c->least))
		return false;
	show.out = &all;
	show.why = &unheard;
	show.name = above->name;
	if (above->run(&show) != 0)
		return false;
	for (const char *line = strbuf_text(&all), *end; *line; line = end + (*end == '\n')) {
		end = strchrnul(line, '\n');
		if (strncmp(line, call->name, n) != 0 || line[n] != ' ')
			continue;
		strbuf_append(call->out, line, (size_t)(end - line));
		strbuf_putc(call->out, '\n');
		any = true;
	}
	return any;
}

int command_run(const struct command_tree *tree, char *const *words, size_t n_words,
		struct console *console, struct strbuf *out, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf full = {0};
	_cleanup_free_ char **rest = NULL;
	struct command_call call = {.console = console, .out = out, .why = why};
	const struct command *c, *above;
	size_t used;
	int r = find(tree, words, n_words, &c, &above, &call.user, &used, &full, why);

	if (r < 0)
		return r;
	call.n_words = n_words - used;
	rest = calloc(call.n_words + 1, sizeof(*rest));
	if (!rest)
		return -ENOMEM;
	if (call.n_words)
		memcpy(rest, words + used, call.n_words * sizeof(*rest));
	call.words = rest;
	call.name = strbuf_text(&full);
	if (shows_itself(c, above, &call))
		return 0;
	r = check_words(c, &call);
	return r < 0 ? r : c->run(&call);
}
