#include "oom/kill_extras.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "oom/kill_json_text.h"
#include "oom/kill_stacks.h"

#define CLASH "probe_"
#define PLAIN                                                             \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_" \
	"./:+-@"

/* Is REST nothing, or what may stand behind a key of text? */
static bool is_ending(const char *rest)
{
	return !*rest || !strcasecmp(rest, "_hex");
}

static bool is_key_of(const struct kill_table *tables, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		size_t prefix = strlen(tables[i].prefix);

		if (strncasecmp(name, tables[i].prefix, prefix))
			continue;
		for (size_t f = 0; f < tables[i].count; f++) {
			const char *key = tables[i].fields[f].key;
			size_t length = strlen(key);

			if (!strncasecmp(name + prefix, key, length) &&
			    is_ending(name + prefix + length))
				return true;
		}
	}
	return false;
}

bool kill_key_is_ours(const char *name)
{
	/* Not facts of the tables: kill_json.c, kill_environment.c. */
	static const char *const others[] = {"members", "member_pids", "line"};

	for (size_t i = 0; i < kill_stacks_count; i++)
		if (!strncasecmp(name, kill_stacks[i].key, strlen(kill_stacks[i].key)))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcasecmp(name, others[i]))
			return true;
	return is_key_of(kill_tables, kill_tables_count, name) ||
	       is_key_of(kill_member_tables, kill_member_tables_count, name);
}

void kill_extra_name(const char *member, struct strbuf *out)
{
	strbuf_printf(out, "%s%s", kill_key_is_ours(member) ? CLASH : "", member);
}

static int add(struct named_values *to, const struct named_value *v)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	struct named_value value = *v;

	if (to->count >= KILL_EXTRAS_MOST)
		return 0;
	kill_extra_name(v->name, &name);
	if (strbuf_error(&name) < 0)
		return -ENOMEM;
	value.name = name.data;
	return named_values_copy(to, &value) ? 0 : -ENOMEM;
}

int kill_extras_add(struct named_values *to, const struct named_values *values)
{
	int r = 0;

	for (size_t i = 0; i < values->count && r == 0; i++)
		r = add(to, &values->list[i]);
	return r;
}

void kill_extras_json(const struct named_values *extras, struct json_writer *w)
{
	for (size_t i = 0; i < extras->count; i++) {
		const struct named_value *v = &extras->list[i];

		switch (v->kind) {
		case NAMED_UINT:
			json_writer_uint(w, v->name, v->number);
			break;
		case NAMED_INT:
			json_writer_int(w, v->name, (int64_t)v->number);
			break;
		case NAMED_BOOL:
			json_writer_bool(w, v->name, v->number);
			break;
		case NAMED_TEXT:
			kill_json_put_text(w, v->name, v->text ? v->text : "");
			break;
		}
	}
}

void kill_extra_display(const struct named_value *v, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	bool plain;

	named_value_text(v, &text);
	plain = text.length && strspn(strbuf_text(&text), PLAIN) == text.length;
	strbuf_puts(out, plain ? "" : "\"");
	text_display(out, strbuf_text(&text), text.length);
	strbuf_puts(out, plain ? "" : "\"");
}
