#include "session/tool_console.h"

#include <errno.h>

int tool_console_open(struct tool_console *c, const struct session_config *config,
		      const struct command *commands, struct loop *loop)
{
	const struct console_config console = {
		.tool = config->tool->info->name,
		.common = &config->tool->common,
		.tree = {c->tables, ARRAY_SIZE(c->tables)},
		.loop = loop,
	};
	int r;

	if (!tool_has_console(config->tool))
		return 0;
	r = session_open(config, &c->session);
	if (r < 0)
		return r;
	c->tables[0] = session_commands(c->session);
	c->tables[1] = (struct command_table){commands, config->user};
	return console_open(&console, &c->console) < 0 ? -ECANCELED : 0;
}

void tool_console_stop(struct tool_console *c)
{
	session_close(STEAL(c->session));
}

int tool_console_close(struct tool_console *c, int status)
{
	tool_console_stop(c);
	return console_close(STEAL(c->console), status);
}
