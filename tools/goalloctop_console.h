/* The console of goalloctop: its commands, and what they keep. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "console/console.h"
#include "console/recording.h"
#include "output/recent_texts.h"
#include "session/session.h"
#include "tools/goalloctop.h"

struct goalloctop_console {
	struct console *console;
	struct session *session;
	struct command_table tables[2]; /* ours, the session's */
	bool paused;
	uint64_t passed;	    /* blocks or lines that were not printed, since the pause */
	struct recent_texts recent; /* the last of them, printed or not */
	struct recording recording; /* of intervals, or allocations */
};

/* If one is wanted: when all is attached, before the loop. 0 or -errno: the user has been told. */
int goalloctop_console_open(struct goalloctop *t);
/* The exit status: STATUS, or another one if a command has failed. */
int goalloctop_console_close(struct goalloctop *t, int status);

/* The N bytes of TEXT are a block, or a line of --trace: kept for `show`. Is it to be printed? */
bool goalloctop_console_take(struct goalloctop *t, const char *text, size_t n);

/* What is recorded; NULL: nothing. */
struct recording *goalloctop_recording(const struct goalloctop *t);
/* `replay` (goalloctop_replay.c): printed as it is read, in the present form. 0 or -errno. */
int goalloctop_replay(struct goalloctop *t, const char *path, struct strbuf *why);

/* `set` and all below (goalloctop_console_set.c). */
extern const struct command goalloctop_set_commands[];

/* `set` alone, `programs`, and the lines of `status` (goalloctop_console_list.c). */
int goalloctop_show_settings(struct command_call *call);
int goalloctop_show_programs(struct command_call *call);
void goalloctop_put_status(struct strbuf *out, void *user);

/* `write`: a file of what the programs that are shown allocate. 0 or -errno. */
int goalloctop_export_write(struct goalloctop *t, const char *path, struct strbuf *why);
