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
	uint64_t count, lost; /* of WHAT: in the file; those that could not be written */
};

/* What was recorded elsewhere ends; those of it that are lost still count. 0, or -errno with the
 * reason in WHY: then that goes on. */
int recording_start(struct recording *r, const char *path, struct strbuf *why);
void recording_stop(struct recording *r);

/* Lines with their newlines; none is fine. ERROR: not 0, but -errno, if they could not be made.
 * That some are lost is told once, and what comes later is tried again. */
void recording_add(struct recording *r, int error, const struct strbuf *lines);

/* Is that the file that is written? To read it would never end. */
bool recording_is(const struct recording *r, int fd);

/* It ends with the tool: STATUS, or what it becomes if something could not be written, which is
 * told. */
int recording_close(struct recording *r, int status);

/* The command; and its line of `status`, if anything is recorded. */
int recording_command(struct recording *r, struct command_call *call);
void recording_status(const struct recording *r, struct strbuf *out);
