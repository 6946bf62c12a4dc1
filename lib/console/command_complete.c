#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "console/command.h"
#include "console/command_internal.h"
#include "console/tokenizer.h"

/* What stands before the cursor: whole words, and the beginning of one. */
struct place {
	struct token_list tokens;
	char **words;
	size_t n_words;
	const char *start;
	size_t from; /* where that beginning is */
};

static void place_clear(struct place *p)
{
	token_list_clear(&p->tokens);
	free(p->words);
}

static int place_find(const char *line, size_t cursor, struct place *p)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	size_t from = 0;
	int r;

	*p = (struct place){.start = "", .from = cursor};
	for (;;) {
		r = tokenize(line, cursor, from, &p->tokens, &why);
		if (r == -ENOMEM || p->tokens.next >= cursor)
			break;
		from = p->tokens.next;
	}
	if (r == -ENOMEM)
		return r;
	p->n_words = p->tokens.count;
	/* "a;" at its end: a new command begins, as no word of it is there. */
	if (cursor && p->n_words && line[cursor - 1] == ';' && p->tokens.next == cursor &&
	    p->tokens.list[p->n_words - 1].end < cursor)
		p->n_words = 0;
	p->words = calloc(p->n_words + 1, sizeof(*p->words));
	if (!p->words)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_words; i++)
		p->words[i] = p->tokens.list[i].text;
	if (p->n_words && p->tokens.list[p->n_words - 1].end == cursor) {
		p->from = p->tokens.list[p->n_words - 1].start;
		p->start = p->words[--p->n_words];
		p->words[p->n_words] = NULL;
	}
	return 0;
}

static void put_commands(const struct command_table *tables, size_t n, struct strbuf *out)
{
	struct command_walk w = command_walk(tables, n);
	const struct command *c;
	void *user;

	while ((c = command_walk_next(&w, &user)))
		strbuf_printf(out, "%s\n", c->name);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of ALL that begin with START: sorted, each once. */
static int put_sorted(struct strbuf *all, const char *start, struct strbuf *out)
{
	_cleanup_free_ char **lines = NULL;
	size_t count = 0, capacity = 0;
	char *rest = all->data, *line;

	while (rest && (line = strsep(&rest, "\n"))) {
		if (!*line || strncmp(line, start, strlen(start)) != 0)
			continue;
		if (array_reserve(&lines, &capacity, count, 1, sizeof(*lines)) < 0)
			return -ENOMEM;
		lines[count++] = line;
	}
	if (count)
		qsort(lines, count, sizeof(*lines), compare);
	for (size_t i = 0; i < count; i++)
		if (!i || strcmp(lines[i], lines[i - 1]) != 0)
			strbuf_printf(out, "%s\n", lines[i]);
	return strbuf_error(out);
}

/* Candidates at that place, unsorted; the command that words are completed of, or NULL. */
static void candidates(const struct command_tree *tree, const struct place *p, struct strbuf *all,
		       bool *files, const struct command **ret)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	const struct command *c;
	struct command_completion completion = {.start = p->start, .out = all, .files = files};
	struct command_table below;
	size_t used;

	*ret = NULL;
	*files = false;
	if (!p->n_words) {
		put_commands(tree->tables, tree->n_tables, all);
		return;
	}
	if (command_find(tree, p->words, p->n_words, &c, &completion.user, &used, &why) < 0)
		return;
	*ret = c;
	below = (struct command_table){c->below, completion.user};
	if (c->below)
		put_commands(&below, 1, all);
	completion.n_words = p->n_words - used;
	completion.words = p->words + used;
	if (c->complete)
		c->complete(&completion);
}

int command_complete(const struct command_tree *tree, const char *line, size_t cursor,
		     struct command_candidates *ret)
{
	_cleanup_strbuf_ struct strbuf all = {0};
	struct command_candidates found = {0};
	const struct command *c;
	struct place p;
	int r = place_find(line, cursor, &p);

	if (r == 0) {
		candidates(tree, &p, &all, &found.files, &c);
		r = strbuf_error(&all);
	}
	if (r == 0)
		r = put_sorted(&all, p.start, &found.names);
	found.from = p.from;
	found.start = r == 0 ? strdup(p.start) : NULL;
	place_clear(&p);
	if (!found.start) {
		command_candidates_clear(&found);
		return -ENOMEM;
	}
	*ret = found;
	return 0;
}

void command_candidates_clear(struct command_candidates *c)
{
	free(c->start);
	strbuf_free(&c->names);
	*c = (struct command_candidates){0};
}

static void hint_commands(const struct command_table *tables, size_t n, const char *start,
			  struct strbuf *out)
{
	struct command_walk w = command_walk(tables, n);
	const struct command *c;
	void *user;

	while ((c = command_walk_next(&w, &user)))
		if (!strncmp(c->name, start, strlen(start)) && command_is_first(tables, n, c))
			command_row(c, "", out);
}

/* What the words of C may be. */
static int hint_words(const struct command *c, const struct place *p, struct strbuf *all,
		      bool files, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf sorted = {0};
	char *rest, *word;
	int r = put_sorted(all, p->start, &sorted);

	if (r < 0)
		return r;
	command_row(c, "", out);
	if (c->below) {
		struct command_table below = {c->below, NULL};

		hint_commands(&below, 1, p->start, out);
		return 0;
	}
	rest = sorted.data;
	while (rest && (word = strsep(&rest, "\n")))
		if (*word)
			strbuf_printf(out, "    %s\n", word);
	if (files)
		strbuf_puts(out, "    the name of a file\n");
	return 0;
}

int command_hint(const struct command_tree *tree, const char *line, size_t cursor,
		 struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf all = {0}, why = {0};
	const struct command *c = NULL;
	bool files = false;
	struct place p;
	void *user;
	size_t used;
	int r = place_find(line, cursor, &p);

	if (r < 0) {
		place_clear(&p);
		return r;
	}
	candidates(tree, &p, &all, &files, &c);
	if (!p.n_words)
		hint_commands(tree->tables, tree->n_tables, p.start, out);
	else if (c)
		r = hint_words(c, &p, &all, files, out);
	else if (command_find(tree, p.words, p.n_words, &c, &user, &used, &why) < 0)
		strbuf_printf(out, "%s\n", strbuf_text(&why));
	if (r == 0 && !out->length)
		strbuf_puts(out, "nothing begins so\n");
	place_clear(&p);
	return r < 0 ? r : strbuf_error(out);
}
