/*
 * What an edited probe tells of a kill besides the facts in the tables of kill.h: values of names
 * that it chose itself. They stand behind the facts, in the line, in JSON and elsewhere.
 */
#pragma once

#include "base/strbuf.h"
#include "oom/kill.h"
#include "output/json_writer.h"

#define KILL_EXTRAS_MOST 64	 /* of one kill, and of one that died with it */
#define KILL_EXTRA_NAME_MOST 128 /* bytes of a name */

/* Is it a key of a kill's JSON, or all but its capitals the same? */
bool kill_key_is_ours(const char *name);

/*
 * Append what a further member of that name is called: its own name, with "probe_" before it if it
 * is one of a kill's own keys (in any case: variables of the environment have none).
 */
void kill_extra_name(const char *member, struct strbuf *out);

/* Add copies of VALUES, so called; beyond the most they are left out. 0 or -ENOMEM. */
int kill_extras_add(struct named_values *to, const struct named_values *values);

/* JSON members, as kill_json.h says of text. */
void kill_extras_json(const struct named_values *extras, struct json_writer *w);

struct json_object;

/*
 * Read them back: members of OBJECT that are not the tool's own as IS_OURS has it, if they are
 * numbers, texts, true or false, and their names are ones that a C struct could have. 0 or -ENOMEM.
 */
int kill_extras_read(struct named_values *to, struct json_object *object,
		     bool (*is_ours)(const char *name));

/* Append the value for people, made harmless; text with blanks or the like is in quotes. */
void kill_extra_display(const struct named_value *v, struct strbuf *out);
