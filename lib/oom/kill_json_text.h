/* Text that need not be UTF-8 in a kill's JSON: its bytes as hexadecimal digits beside it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "output/json_writer.h"

/* KEY_hex, if TEXT is not UTF-8. */
void kill_json_put_exact(struct json_writer *w, const char *key, const char *text);

/* Both. */
void kill_json_put_text(struct json_writer *w, const char *key, const char *text);

void kill_json_hex(const char *text, struct strbuf *out);

/* N digits as bytes. False: they are none, or for a NUL. */
bool kill_json_unhex(const char *digits, size_t n, struct strbuf *ret);

struct json_object;

/* Append the exact bytes of KEY's TEXT, where it was written with them. False: it was not. */
bool kill_json_exact(struct json_object *object, const char *key, const char *text,
		     struct strbuf *ret);
