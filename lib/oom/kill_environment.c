#include "oom/kill_environment.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "oom/kill_text.h"

static void put_name(struct strbuf *out, const char *prefix, const char *key)
{
	size_t start;

	strbuf_puts(out, KILL_ENVIRONMENT_PREFIX);
	start = out->length;
	strbuf_puts(out, prefix);
	strbuf_puts(out, key);
	for (size_t i = start; i < out->length; i++)
		out->data[i] =
			out->data[i] == '.' ? '_' : (char)toupper((unsigned char)out->data[i]);
	strbuf_putc(out, '=');
}

static void put_text(struct strbuf *out, const char *text, size_t n)
{
	strbuf_append(out, text, MIN(n, (size_t)KILL_ENVIRONMENT_TEXT_MOST));
}

static void put_value(struct strbuf *out, enum kill_type type, const void *at)
{
	if (type == KILL_TEXT)
		put_text(out, *(char *const *)at, strlen(*(char *const *)at));
	else
		kill_value_text(type, at, out);
}

static void put_table(struct strbuf *out, const struct kill_table *t, const struct kill *k)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct kill_field *f = &t->fields[i];
		const void *at = (const char *)k + t->offset + f->offset;

		if (!kill_is_known(f->type, at))
			continue;
		put_name(out, t->prefix, f->key);
		put_value(out, f->type, at);
		strbuf_putc(out, '\0');
	}
}

static void put_members(struct strbuf *out, const struct kill *k)
{
	size_t start;

	strbuf_printf(out, KILL_ENVIRONMENT_PREFIX "MEMBERS=%zu", k->n_members);
	strbuf_putc(out, '\0');
	strbuf_puts(out, KILL_ENVIRONMENT_PREFIX "MEMBER_PIDS=");
	start = out->length;
	/* Only whole PIDs, of twenty digits at most. */
	for (size_t i = 0; i < k->n_members; i++)
		if (out->length - start + 21 <= KILL_ENVIRONMENT_TEXT_MOST &&
		    kill_is_known(KILL_UINT, &k->members[i].process.pid))
			strbuf_printf(out, "%s%" PRIu64, out->length > start ? " " : "",
				      k->members[i].process.pid);
	strbuf_putc(out, '\0');
}

static void put_extras(struct strbuf *out, const struct named_values *extras)
{
	for (size_t i = 0; i < extras->count; i++) {
		_cleanup_strbuf_ struct strbuf text = {0};

		put_name(out, "", extras->list[i].name);
		named_value_text(&extras->list[i], &text);
		put_text(out, strbuf_text(&text), text.length);
		strbuf_putc(out, '\0');
	}
}

int kill_environment(const struct kill *k, const char *line, struct strbuf *out)
{
	size_t n = strlen(line);

	for (size_t i = 0; i < kill_tables_count; i++)
		put_table(out, &kill_tables[i], k);
	put_members(out, k);
	put_extras(out, &k->extras);
	strbuf_puts(out, KILL_ENVIRONMENT_PREFIX "LINE=");
	put_text(out, line, n && line[n - 1] == '\n' ? n - 1 : n);
	strbuf_putc(out, '\0');
	return strbuf_error(out);
}
