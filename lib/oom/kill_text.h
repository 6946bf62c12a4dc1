/* Texts of a struct kill, which it owns: set, copied; 0 or -ENOMEM. And values as text. */
#pragma once

#include "base/strbuf.h"
#include "oom/kill.h"

/* AT gets a copy of the bytes up to the first NUL, in place of what it had. */
int kill_set_text(char **at, const char *bytes, size_t n);

/* The same for what is unknown where there are no bytes. */
int kill_set_unless_empty(char **at, const char *bytes, size_t n);

/* A command line as the kernel keeps it, arguments closed by NUL; CUT: it goes on. */
int kill_set_command_line(struct kill_process *p, const char *bytes, size_t n, bool cut);

/* TO is in the same cgroup as FROM: path and container are the same. */
int kill_copy_cgroup(struct kill_process *to, const struct kill_process *from);

/* Append a known value, as in JSON; text byte by byte. */
void kill_value_text(enum kill_type type, const void *at, struct strbuf *out);
