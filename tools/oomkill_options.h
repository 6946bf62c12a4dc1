/* What oomkill's command line asks for. */
#pragma once

#include "app/tool.h"
#include "oom/kill_columns.h"
#include "oom/kill_filter_words.h"

/* The console's `set` changes some of it. */
struct oomkill_options {
	bool explain;
	bool victim_stack, trigger_stack, folded;
	struct kill_columns columns; /* there is no option for them */
	struct kill_filter_words filter;
	const char *record, *replay;
	const char *exec, *prom;
};

/*
 * Fill TOOL's name, help and common options, and what is oomkill's own. -1 to go on, else the exit
 * status.
 */
int oomkill_options_parse(struct tool *tool, int argc, char *argv[], struct oomkill_options **ret);
void oomkill_options_clear(struct oomkill_options *o);

/* What is asked for must go together: 0, or -EINVAL with the reason in WHY. */
int oomkill_options_check(const struct oomkill_options *o, const struct common_options *c,
			  struct strbuf *why);

/* Does it take the probe that follows the victims? */
bool oomkill_options_need_story(const struct tool *tool, const struct oomkill_options *o);

/*
 * What the probe is compiled with for that: "-DX", ..., NULL in FLAGS, which has room for 4. There
 * are none if it need not follow the victims.
 */
void oomkill_options_flags(const struct tool *tool, const struct oomkill_options *o,
			   const char **flags);

/* Is a kill to be shown when it is over, not before? */
bool oomkill_options_need_end(const struct tool *tool, const struct oomkill_options *o);
