/* A line of commands, as somebody typed or sent it: tokenized, quoted, found, completed, hinted. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "console/command.h"
#include "console/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run(struct command_call *call)
{
	for (size_t i = 0; i < call->n_words; i++)
		strbuf_puts(call->out, call->words[i]);
	return 0;
}

static void complete(const struct command_completion *c)
{
	strbuf_puts(c->out, "comm\ncgroup\n\ntwo words\n'\n");
	for (size_t i = 0; i < c->n_words; i++)
		strbuf_puts(c->out, c->words[i]);
	strbuf_puts(c->out, c->start);
}

static const struct command below[] = {
	{.name = "column",
	 .arguments = "NAME",
	 .help = "",
	 .most = 2,
	 .run = run,
	 .complete = complete},
	{.name = "filter", .arguments = "", .help = "", .run = run},
	{0},
};
static const struct command commands[] = {
	{.name = "set", .arguments = "", .help = "", .below = below},
	{.name = "show",
	 .arguments = "[N]",
	 .help = "",
	 .most = 3,
	 .run = run,
	 .complete = complete},
	{.name = "?", .arguments = "", .help = "", .most = 9, .run = run},
	{0},
};
static const struct command_table table = {commands, NULL};
static const struct command_tree tree = {&table, 1};

/* A word, quoted, must be that word again; a control character cannot be typed. */
static void check_quote(const char *word)
{
	_cleanup_strbuf_ struct strbuf line = {0}, why = {0};
	struct token_list t = {0};

	token_quote(word, &line);
	if (tokenize(strbuf_text(&line), line.length, 0, &t, &why) < 0 || t.count != 1 ||
	    strcmp(t.list[0].text, word) != 0)
		abort();
	token_list_clear(&t);
}

static void check_run(const struct token_list *t)
{
	_cleanup_strbuf_ struct strbuf out = {0}, why = {0};
	char **words = calloc(t->count + 1, sizeof(*words));

	if (!words)
		abort();
	for (size_t i = 0; i < t->count; i++)
		words[i] = t->list[i].text;
	if (t->count && command_run(&tree, words, t->count, NULL, &out, &why) < 0 && !why.length)
		abort();
	free(words);
}

static void check_cursor(const char *line, size_t cursor)
{
	_cleanup_strbuf_ struct strbuf hint = {0};
	struct command_candidates c;

	if (command_complete(&tree, line, cursor, &c) < 0 || c.from > cursor)
		abort();
	command_candidates_clear(&c);
	if (command_hint(&tree, line, cursor, &hint) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data;
	size_t from = 0;

	while (from < size) {
		_cleanup_strbuf_ struct strbuf why = {0};
		struct token_list t = {0};
		int r = tokenize(line, size, from, &t, &why);

		if (t.next <= from || t.next > size || (r < 0 && !why.length))
			abort();
		for (size_t i = 0; i < t.count; i++) {
			if (t.list[i].end > size || t.list[i].start >= t.list[i].end)
				abort();
			check_quote(t.list[i].text);
		}
		if (r == 0)
			check_run(&t);
		from = t.next;
		token_list_clear(&t);
	}
	check_cursor(line, size);
	check_cursor(line, size / 2);
	return 0;
}
