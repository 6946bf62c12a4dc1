/* Texts of a struct kill, which it owns: set, copied. Each returns 0 or -ENOMEM. */
#pragma once

#include "oom/kill.h"

/* AT gets a copy of the bytes up to the first NUL, in place of what it had. */
int kill_set_text(char **at, const char *bytes, size_t n);

/* The same for what is unknown where there are no bytes. */
int kill_set_unless_empty(char **at, const char *bytes, size_t n);

/* A command line as the kernel keeps it, arguments closed by NUL; CUT: it goes on. */
int kill_set_command_line(struct kill_process *p, const char *bytes, size_t n, bool cut);

/* TO is in the same cgroup as FROM: path and container are the same. */
int kill_copy_cgroup(struct kill_process *to, const struct kill_process *from);
