/*
 * A kill as a JSON object, and back: what -j prints, --record keeps and --replay reads. The keys
 * are those of the tables in kill.h, then the stacks and the members.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "oom/kill.h"
#include "output/json_writer.h"

/*
 * One line with all keys; what is unknown is null. Text that is not UTF-8 has U+FFFD in place of
 * each wrong byte, and a second key with "_hex" behind it that has the exact bytes. 0 or -ENOMEM.
 */
int kill_json_line(const struct kill *k, struct strbuf *out);

/* Of these, the members named by KEYS, ended by NULL; no "_hex". */
void kill_json_some(const struct kill *k, const char *const *keys, struct json_writer *w);

/*
 * Read it back. What is missing is unknown, keys that are not ours are skipped. -EBADMSG with the
 * reason in WHY: no JSON object, cut off, a value of the wrong kind or size, a key twice, nested
 * too deep, none of a kill's keys. 0, -EBADMSG or -ENOMEM.
 */
int kill_json_read(const char *line, size_t n, struct kill **ret, struct strbuf *why);

struct json_object;

/*
 * What it begins with: the line as an object, to be put by json_object_put(). What is wrong with it
 * as JSON is said as above.
 */
int kill_json_parse(const char *line, size_t n, struct json_object **ret, struct strbuf *why);

/* RFC 3339 in UTC, "2026-11-22T13:03:27.123Z", with any number of decimals or none: nanoseconds
 * since the epoch. False: it is not. */
bool kill_json_time(const char *s, uint64_t *ret);
