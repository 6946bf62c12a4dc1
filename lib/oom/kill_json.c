#include "oom/kill_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "oom/kill_extras.h"
#include "oom/kill_json_text.h"
#include "oom/kill_stacks.h"
#include "output/human.h"

static void put_value(struct json_writer *w, const char *key, enum kill_type type, const void *at)
{
	_cleanup_strbuf_ struct strbuf time = {0};

	if (!kill_is_known(type, at)) {
		json_writer_null(w, key);
		return;
	}
	switch (type) {
	case KILL_TEXT:
		json_writer_string(w, key, *(char *const *)at);
		break;
	case KILL_UINT:
		json_writer_uint(w, key, *(const uint64_t *)at);
		break;
	case KILL_INT:
		json_writer_int(w, key, *(const int64_t *)at);
		break;
	case KILL_SHARE:
		json_writer_share(w, key, *(const double *)at);
		break;
	case KILL_BOOL:
		json_writer_bool(w, key, *(const bool *)at);
		break;
	case KILL_TIME:
		human_time_utc(&time, *(const uint64_t *)at);
		json_writer_text(w, key, strbuf_text(&time), time.length);
		break;
	}
}

static bool is_named(const char *key, const char *const *keys)
{
	for (; keys && *keys; keys++)
		if (!strcmp(*keys, key))
			return true;
	return !keys;
}

/* The tables' facts of the struct at BASE; KEYS as in kill_json_some(), or NULL for all. */
static void put_tables(struct json_writer *w, const struct kill_table *tables, size_t n,
		       const void *base, const char *const *keys)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t f = 0; f < tables[i].count; f++) {
			const struct kill_field *field = &tables[i].fields[f];
			const void *at = (const char *)base + tables[i].offset + field->offset;
			char key[KILL_KEY_SIZE];

			snprintf(key, sizeof(key), "%s%s", tables[i].prefix, field->key);
			if (!is_named(key, keys))
				continue;
			put_value(w, key, field->type, at);
			if (!keys && field->type == KILL_TEXT && kill_is_known(KILL_TEXT, at))
				kill_json_put_exact(w, key, *(char *const *)at);
		}
	}
}

void kill_json_some(const struct kill *k, const char *const *keys, struct json_writer *w)
{
	put_tables(w, kill_tables, kill_tables_count, k, keys);
}

static void put_stack(struct json_writer *w, const char *name, const struct kill_stack *s)
{
	char key[KILL_LONG_KEY_SIZE];
	bool exact = true;

	if (s->count)
		json_writer_array(w, name);
	else
		json_writer_null(w, name);
	for (size_t i = 0; i < s->count; i++) {
		json_writer_add_text(w, name, s->frames[i], strlen(s->frames[i]));
		exact = exact && text_is_utf8(s->frames[i], strlen(s->frames[i]));
	}
	if (!exact) {
		snprintf(key, sizeof(key), "%s_hex", name);
		json_writer_array(w, key);
		for (size_t i = 0; i < s->count; i++) {
			_cleanup_strbuf_ struct strbuf digits = {0};

			kill_json_hex(s->frames[i], &digits);
			json_writer_add_text(w, key, strbuf_text(&digits), digits.length);
		}
	}
	snprintf(key, sizeof(key), "%s_tid", name);
	if (s->tid && s->tid != KILL_UNKNOWN)
		json_writer_uint(w, key, s->tid);
	else
		json_writer_null(w, key);
	snprintf(key, sizeof(key), "%s_cut", name);
	json_writer_bool(w, key, s->cut);
	snprintf(key, sizeof(key), "%s_error", name);
	json_writer_string(w, key, s->error);
}

int kill_json_line(const struct kill *k, struct strbuf *out)
{
	struct json_writer *w = json_writer_open();

	put_tables(w, kill_tables, kill_tables_count, k, NULL);
	for (size_t i = 0; i < kill_stacks_count; i++)
		put_stack(w, kill_stacks[i].key,
			  (const struct kill_stack *)((const char *)k + kill_stacks[i].offset));
	json_writer_array(w, "members");
	for (size_t i = 0; i < k->n_members; i++) {
		json_writer_begin_element(w, "members");
		put_tables(w, kill_member_tables, kill_member_tables_count, &k->members[i], NULL);
		kill_extras_json(&k->members[i].extras, w);
		json_writer_end_element(w);
	}
	kill_extras_json(&k->extras, w);
	return json_writer_line(w, out);
}
