/*
 * The probe of a running tool as its user edits it: the texts (built in, running, draft), and the
 * commands for them: status, list, edit, load, apply, undo, diff, save, fields, maps, map. A change
 * goes through tracer_swap(), so that a text that does not compile, is refused or cannot be
 * attached leaves all as it was.
 */
#pragma once

#include "app/tool.h"
#include "console/command.h"
#include "console/console.h"

struct session;

struct session_config {
	struct tool *tool;
	/* The tool's probe, NULL while there is none (goalloctop without BPF): then WHY_NONE. */
	struct tracer **tracer;
	const char *why_none;
	/*
	 * Around a swap, in the loop's thread. BEFORE: the new programs are loaded, nothing is
	 * attached yet; maps found by tracer_map_fd() are the new ones; the tool stops threads that
	 * use the old ones, and may refuse (-errno, reason in WHY); called again if that way to
	 * attach fails and another is tried. AFTER, if BEFORE was called: SWAPPED says if the new
	 * text runs; open rings anew, but read out the old ones to their end. Either may be NULL.
	 */
	int (*before)(struct tracer *tracer, struct strbuf *why, void *user);
	int (*after)(struct tracer *tracer, bool swapped, struct strbuf *why, void *user);
	/* Append the tool's lines of `status`: events, lost, what waits. May be NULL. */
	void (*status)(struct strbuf *out, void *user);
	void *user;
};

/* 0 or -ENOMEM. */
int session_open(const struct session_config *config, struct session **ret);

/* Its table, for the console's tree. Valid until it is closed. */
struct command_table session_commands(struct session *s);

/*
 * Load the text that runs once more, as the tool's flags or map sizes have changed. As a command
 * that swaps: 0 or -errno with the reason in WHY, and then all runs on as it was.
 */
int session_renew(struct session *s, struct strbuf *out, struct strbuf *why);

/* Ends an editor that runs, removes the private files. Before console_close(). NULL is fine. */
void session_close(struct session *s);
