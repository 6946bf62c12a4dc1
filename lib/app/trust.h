/*
 * May somebody else change a file, or put another in its place? Others are all users but root, the
 * one we run as, and the one who called sudo: they need no file to make us do something.
 */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"

/*
 * Of a file that was opened by PATH: the file itself, the folders above it, and of symbolic links
 * that PATH ends in. 0; -EACCES with the reason in WHY, which names what others may write to;
 * another -errno.
 */
int trust_file(const char *path, int fd, struct strbuf *why);

/* The same of a folder: may others take what is ours in it away? In a sticky one they may not. */
bool trust_folder(const char *path);
