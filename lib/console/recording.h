/*
 * What a tool tells, appended to a file meanwhile: `record FILE|off`, and --record.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "console/command.h"
#include "output/line_file.h"

struct recording {
	const char *what;	    /* one of what is added: "interval"; set by the tool */
	struct line_writer *writer; /* NULL: nothing is recorded */
	char *path;
	uint64_t count;
};

/* What was recorded elsewhere ends. 0, or -errno with the reason in WHY: then that goes on. */
int recording_start(struct recording *r, const char *path, struct strbuf *why);
void recording_stop(struct recording *r);

/* Lines with their newlines; none is fine. What cannot be written is told, and it is over. */
void recording_add(struct recording *r, const struct strbuf *lines);

/* Is that the file that is written? To read it would never end. */
bool recording_is(const struct recording *r, int fd);

/* The command; and its line of `status`, if anything is recorded. */
int recording_command(struct recording *r, struct command_call *call);
void recording_status(const struct recording *r, struct strbuf *out);
