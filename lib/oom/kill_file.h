/* A file of kills, one JSON object a line (kill_json.h): written to and read back. */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"
#include "oom/kill.h"

struct kill_recorder;

/*
 * Append to the file at PATH, made if there is none, for its owner only: command lines may tell
 * secrets. A last line that was cut off gets its newline first. 0 or -errno.
 */
int kill_recorder_open(const char *path, struct kill_recorder **ret);

/* 0 or -errno: then this kill is not in the file, others may be. */
int kill_recorder_add(struct kill_recorder *r, const struct kill *k);

/* Are these the same file? Then it would never end. */
bool kill_recorder_is(const struct kill_recorder *r, int fd);

/* NULL is fine. */
void kill_recorder_close(struct kill_recorder *r);

struct kill_reader;

/* PATH may be "-": stdin. 0 or -errno. */
int kill_reader_open(const char *path, struct kill_reader **ret);
int kill_reader_fd(const struct kill_reader *r);

/*
 * The next kill; empty lines are passed by. 1; 0: the end; -EBADMSG: a line that is none, with its
 * number and the reason in WHY: one may go on; another -errno.
 */
int kill_reader_next(struct kill_reader *r, struct kill **ret, struct strbuf *why);

/* NULL is fine. */
void kill_reader_close(struct kill_reader *r);
