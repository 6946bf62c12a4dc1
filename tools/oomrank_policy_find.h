/* Which policy a name means: one of the built-in ones, a text that is installed, or a file. */
#pragma once

#include <limits.h>

#include "base/strbuf.h"

/* Where the policies are that come with oomtools. */
const char *oomrank_policy_folder(void);

/*
 * 0: NAME is built in; 1: it is the text in the file that RET gets; -ENOENT: neither, WHY says what
 * there is.
 */
int oomrank_policy_find(const char *name, char ret[static PATH_MAX], struct strbuf *why);

/* What a text is called in a report: the file's name without folder and ".bpf.c". */
void oomrank_policy_short(const char *path, struct strbuf *out);

/* The names of those in the folder, each with SEPARATOR before it. */
void oomrank_policy_installed(const char *separator, struct strbuf *out);
