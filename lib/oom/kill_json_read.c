#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"
#include "oom/kill_extras.h"
#include "oom/kill_json.h"
#include "oom/kill_json_text.h"
#include "oom/kill_stacks.h"
#include "oom/kill_text.h"

#define DEPTH_MOST 8 /* ours have 3; the others' keys that are skipped may have more */

struct reading {
	struct strbuf *why;
	size_t found; /* keys of ours */
};

static int wrong(struct reading *r, const char *key, const char *what)
{
	strbuf_printf(r->why, "%s is %s", key, what);
	return -EBADMSG;
}

/* What kill_json_put_exact() and put_stack() have written. */
static int read_hex(struct reading *r, const char *key, struct json_object *value,
		    struct strbuf *ret)
{
	const char *s = json_object_get_string(value);
	size_t n = (size_t)json_object_get_string_len(value);

	if (!json_object_is_type(value, json_type_string) || !kill_json_unhex(s, n, ret))
		return wrong(r, key, "not a text of hexadecimal digits");
	return strbuf_error(ret);
}

static int read_text(struct reading *r, const char *key, struct json_object *value,
		     struct strbuf *ret)
{
	const char *s = json_object_get_string(value);
	size_t n = (size_t)json_object_get_string_len(value);

	if (!json_object_is_type(value, json_type_string))
		return wrong(r, key, "not a text");
	if (memchr(s, 0, n))
		return wrong(r, key, "a text with a NUL character in it");
	strbuf_append(ret, s, n);
	return strbuf_error(ret);
}

bool kill_json_time(const char *s, uint64_t *ret)
{
	struct tm tm = {0};
	const char *rest = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	uint64_t ns = 0, unit = 100000000;
	time_t seconds;

	/* Four digits, no blanks: strptime takes more than that. */
	if (!rest || rest - s != strlen("2026-11-22T13:03:27") || strspn(s, "0123456789-T:") < 19)
		return false;
	if (*rest == '.')
		for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
			ns += (uint64_t)(*rest - '0') * unit;
	seconds = timegm(&tm);
	if (strcmp(rest, "Z") || seconds < 0 || (uint64_t)seconds >= UINT64_MAX / 1000000000)
		return false;
	*ret = (uint64_t)seconds * 1000000000 + ns;
	return true;
}

static int read_time(struct reading *r, const char *key, const char *s, uint64_t *ret)
{
	return kill_json_time(s, ret)
		       ? 0
		       : wrong(r, key, "not a time such as 2026-11-22T13:03:27.123Z");
}

static int read_whole(struct reading *r, const char *key, struct json_object *value, bool sign,
		      void *at)
{
	/* What does not fit has become the largest or smallest number. */
	int64_t i = json_object_get_int64(value);
	uint64_t u = json_object_get_uint64(value);

	if (!json_object_is_type(value, json_type_int) || (!sign && i < 0))
		return wrong(r, key, sign ? "not a whole number" : "not a whole number from 0 on");
	if (sign ? u > INT64_MAX || i == INT64_MIN : u == UINT64_MAX)
		return wrong(r, key, "too large a number");
	if (sign)
		*(int64_t *)at = i;
	else
		*(uint64_t *)at = u;
	return 0;
}

static int read_share(struct reading *r, const char *key, struct json_object *value, double *ret)
{
	double share = json_object_get_double(value);

	if (!json_object_is_type(value, json_type_double) &&
	    !json_object_is_type(value, json_type_int))
		return wrong(r, key, "not a number");
	if (!(share >= 0 && share <= 1e6))
		return wrong(r, key, "not a number of percent");
	*ret = share;
	return 0;
}

