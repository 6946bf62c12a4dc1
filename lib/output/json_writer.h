/*
 * One JSON object, built key by key and printed as one line. Keys are snake_case with the unit in
 * them, numbers are integers, but for
 * shares, which have two decimals; text may hold any bytes: what is not UTF-8 becomes U+FFFD.
 * An allocation that fails is remembered and reported by json_writer_line().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct json_writer;

/* NULL if there is no memory; the functions below accept that and do nothing. */
struct json_writer *json_writer_open(void);

void json_writer_uint(struct json_writer *w, const char *key, uint64_t value);
void json_writer_int(struct json_writer *w, const char *key, int64_t value);
void json_writer_share(struct json_writer *w, const char *key, double value); /* NaN: null */
void json_writer_bool(struct json_writer *w, const char *key, bool value);
void json_writer_null(struct json_writer *w, const char *key);
void json_writer_text(struct json_writer *w, const char *key, const char *bytes, size_t n);
void json_writer_string(struct json_writer *w, const char *key, const char *s); /* NULL: null */

/* Between begin and end, members go into a new object of the array KEY (made when first named). */
void json_writer_begin_element(struct json_writer *w, const char *key);
void json_writer_end_element(struct json_writer *w);

/* An array KEY, without elements yet; texts and (by begin and end) objects are added to it. */
void json_writer_array(struct json_writer *w, const char *key);
void json_writer_add_text(struct json_writer *w, const char *key, const char *bytes, size_t n);

/* Append the object and a newline to OUT, and free the writer. 0 or -ENOMEM. */
int json_writer_line(struct json_writer *w, struct strbuf *out);
