#include "app/terminal.h"

static struct terminal_hooks present;

void terminal_set_hooks(const struct terminal_hooks *hooks)
{
	present = hooks ? *hooks : (struct terminal_hooks){0};
}

void terminal_begin(void)
{
	if (present.begin)
		present.begin(present.user);
}

void terminal_end(void)
{
	if (present.end)
		present.end(present.user);
}