static int read_value(struct reading *r, const char *key, enum kill_type type,
		      struct json_object *value, void *at)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	int result;

	switch (type) {
	case KILL_TEXT:
	case KILL_TIME:
		result = read_text(r, key, value, &text);
		if (result < 0)
			return result;
		if (type == KILL_TIME)
			return read_time(r, key, strbuf_text(&text), at);
		return kill_set_text(at, strbuf_text(&text), text.length);
	case KILL_UINT:
	case KILL_INT:
		return read_whole(r, key, value, type == KILL_INT, at);
	case KILL_SHARE:
		return read_share(r, key, value, at);
	case KILL_BOOL:
		if (!json_object_is_type(value, json_type_boolean))
			return wrong(r, key, "neither true nor false");
		*(bool *)at = json_object_get_boolean(value);
		return 0;
	}
	return 0;
}

/* KEY's value; false: it is null or not there, which is the same. */
static bool look_up(struct reading *r, struct json_object *object, const char *key,
		    struct json_object **ret)
{
	if (!json_object_object_get_ex(object, key, ret))
		return false;
	r->found++;
	return *ret;
}

static int read_field(struct reading *r, struct json_object *object, const char *key,
		      enum kill_type type, void *at)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	char key_hex[KILL_LONG_KEY_SIZE];
	struct json_object *value;
	int result = 0;

	if (look_up(r, object, key, &value))
		result = read_value(r, key, type, value, at);
	snprintf(key_hex, sizeof(key_hex), "%s_hex", key);
	if (result < 0 || type != KILL_TEXT || !look_up(r, object, key_hex, &value))
		return result;
	result = read_hex(r, key_hex, value, &bytes);
	return result < 0 ? result : kill_set_text(at, strbuf_text(&bytes), bytes.length);
}

static int read_tables(struct reading *r, struct json_object *object,
		       const struct kill_table *tables, size_t n, void *base)
{
	int result = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t f = 0; f < tables[i].count && result == 0; f++) {
			const struct kill_field *field = &tables[i].fields[f];
			char key[KILL_KEY_SIZE];

			snprintf(key, sizeof(key), "%s%s", tables[i].prefix, field->key);
			result = read_field(r, object, key, field->type,
					    (char *)base + tables[i].offset + field->offset);
		}
	}
	return result;
}

static int read_frames(struct reading *r, struct json_object *object, const char *key,
		       struct kill_stack *s)
{
	char key_hex[KILL_LONG_KEY_SIZE];
	struct json_object *frames;
	bool exact;

	snprintf(key_hex, sizeof(key_hex), "%s_hex", key);
	exact = look_up(r, object, key_hex, &frames);
	if (!exact && !look_up(r, object, key, &frames))
		return 0;
	if (!json_object_is_type(frames, json_type_array))
		return wrong(r, exact ? key_hex : key, "not an array");
	for (size_t i = 0; i < json_object_array_length(frames); i++) {
		struct json_object *frame = json_object_array_get_idx(frames, i);
		_cleanup_strbuf_ struct strbuf text = {0};
		int result = exact ? read_hex(r, key_hex, frame, &text)
				   : read_text(r, key, frame, &text);

		if (result == 0)
			result = kill_stack_add(s, strbuf_text(&text), text.length);
		if (result < 0)
			return result;
	}
	return 0;
}

static int read_stack(struct reading *r, struct json_object *object, const char *name,
		      struct kill_stack *s)
{
	char key[KILL_LONG_KEY_SIZE];
	int result = read_frames(r, object, name, s);

	snprintf(key, sizeof(key), "%s_tid", name);
	if (result == 0)
		result = read_field(r, object, key, KILL_UINT, &s->tid);
	snprintf(key, sizeof(key), "%s_cut", name);
	if (result == 0)
		result = read_field(r, object, key, KILL_BOOL, &s->cut);
	snprintf(key, sizeof(key), "%s_error", name);
	return result < 0 ? result : read_field(r, object, key, KILL_TEXT, &s->error);
}

