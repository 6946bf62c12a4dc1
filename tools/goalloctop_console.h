/* The console of goalloctop: its commands, and what they keep. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "console/blocks.h"
#include "session/tool_console.h"
#include "tools/goalloctop.h"

struct goalloctop_console {
	struct tool_console base;
	struct blocks blocks; /* tables, or lines of --trace */
};

/* If one is wanted: when all is attached, before the loop. 0 or -errno: the user has been told. */
int goalloctop_console_open(struct goalloctop *t);
/* The exit status: STATUS, or another one if a command has failed. */
int goalloctop_console_close(struct goalloctop *t, int status);

/* The N bytes of TEXT are a block, or a line of --trace: kept for `show`. Is it to be printed? */
bool goalloctop_console_take(struct goalloctop *t, const char *text, size_t n);

/* `set` and all below (goalloctop_console_set.c). */
extern const struct command goalloctop_set_commands[];

/* `set` alone, `programs`, `explain`, and the lines of `status` (goalloctop_console_list.c). */
int goalloctop_show_settings(struct command_call *call);
int goalloctop_show_programs(struct command_call *call);
int goalloctop_explain(struct command_call *call);
void goalloctop_put_status(struct strbuf *out, void *user);

/* `write`: a file of what the programs that are shown allocate. 0 or -errno. */
int goalloctop_export_write(struct goalloctop *t, const char *path, struct strbuf *why);
