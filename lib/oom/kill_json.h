/*
 * A kill as a JSON object, and back: what -j prints, --record keeps and --replay reads. The keys
 * are those of the tables in kill.h, then the stacks and the members.
 */
#pragma once

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