static int read_members(struct reading *r, struct json_object *object, struct kill *k)
{
	struct json_object *members;
	int result = 0;

	if (!look_up(r, object, "members", &members))
		return 0;
	if (!json_object_is_type(members, json_type_array))
		return wrong(r, "members", "not an array");
	for (size_t i = 0; i < json_object_array_length(members) && result == 0; i++) {
		struct json_object *member = json_object_array_get_idx(members, i);
		struct kill_member *m;

		if (!json_object_is_type(member, json_type_object))
			return wrong(r, "members", "not an array of objects");
		m = kill_add_member(k);
		result = m ? read_tables(r, member, kill_member_tables, kill_member_tables_count, m)
			   : -ENOMEM;
		if (result == 0)
			result = kill_extras_read(&m->extras, member, kill_key_is_ours);
	}
	return result;
}

static int read_kill(struct reading *r, struct json_object *object, struct kill *k)
{
	int result = read_tables(r, object, kill_tables, kill_tables_count, k);

	for (size_t i = 0; i < kill_stacks_count && result == 0; i++)
		result = read_stack(r, object, kill_stacks[i].key,
				    (struct kill_stack *)((char *)k + kill_stacks[i].offset));
	if (result == 0)
		result = read_members(r, object, k);
	if (result == 0 && r->found)
		result = kill_extras_read(&k->extras, object, kill_key_is_ours);
	if (result < 0 || r->found)
		return result;
	strbuf_puts(r->why, "no kill: none of its keys is known here");
	return -EBADMSG;
}

/* How many keys an object and what is in it have. */
static size_t count_keys(struct json_object *value)
{
	size_t n = 0;

	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			n += count_keys(json_object_array_get_idx(value, i));
	} else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member) n += 1 + count_keys(member) + !key;
	}
	return n;
}

/* How many the text has: outside of strings a colon stands behind each, and nowhere else. */
static size_t count_colons(const char *line, size_t n)
{
	bool inside = false;
	size_t colons = 0;

	for (size_t i = 0; i < n; i++) {
		if (inside && line[i] == '\\')
			i++;
		else if (line[i] == '"')
			inside = !inside;
		else if (!inside && line[i] == ':')
			colons++;
	}
	return colons;
}

static int parse(struct json_tokener *tokener, const char *line, size_t n, struct strbuf *why,
		 struct json_object **ret)
{
	enum json_tokener_error error;

	if (n > INT32_MAX || memchr(line, 0, n)) {
		strbuf_puts(why, "no JSON: it has a NUL byte in it");
		return -EBADMSG;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	*ret = json_tokener_parse_ex(tokener, line, (int)n);
	error = json_tokener_get_error(tokener);
	if (error == json_tokener_error_depth)
		strbuf_puts(why, "nested too deep");
	else if (error == json_tokener_continue)
		strbuf_puts(why, "cut off");
	else if (error != json_tokener_success)
		strbuf_printf(why, "no JSON: %s at byte %zu", json_tokener_error_desc(error),
			      json_tokener_get_parse_end(tokener) + 1);
	else if (!json_object_is_type(*ret, json_type_object))
		strbuf_puts(why, "no JSON object");
	else if (count_colons(line, n) != count_keys(*ret))
		strbuf_puts(why, "an object with the same key twice");
	else
		return 0;
	return -EBADMSG;
}

int kill_json_parse(const char *line, size_t n, struct json_object **ret, struct strbuf *why)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MOST);
	struct json_object *object = NULL;
	int r = tokener ? parse(tokener, line, n, why, &object) : -ENOMEM;

	if (r == 0)
		*ret = object;
	else
		json_object_put(object);
	if (tokener)
		json_tokener_free(tokener);
	return r;
}

int kill_json_read(const char *line, size_t n, struct kill **ret, struct strbuf *why)
{
	_cleanup_kill_ struct kill *k = kill_new();
	struct json_object *object = NULL;
	struct reading reading = {.why = why};
	int r = k ? kill_json_parse(line, n, &object, why) : -ENOMEM;

	if (r == 0)
		r = read_kill(&reading, object, k);
	if (r == 0)
		*ret = STEAL(k);
	json_object_put(object);
	return r;
}
