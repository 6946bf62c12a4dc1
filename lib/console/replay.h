/*
 * What was recorded, shown again line by line: --replay, and the command `replay`. Of a file that
 * was cut off, or written into by others, all is shown that can be: a line that is none of the
 * tool's is told of, with its number and what is wrong with it, and passed by; then it has failed.
 */
#pragma once

#include "console/recording.h"

struct replay;

struct replay_config {
	const char *made_by; /* what the lines may come from: "oomkill -j or --record" */
	const struct recording *recording; /* what is written meanwhile */
	/* LINE has no newline. 0; -EBADMSG: it is none of ours, the reason is in WHY; another
	 * -errno ends it. */
	int (*line)(void *user, const char *line, size_t n, struct strbuf *why);
	int (*end)(void *user); /* there are no more; may be NULL. 0 or -errno */
	void *user;
};

/*
 * All of it. WAITS: PATH may also be "-", standard input, or a pipe: for --replay, where nothing
 * else is to be done. 0 or -errno with the reason in WHY; without one what `line` or `end` has
 * failed with.
 */
int replay_file(const char *path, bool waits, const struct replay_config *config,
		struct strbuf *why);

/* The exit status of --replay, told with WHY, for what replay_file() has returned. */
int replay_status(int result, const struct strbuf *why);

/* The command `replay` bit by bit. What CONFIG points to must last. 0 or -errno with the reason in
 * WHY. */
int replay_open(const char *path, const struct replay_config *config, struct strbuf *why,
		struct replay **ret);
/* One line. 1; 0: that was all; -errno. */
int replay_next(struct replay *replay);
/* RESULT is what the last replay_next() has returned. As replay_file(). NULL is fine. */
int replay_close(struct replay *replay, int result, struct strbuf *why);
