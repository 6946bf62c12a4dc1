#include "oom/kill_columns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/macro.h"
#include "oom/kill_extras.h"
#include "oom/kill_text.h"

#define NAMES_MOST 64

static void forget(char **names, size_t *n)
{
	while (*n)
		free(names[--*n]);
}

void kill_columns_clear(struct kill_columns *c)
{
	forget(c->names, &c->n_names);
	forget(c->hidden, &c->n_hidden);
	free(c->names);
	free(c->hidden);
	*c = (struct kill_columns){0};
}

static bool has(char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static int add(char ***names, size_t *n, size_t *capacity, const char *name)
{
	if (has(*names, *n, name))
		return 0;
	if (array_reserve(names, capacity, *n, 1, sizeof(**names)) < 0)
		return -ENOMEM;
	(*names)[*n] = strdup(name);
	if (!(*names)[*n])
		return -ENOMEM;
	++*n;
	return 0;
}

static void take_out(char **names, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++) {
		if (strcmp(names[i], name))
			continue;
		free(names[i]);
		--*n;
		memmove(names + i, names + i + 1, (*n - i) * sizeof(*names));
		return;
	}
}

static bool is_further(const char *name, const char *const *further)
{
	for (; further && *further; further++)
		if (!strcmp(*further, name))
			return true;
	return false;
}

static int check(const struct kill_columns *c, const char *name, const char *const *further,
		 struct strbuf *why)
{
	size_t offset;

	if (kill_find_field(name, &offset) || is_further(name, further) ||
	    has(c->names, c->n_names, name))
		return 0;
	strbuf_printf(why, "there is no column '%s': 'columns' lists all", name);
	return -EINVAL;
}

static int show(struct kill_columns *c, const char *name, const char *const *further,
		struct strbuf *why)
{
	int r = check(c, name, further, why);

	if (r < 0)
		return r;
	if (c->n_names >= NAMES_MOST) {
		strbuf_printf(why, "more than %d columns cannot be shown: use set json on",
			      NAMES_MOST);
		return -EINVAL;
	}
	if (has(c->hidden, c->n_hidden, name)) {
		take_out(c->hidden, &c->n_hidden, name);
		return 0;
	}
	if (!c->no_further && is_further(name, further))
		return 0;
	return add(&c->names, &c->n_names, &c->names_capacity, name);
}

static int hide(struct kill_columns *c, const char *name, const char *const *further,
		struct strbuf *why)
{
	int r = check(c, name, further, why);

	if (r < 0)
		return r;
	take_out(c->names, &c->n_names, name);
	if (c->no_further || !is_further(name, further))
		return 0;
	return add(&c->hidden, &c->n_hidden, &c->hidden_capacity, name);
}

/* These and no others. */
static int replace(struct kill_columns *c, const char *list, const char *const *further,
		   struct strbuf *why)
{
	struct kill_columns new = {.no_further = true};
	_cleanup_strbuf_ struct strbuf name = {0};
	int r = 0;

	for (const char *s = list; r == 0; s++) {
		size_t n = strcspn(s, ",");

		strbuf_reset(&name);
		strbuf_append(&name, s, n);
		r = strbuf_error(&name);
		if (r == 0)
			r = show(&new, strbuf_text(&name), further, why);
		s += n;
		if (!*s)
			break;
	}
	if (r < 0) {
		kill_columns_clear(&new);
		return r;
	}
	kill_columns_clear(c);
	*c = new;
	return 0;
}

int kill_columns_change(struct kill_columns *c, const char *change, const char *const *further,
			struct strbuf *why)
{
	if (*change == '+')
		return show(c, change + 1, further, why);
	if (*change == '-')
		return hide(c, change + 1, further, why);
	if (strcmp(change, "none") && strcmp(change, "default"))
		return replace(c, change, further, why);
	kill_columns_clear(c);
	c->no_further = !strcmp(change, "none");
	return 0;
}

/* One that an edited probe tells, while nothing is said of it. */
static bool is_shown_unasked(const struct kill_columns *c, const char *name)
{
	return !c || (!c->no_further && !has(c->hidden, c->n_hidden, name) &&
		      !has(c->names, c->n_names, name));
}

bool kill_columns_show(const struct kill_columns *c, const char *name)
{
	size_t offset;

	return has(c->names, c->n_names, name) ||
	       (!kill_find_field(name, &offset) && is_shown_unasked(c, name));
}

static void put_list(char *const *names, size_t n, const char *before, struct strbuf *out)
{
	for (size_t i = 0; i < n; i++)
		strbuf_printf(out, "%s%s", before, names[i]);
}

void kill_columns_text(const struct kill_columns *c, struct strbuf *out)
{
	size_t start = out->length;

	if (c->no_further && !c->n_names)
		strbuf_puts(out, "none");
	else if (!c->no_further)
		strbuf_puts(out, "default");
	put_list(c->names, c->n_names, c->no_further ? "," : " +", out);
	put_list(c->hidden, c->n_hidden, " -", out);
	/* The first of a list has no comma before it. */
	if (out->length > start && out->data[start] == ',') {
		memmove(out->data + start, out->data + start + 1, out->length - start);
		out->length--;
	}
}

const char *kill_columns_unit(const char *key)
{
	static const char *const endings[][2] = {
		{"_bytes", "bytes"}, {"_ns", "ns"}, {"_percent", "%"}, {"_pages", "pages"}};
	size_t n = strlen(key);

	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		size_t ending = strlen(endings[i][0]);

		if (n > ending && !strcmp(key + n - ending, endings[i][0]))
			return endings[i][1];
	}
	return "";
}

static void put_fact(const struct kill *k, const struct kill_field *f, size_t offset,
		     struct strbuf *out)
{
	const void *at = (const char *)k + offset;
	_cleanup_strbuf_ struct strbuf text = {0};
	struct named_value v = {.kind = NAMED_TEXT};

	if (!kill_is_known(f->type, at)) {
		strbuf_puts(out, "n/a");
		return;
	}
	kill_value_text(f->type, at, &text);
	v.text = (char *)strbuf_text(&text);
	kill_extra_display(&v, out);
}

static void put_named(const char *name, const struct kill *k, struct strbuf *out)
{
	const struct named_value *v = named_values_find(&k->extras, name);
	size_t offset;
	const struct kill_field *f = kill_find_field(name, &offset);

	strbuf_printf(out, ", %s ", name);
	if (f)
		put_fact(k, f, offset, out);
	else if (v)
		kill_extra_display(v, out);
	else
		strbuf_puts(out, "n/a");
}

void kill_columns_put(const struct kill_columns *c, const struct kill *k, struct strbuf *out)
{
	for (size_t i = 0; c && i < c->n_names; i++)
		put_named(c->names[i], k, out);
	for (size_t i = 0; i < k->extras.count; i++)
		if (is_shown_unasked(c, k->extras.list[i].name))
			put_named(k->extras.list[i].name, k, out);
}
