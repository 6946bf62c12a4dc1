#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "oom/kill_extras.h"
#include "oom/kill_json_text.h"

#define HEX "_hex"
#define REPLACED "\xef\xbf\xbd" /* U+FFFD: see kill_json_put_text() */

/* As C has them; a dot stands between a struct and its member. */
static bool is_name(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.");

	return n && !s[n] && n <= KILL_EXTRA_NAME_MOST;
}

bool kill_json_exact(struct json_object *object, const char *key, const char *text,
		     struct strbuf *ret)
{
	_cleanup_strbuf_ struct strbuf key_hex = {0};
	struct json_object *digits;

	strbuf_printf(&key_hex, "%s" HEX, key);
	return strstr(text, REPLACED) &&
	       json_object_object_get_ex(object, strbuf_text(&key_hex), &digits) &&
	       json_object_is_type(digits, json_type_string) &&
	       kill_json_unhex(json_object_get_string(digits),
			       (size_t)json_object_get_string_len(digits), ret);
}

/* Is KEY another one's exact bytes? */
static bool is_exact_of_another(struct json_object *object, const char *key)
{
	_cleanup_strbuf_ struct strbuf other = {0}, bytes = {0};
	size_t n = strlen(key), ending = strlen(HEX);
	struct json_object *value;

	if (n <= ending || strcmp(key + n - ending, HEX))
		return false;
	strbuf_append(&other, key, n - ending);
	return json_object_object_get_ex(object, strbuf_text(&other), &value) &&
	       json_object_is_type(value, json_type_string) &&
	       kill_json_exact(object, other.data, json_object_get_string(value), &bytes);
}

/* 1: it is a value of ours, 0: it is none, or -ENOMEM. TEXT is what v->text points to then. */
static int value_of(struct json_object *object, const char *key, struct json_object *value,
		    struct named_value *v, struct strbuf *text)
{
	switch (json_object_get_type(value)) {
	case json_type_boolean:
		v->kind = NAMED_BOOL;
		v->number = json_object_get_boolean(value);
		return 1;
	case json_type_int:
		v->kind = json_object_get_int64(value) < 0 ? NAMED_INT : NAMED_UINT;
		v->number = v->kind == NAMED_INT ? (uint64_t)json_object_get_int64(value)
						 : json_object_get_uint64(value);
		return 1;
	case json_type_string:
		v->kind = NAMED_TEXT;
		if (!kill_json_exact(object, key, json_object_get_string(value), text)) {
			strbuf_reset(text);
			strbuf_append(text, json_object_get_string(value),
				      (size_t)json_object_get_string_len(value));
		}
		v->text = (char *)strbuf_text(text);
		return strbuf_error(text) < 0 ? -ENOMEM : strlen(v->text) == text->length;
	default:
		return 0;
	}
}

int kill_extras_read(struct named_values *to, struct json_object *object,
		     bool (*is_ours)(const char *name))
{
	struct json_object_iterator at = json_object_iter_begin(object),
				    end = json_object_iter_end(object);
	struct named_values all = {0};
	int r = 1;

	for (; !json_object_iter_equal(&at, &end) && r >= 0; json_object_iter_next(&at)) {
		const char *key = json_object_iter_peek_name(&at);
		_cleanup_strbuf_ struct strbuf text = {0};
		struct named_value v = {.name = (char *)key};

		if (!is_name(key) || is_ours(key) || is_exact_of_another(object, key))
			continue;
		r = value_of(object, key, json_object_iter_peek_value(&at), &v, &text);
		if (r == 1 && !named_values_copy(&all, &v))
			r = -ENOMEM;
	}
	if (r >= 0)
		r = kill_extras_add(to, &all);
	named_values_clear(&all);
	return r;
}
