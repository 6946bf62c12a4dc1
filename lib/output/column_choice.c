#include "output/column_choice.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "base/text.h"
#include "output/table_writer.h"

#define ALL "all"
#define DEFAULT "default"

static uint64_t all_of(size_t n)
{
	return n < COLUMN_CHOICE_MOST ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
}

static bool is_it(const char *name, const char *word, size_t length)
{
	return name && strlen(name) == length && strncasecmp(name, word, length) == 0;
}

/* N: there is none. A name goes before another column's head. */
static size_t find(const struct column_about *columns, size_t n, const char *word, size_t length)
{
	for (size_t i = 0; i < n; i++)
		if (is_it(columns[i].name, word, length))
			return i;
	for (size_t i = 0; i < n; i++)
		if (is_it(columns[i].head, word, length))
			return i;
	return n;
}

static int no_such(const struct column_about *columns, size_t n, const char *word, size_t length,
		   struct strbuf *why)
{
	strbuf_puts(why, "no column '");
	text_display(why, word, length);
	strbuf_puts(why, "'; there are ");
	for (size_t i = 0; i < n; i++)
		strbuf_printf(why, "%s%s", i ? ", " : "", columns[i].name);
	return -EINVAL;
}

/* One of the names, as "pid", "+pid" or "-pid". */
static int take(const struct column_about *columns, size_t n, const char *word, size_t length,
		uint64_t *set, struct strbuf *why)
{
	char sign = '+';
	uint64_t bit;
	size_t i;

	if (length && (*word == '+' || *word == '-')) {
		sign = *word++;
		length--;
	}
	i = find(columns, n, word, length);
	if (i == n && !is_it(ALL, word, length))
		return no_such(columns, n, word, length, why);
	bit = i == n ? all_of(n) : UINT64_C(1) << i;
	*set = sign == '+' ? *set | bit : *set & ~bit;
	return 0;
}

int column_choice_parse(const struct column_about *columns, size_t n, const char *text,
			uint64_t shown, uint64_t *ret, struct strbuf *why)
{
	uint64_t set = *text == '+' || *text == '-' ? shown & all_of(n) : 0;
	int r = 0;

	if (is_it(DEFAULT, text, strlen(text))) {
		*ret = 0;
		return 0;
	}
	for (const char *word = text; r == 0 && word; word = strchr(word, ',')) {
		word += word != text;
		r = take(columns, n, word, strcspn(word, ","), &set, why);
	}
	if (r == 0 && !set) {
		strbuf_puts(why, "no column would be left");
		r = -EINVAL;
	}
	if (r == 0)
		*ret = set;
	return r;
}

void column_choice_text(const struct column_about *columns, size_t n, uint64_t chosen,
			struct strbuf *out)
{
	const char *between = "";

	if (!chosen)
		strbuf_puts(out, "default");
	for (size_t i = 0; i < n; i++) {
		if (!(chosen & UINT64_C(1) << i))
			continue;
		strbuf_printf(out, "%s%s", between, columns[i].name);
		between = ",";
	}
}

void column_choice_list(const struct column_about *columns, size_t n, uint64_t shown,
			struct strbuf *out)
{
	struct table_column heads[] = {{"COLUMN", 12, true},
				       {"HEAD", 9, true},
				       {"SHOWN", 5, true},
				       {"UNIT", 9, true},
				       {"MEANING", 0, true}};

	for (size_t i = 0; i < n; i++)
		heads[0].width = MAX(heads[0].width, (int)strlen(columns[i].name));
	table_writer_heads(out, heads, ARRAY_SIZE(heads), 0);
	for (size_t i = 0; i < n; i++) {
		const struct column_about *c = &columns[i];
		const char *const cells[] = {c->name, c->head ? c->head : "",
					     shown & UINT64_C(1) << i ? "yes" : "no", c->unit,
					     c->help};

		table_writer_row(out, heads, ARRAY_SIZE(heads), 0, 0, cells);
	}
}

int column_choice_explain(const struct column_about *columns, size_t n,
			  void (*cell)(size_t column, void *user, struct strbuf *out), void *user,
			  struct strbuf *out)
{
	static const struct table_column heads[] = {
		{"COLUMN", 12, true}, {"VALUE", 20, true}, {"MEANING", 0, true}};

	table_writer_heads(out, heads, ARRAY_SIZE(heads), 0);
	for (size_t i = 0; i < n; i++) {
		_cleanup_strbuf_ struct strbuf value = {0};

		cell(i, user, &value);
		if (strbuf_error(&value) < 0)
			return -ENOMEM;
		table_writer_row(out, heads, ARRAY_SIZE(heads), 0, 0,
				 (const char *const[]){columns[i].name, strbuf_text(&value),
						       columns[i].help});
	}
	return strbuf_error(out);
}

void column_choice_complete(const struct column_about *columns, size_t n, const char *start,
			    struct strbuf *out)
{
	const char *comma = strrchr(start, ',');
	size_t before = comma ? (size_t)(comma + 1 - start) : 0;

	/* A sign stays where it was typed. */
	if (start[before] == '+' || start[before] == '-')
		before++;
	for (size_t i = 0; i < n; i++)
		strbuf_printf(out, "%.*s%s\n", (int)before, start, columns[i].name);
	if (!comma)
		strbuf_printf(out, "%.*s" ALL "\n", (int)before, start);
	if (!before)
		strbuf_puts(out, DEFAULT "\n");
}
