/* A kill as environment variables, for a command that is run because of it. */
#pragma once

#include "base/strbuf.h"
#include "oom/kill.h"

#define KILL_ENVIRONMENT_PREFIX "OOMKILL_"
#define KILL_ENVIRONMENT_TEXT_MOST 32768 /* bytes of one value; execve(2) takes 131,072 */

/*
 * Append a "NAME=value" for each fact that is known, closed by NUL: the name is the JSON key in
 * capitals behind the prefix, the value the same as in JSON, but text byte by byte, cut at the
 * most; a dot in the name of a further member (kill_extras.h) becomes '_'. Besides, OOMKILL_MEMBERS
 * and OOMKILL_MEMBER_PIDS (with blanks between) tell who died with the victim, and OOMKILL_LINE is
 * LINE, without the newline that closes it. 0 or -ENOMEM.
 */
int kill_environment(const struct kill *k, const char *line, struct strbuf *out);
