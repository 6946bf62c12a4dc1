#include "console/command_words.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "base/text.h"

static const char *const off_on[] = {"off", "on", NULL};

int command_choose(struct command_call *call, const char *const *names)
{
	return options_find(names, call->words[0], call->why);
}

int command_switch_read(struct command_call *call, bool *is_on)
{
	int r = command_choose(call, off_on);

	if (r < 0)
		return r;
	*is_on = r > 0;
	return 0;
}

void command_switch_put(struct command_call *call, bool is_on)
{
	strbuf_printf(call->out, "%s %s\n", call->name, off_on[is_on]);
}

int command_switch(struct command_call *call, bool *is_on)
{
	if (call->n_words)
		return command_switch_read(call, is_on);
	command_switch_put(call, *is_on);
	return 0;
}

int command_number(struct command_call *call, uint64_t least, uint64_t most, uint64_t *n)
{
	if (!call->n_words || parse_number(call->words[0], least, most, n) == 0)
		return 0;
	strbuf_printf(call->why, "'%s' is not a number from %" PRIu64 " to %" PRIu64,
		      call->words[0], least, most);
	return -EINVAL;
}

int command_pid_or_last(struct command_call *call, uint64_t *ret)
{
	const char *word = call->words[0];

	*ret = 0;
	if (!strcmp(word, "last") || parse_number(word, 1, INT32_MAX, ret) == 0)
		return 0;
	strbuf_puts(call->why, "'");
	text_display(call->why, word, strlen(word));
	strbuf_puts(call->why, "' is neither a PID nor 'last'");
	return -EINVAL;
}

void command_complete_last(const struct command_completion *c)
{
	static const char *const words[] = {"last", NULL};

	command_offer(c, words);
}

int command_show_all(struct command_call *call, const struct command *commands,
		     int (*skip)(struct command_call *call))
{
	int r = 0;

	for (const struct command *c = commands; c->name && r == 0; c++) {
		_cleanup_strbuf_ struct strbuf name = {0};
		struct command_call one = *call;

		if (c->run == skip)
			continue;
		strbuf_printf(&name, "%s %s", call->name, c->name);
		one.name = strbuf_text(&name);
		one.n_words = 0;
		r = c->run(&one);
	}
	return r;
}

void command_offer(const struct command_completion *c, const char *const *names)
{
	for (size_t i = 0; names[i] && !c->n_words; i++)
		strbuf_printf(c->out, "%s\n", names[i]);
}

void command_complete_switch(const struct command_completion *c)
{
	command_offer(c, off_on);
}

void command_complete_file(const struct command_completion *c)
{
	*c->files = !c->n_words;
}

void command_complete_file_or_off(const struct command_completion *c)
{
	static const char *const off[] = {"off", NULL};

	command_complete_file(c);
	command_offer(c, off);
}

const char *command_unless_off(const struct command_call *call)
{
	return strcmp(call->words[0], "off") != 0 ? call->words[0] : NULL;
}

void command_put(struct strbuf *out, const char *name, const char *value)
{
	strbuf_printf(out, "set %s ", name);
	if (value)
		text_display(out, value, strlen(value));
	else
		strbuf_puts(out, "off");
	strbuf_putc(out, '\n');
}

void command_put_switch(struct strbuf *out, const char *name, bool is_on)
{
	command_put(out, name, is_on ? "on" : NULL);
}

void command_put_numbers(struct strbuf *out, const char *name, const struct option_numbers *numbers)
{
	_cleanup_strbuf_ struct strbuf list = {0};

	for (size_t i = 0; i < numbers->count; i++)
		strbuf_printf(&list, "%s%" PRIu64, i ? "," : "", numbers->values[i]);
	command_put(out, name, numbers->count ? strbuf_text(&list) : NULL);
}

void command_complete_off(const struct command_completion *c)
{
	static const char *const words[] = {"off", NULL};

	command_offer(c, words);
}
