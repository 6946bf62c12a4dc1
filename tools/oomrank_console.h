/* The console of oomrank: its own commands. Those of every tool and of the probe are in lib/. */
#pragma once

#include "console/command.h"
#include "tools/oomrank.h"

/* Nothing happens where no console was asked for. 0 or -errno: the user has been told. */
int oomrank_console_open(struct oomrank *o);
/* STATUS, or 1 if that is 0 and a command failed. */
int oomrank_console_close(struct oomrank *o, int status);

/* The commands of `set` (tools/oomrank_set.c). USER of each is the struct oomrank. */
extern const struct command oomrank_set_commands[];
#define OOMRANK_POLICIES_MOST 16 /* words of `compare` */
/* tools/oomrank_policy_console.c: `policy` and `compare`. */
int oomrank_run_policy(struct command_call *call);
int oomrank_run_compare(struct command_call *call);
void oomrank_complete_policy(const struct command_completion *completion);

int oomrank_set_show_all(struct command_call *call);
void oomrank_set_clear(void);
