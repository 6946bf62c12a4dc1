#include "output/json_writer.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct json_writer {
	struct json_object *top;
	struct json_object *element; /* of an array, or NULL */
	bool failed;
};

struct json_writer *json_writer_open(void)
{
	struct json_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->top = json_object_new_object();
	if (!w->top) {
		free(w);
		return NULL;
	}
	return w;
}

/* Takes the value over. A NULL value is JSON's null only if MAY_BE_NULL, else a failed allocation.
 */
static void put(struct json_writer *w, const char *key, struct json_object *value, bool may_be_null)
{
	if (!value && !may_be_null) {
		w->failed = true;
	} else if (json_object_object_add(w->element ? w->element : w->top, key, value) < 0) {
		json_object_put(value);
		w->failed = true;
	}
}

void json_writer_uint(struct json_writer *w, const char *key, uint64_t value)
{
	if (w)
		put(w, key, json_object_new_uint64(value), false);
}

void json_writer_int(struct json_writer *w, const char *key, int64_t value)
{
	if (w)
		put(w, key, json_object_new_int64(value), false);
}

void json_writer_share(struct json_writer *w, const char *key, double value)
{
	char text[64];

	if (isnan(value)) {
		json_writer_null(w, key);
	} else if (w) {
		snprintf(text, sizeof(text), "%.2f", value);
		put(w, key, json_object_new_double_s(value, text), false);
	}
}

void json_writer_bool(struct json_writer *w, const char *key, bool value)
{
	if (w)
		put(w, key, json_object_new_boolean(value), false);
}

void json_writer_null(struct json_writer *w, const char *key)
{
	if (w)
		put(w, key, NULL, true);
}

/* NULL: no memory. */
static struct json_object *new_text(const char *bytes, size_t n)
{
	_cleanup_strbuf_ struct strbuf clean = {0};

	text_utf8(&clean, bytes, n);
	if (strbuf_error(&clean) < 0 || clean.length > INT32_MAX)
		return NULL;
	return json_object_new_string_len(strbuf_text(&clean), (int)clean.length);
}

void json_writer_text(struct json_writer *w, const char *key, const char *bytes, size_t n)
{
	if (w)
		put(w, key, new_text(bytes, n), false);
}

void json_writer_string(struct json_writer *w, const char *key, const char *s)
{
	if (s)
		json_writer_text(w, key, s, strlen(s));
	else
		json_writer_null(w, key);
}

void json_writer_array(struct json_writer *w, const char *key)
{
	if (w)
		put(w, key, json_object_new_array(), false);
}

void json_writer_add_text(struct json_writer *w, const char *key, const char *bytes, size_t n)
{
	struct json_object *array, *text;

	if (!w || !json_object_object_get_ex(w->element ? w->element : w->top, key, &array))
		return;
	text = new_text(bytes, n);
	if (!text || json_object_array_add(array, text) < 0) {
		json_object_put(text);
		w->failed = true;
	}
}

void json_writer_begin_element(struct json_writer *w, const char *key)
{
	struct json_object *array, *element;

	if (!w)
		return;
	w->element = NULL;
	if (!json_object_object_get_ex(w->top, key, &array)) {
		array = json_object_new_array();
		put(w, key, array, false);
	}
	element = json_object_new_object();
	if (!array || !element || json_object_array_add(array, element) < 0) {
		json_object_put(element);
		w->failed = true;
		return;
	}
	w->element = element;
}

void json_writer_end_element(struct json_writer *w)
{
	if (w)
		w->element = NULL;
}

int json_writer_line(struct json_writer *w, struct strbuf *out)
{
	const char *text = NULL;
	int r = -ENOMEM;

	if (!w)
		return r;
	if (!w->failed)
		text = json_object_to_json_string_ext(w->top, JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text) {
		strbuf_puts(out, text);
		strbuf_putc(out, '\n');
		r = strbuf_error(out);
	}
	json_object_put(w->top);
	free(w);
	return r;
}
