#include "console/console.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "app/tool.h"
#include "base/file.h"
#include "base/text.h"
#include "console/console_internal.h"

#define NEVER_NS (UINT64_C(1) << 62) /* no timer fires then: 146 years */

void console_wake(struct console *c)
{
	const uint64_t one = 1;

	(void)file_write_fd(c->wake, &one, sizeof(one));
}

/* Commands print plain text; what they took from elsewhere must not drive the terminal. */
static void print(struct console *c, const struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf safe = {0};
	const char *text = strbuf_text(out);
	size_t left = out->length;
	int r;

	while (left) {
		size_t n = 0;

		while (n < left && text[n] != '\n' && text[n] != '\t')
			n++;
		text_display(&safe, text, n);
		if (n < left)
			strbuf_putc(&safe, text[n++]);
		text += n;
		left -= n;
	}
	if (!safe.length)
		return;
	if (safe.data[safe.length - 1] != '\n')
		strbuf_putc(&safe, '\n');
	r = strbuf_error(out) < 0 ? -ENOMEM : tool_print(&safe);
	if (r < 0) {
		c->over = true;
		loop_stop(c->config.loop, tool_status("cannot print", r));
	}
}

static struct script *present(struct console *c)
{
	if (c->typing)
		return &c->typed;
	return c->script < c->n_scripts ? &c->scripts[c->script] : NULL;
}

/* Tell what went wrong: with the script's line; -ECANCELED: that was done. */
static void tell(struct console *c, const char *command, int error, const struct strbuf *why)
{
	const struct script *s = present(c);
	_cleanup_strbuf_ struct strbuf place = {0};

	if (s && s->name)
		strbuf_printf(&place, "%s:%u: ", s->name, s->line);
	if (command)
		strbuf_printf(&place, "%s: ", command);
	if (error != -ECANCELED)
		message_error("%s%s", strbuf_text(&place),
			      why->length ? strbuf_text(why) : strerror(-error));
}

/* The first command that fails is the script's end; of a typed line, the line's, and the paste's.
 */
static void fail(struct console *c)
{
	c->at = c->line.length;
	if (c->typing) {
		c->typed.at = c->typed.text.length;
		if (line_editor_drop_paste(c->prompt))
			message_warning("the rest of what was pasted is left out");
		return;
	}
	c->failed = c->over = true;
	loop_stop(c->config.loop, EXIT_FAILED);
}

static void run_words(struct console *c, const struct token_list *tokens)
{
	_cleanup_strbuf_ struct strbuf out = {0}, why = {0}, unused = {0};
	_cleanup_free_ char **words = calloc(tokens->count + 1, sizeof(*words));
	const struct command *command = NULL;
	void *user;
	size_t used;
	int r = words ? 0 : -ENOMEM;

	for (size_t i = 0; words && i < tokens->count; i++)
		words[i] = tokens->list[i].text;
	if (r == 0)
		r = command_run(&c->tree, words, tokens->count, c, &out, &why);
	print(c, &out);
	if (words && r != 0)
		(void)command_find(&c->tree, words, tokens->count, &command, &user, &used, &unused);
	if (r == COMMAND_GOES_ON && command) {
		c->wait = WAIT_COMMAND;
		c->command = command->name;
	} else if (r < 0) {
		tell(c, command ? command->name : NULL, r, &why);
		fail(c);
	}
}

/* One command of the present line. */
static void run_command(struct console *c)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct token_list tokens = {0};
	int r = tokenize(strbuf_text(&c->line), c->line.length, c->at, &tokens, &why);

	if (r < 0) {
		tell(c, NULL, r, &why);
		fail(c);
	} else {
		c->at = tokens.next;
		if (tokens.count)
			run_words(c, &tokens);
	}
	token_list_clear(&tokens);
}

static void on_stream(void *user)
{
	struct console *c = user;
	struct script *s = present(c);

	if (loop_stopped(c->config.loop) || !s || s->fd < 0)
		return;
	loop_remove(c->config.loop, s->fd);
	c->listening = false;
	if (script_fill(s) < 0)
		message_warning("%s ends here: %s", s->name, strerror(errno));
	console_wake(c);
}

/* More of a stream is to come. What poll does not know (/dev/null) can be read at any time. */
static void listen(struct console *c, struct script *s)
{
	c->listening = loop_add(c->config.loop, s->fd, on_stream, c) == 0;
	if (!c->listening && script_fill(s) < 0)
		s->fd = -1;
	if (!c->listening)
		console_wake(c);
}

static void scripts_over(struct console *c)
{
	if (c->over)
		return;
	if (c->prompt) {
		line_editor_show(c->prompt);
		return;
	}
	c->over = true;
	if (!c->config.common->duration_ns)
		loop_stop(c->config.loop, EXIT_OK);
}

/* The next line of what runs. */
static void next_line(struct console *c)
{
	struct script *s = present(c);
	struct strbuf none = {0};
	int r = s ? script_next(s, &c->line) : 0;

	c->at = 0;
	if (r == 1) {
		console_wake(c);
	} else if (r == -EAGAIN) {
		listen(c, s);
	} else if (r < 0) {
		strbuf_reset(&c->line);
		if (r == -EFBIG)
			strbuf_puts(&none, "the line is longer than 64 KiB");
		tell(c, NULL, r, &none);
		strbuf_free(&none);
		fail(c);
		if (c->typing)
			console_wake(c);
	} else if (c->typing) {
		c->typing = false;
		script_close(&c->typed);
		scripts_over(c);
	} else if (s) {
		c->script++;
		console_wake(c);
	} else {
		scripts_over(c);
	}
}

static void on_wait_over(void *user);

void console_on_interrupt(struct console *c, void (*interrupted)(void *user), void *user)
{
	c->on_interrupt = interrupted;
	c->interrupt_user = user;
}

static void wait_end(struct console *c)
{
	console_on_interrupt(c, NULL, NULL);
	if (c->wait != WAIT_COMMAND)
		c->events_from = atomic_load(&c->events);
	c->wait = WAIT_NOTHING;
	atomic_store(&c->wait_events, false);
	(void)loop_change_timer(c->config.loop, on_wait_over, c, NEVER_NS, 0);
	console_wake(c);
}

static void wait_fails(struct console *c, const char *why)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	strbuf_puts(&text, why);
	tell(c, "wait", -EINTR, &text);
	fail(c);
	wait_end(c);
}

static void on_wait_over(void *user)
{
	struct console *c = user;

	if (c->wait == WAIT_TIME)
		wait_end(c);
	else if (c->wait == WAIT_EVENTS && atomic_load(&c->events) < c->events_to)
		wait_fails(c, "the events did not come in that time");
	else if (c->wait == WAIT_EVENTS)
		wait_end(c);
}

void console_finish(struct console *c, int result, const struct strbuf *out,
		    const struct strbuf *why)
{
	if (c->wait != WAIT_COMMAND)
		return;
	if (out)
		print(c, out);
	if (result < 0) {
		const struct strbuf none = {0};

		tell(c, c->command, result, why ? why : &none);
		fail(c);
	}
	wait_end(c);
}

void console_without_events(struct console *c, const char *(*none)(void *user), void *user)
{
	if (!c)
		return;
	c->no_events = none;
	c->no_events_user = user;
}

int console_wait_begin(struct console *c, uint64_t events, uint64_t duration_ns, struct strbuf *why)
{
	const char *none = events && c->no_events ? c->no_events(c->no_events_user) : NULL;
	bool are_there = !c->typing && atomic_load(&c->events) - c->events_from >= events;

	if (none && !are_there) {
		strbuf_puts(why, none);
		return -EINVAL;
	}
	c->wait = events ? WAIT_EVENTS : duration_ns ? WAIT_TIME : WAIT_SIGNAL;
	/* In a script none is missed that comes between two commands. */
	if (c->typing)
		c->events_from = atomic_load(&c->events);
	c->events_to = c->events_from + events;
	atomic_store(&c->wait_events, events > 0);
	if (events)
		console_wake(c); /* they may be there already */
	return duration_ns ? loop_change_timer(c->config.loop, on_wait_over, c, duration_ns, 0) : 0;
}

void console_event(struct console *c)
{
	if (!c)
		return;
	atomic_fetch_add(&c->events, 1);
	if (atomic_load(&c->wait_events))
		console_wake(c);
}

/* Ctrl-C, while commands run or wait. */
static void interrupted(struct console *c)
{
	if (c->wait == WAIT_SIGNAL)
		wait_end(c);
	else if (c->typing && c->wait > WAIT_COMMAND)
		wait_fails(c, "interrupted");
	else if (c->typing && c->wait == WAIT_COMMAND && c->on_interrupt)
		c->on_interrupt(c->interrupt_user);
	else if (!c->typing)
		loop_stop(c->config.loop, EXIT_OK);
}

static void on_interrupt(void *user)
{
	interrupted(user);
}

static void on_wake(void *user)
{
	struct console *c = user;
	uint64_t times;

	if (read(c->wake, &times, sizeof(times)) < 0 || loop_stopped(c->config.loop) || c->over)
		return;
	if (c->wait == WAIT_EVENTS && atomic_load(&c->events) >= c->events_to)
		wait_end(c);
	else if (c->wait != WAIT_NOTHING || c->listening)
		return;
	else if (c->at < c->line.length) {
		run_command(c);
		console_wake(c);
	} else {
		next_line(c);
	}
}

/* Of a pasted text each line is one of the history. */
static void remember(struct console *c, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		_cleanup_free_ char *line = strndup(text, n);

		if (line && history_add(&c->history, line))
			line_editor_remember(c->prompt, line);
		text += n + (text[n] == '\n');
	}
}

static void on_line(const char *line, void *user)
{
	struct console *c = user;

	if (!line) {
		console_quit(c);
		return;
	}
	remember(c, line);
	c->typing = script_open_text(&c->typed, NULL, line) == 0;
	console_wake(c);
}

static int open_scripts(struct console *c)
{
	const struct common_options *o = c->config.common;
	_cleanup_strbuf_ struct strbuf why = {0};
	bool standard = o->console && !isatty(0);
	int r = 0;

	if (o->commands)
		r = script_open_text(&c->scripts[c->n_scripts++], "-c", o->commands);
	if (r == 0 && o->script) {
		r = script_open_file(&c->scripts[c->n_scripts++], o->script, &why);
		standard = standard && strcmp(o->script, "-") != 0;
	}
	if (r == 0 && standard)
		r = script_open_file(&c->scripts[c->n_scripts++], "-", &why);
	if (r < 0)
		message_error("cannot read %s: %s", o->script ? o->script : "standard input",
			      strbuf_text(&why));
	return r < 0 ? -ECANCELED : 0;
}

static int open_prompt(struct console *c)
{
	_cleanup_strbuf_ struct strbuf why = {0}, history = {0};
	struct line_editor_config config = {
		.tool = c->config.tool,
		.loop = c->config.loop,
		.tree = &c->tree,
		.history = &c->history,
		.on_line = on_line,
		.on_interrupt = on_interrupt,
		.user = c,
	};
	bool warn;
	int r;

	if (!c->config.common->console || !isatty(0))
		return 0;
	r = history_open(&c->history, &history, &warn);
	if (r < 0)
		return r;
	if (history.length && warn)
		message_warning("the history is not kept: %s", strbuf_text(&history));
	else if (history.length)
		message_verbose("the history is not kept: %s", strbuf_text(&history));
	r = line_editor_open(&config, &c->prompt, &why);
	if (r < 0)
		message_error("no console: %s", why.length ? strbuf_text(&why) : strerror(-r));
	return r < 0 ? -ECANCELED : 0;
}

static int open_loop(struct console *c)
{
	int r;

	c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = c->wake < 0 ? -errno : loop_add(c->config.loop, c->wake, on_wake, c);
	if (r == 0)
		r = loop_add_timer(c->config.loop, NEVER_NS, 0, on_wait_over, c);
	if (r == 0 && !c->prompt)
		r = loop_on_signal(c->config.loop, SIGINT, on_interrupt, c);
	if (r == 0)
		console_wake(c);
	return r;
}

static int make_tree(struct console *c)
{
	const struct command_tree *given = &c->config.tree;

	c->tables = calloc(given->n_tables + 1, sizeof(*c->tables));
	if (!c->tables)
		return -ENOMEM;
	if (given->n_tables)
		memcpy(c->tables, given->tables, given->n_tables * sizeof(*c->tables));
	c->tables[given->n_tables] = (struct command_table){console_commands, c};
	c->tree = (struct command_tree){c->tables, given->n_tables + 1};
	return 0;
}

int console_open(const struct console_config *config, struct console **ret)
{
	struct console *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->config = *config;
	c->wake = -1;
	c->history.directory = -1;
	c->typed.fd = -1;
	line_editor_prepare();
	r = make_tree(c);
	if (r == 0)
		r = open_scripts(c);
	if (r == 0)
		r = open_prompt(c);
	if (r == 0)
		r = open_loop(c);
	if (r < 0) {
		if (r != -ECANCELED)
			message_error("no console: %s", strerror(-r));
		(void)console_close(c, 0);
		return -ECANCELED;
	}
	*ret = c;
	return 0;
}

void console_quit(struct console *c)
{
	c->over = true;
	loop_stop(c->config.loop, EXIT_OK);
}

int console_suspend(struct console *c)
{
	line_editor_lend(c->prompt);
	return 0;
}

void console_resume(struct console *c)
{
	line_editor_take_back(c->prompt);
}

struct loop *console_loop(const struct console *c)
{
	return c->config.loop;
}

bool console_is_interactive(const struct console *c)
{
	return c->prompt;
}

/* The tool ends for another reason (its time is over) before the script has come to its end. */
static bool is_cut_short(const struct console *c)
{
	return !c->over && !c->typing && c->script < c->n_scripts && c->wait != WAIT_SIGNAL;
}

int console_close(struct console *c, int status)
{
	int r;

	if (!c)
		return status;
	line_editor_close(c->prompt);
	if (c->wake >= 0 && status == EXIT_OK && is_cut_short(c)) {
		message_warning("%s: not carried out to its end", c->scripts[c->script].name);
		c->failed = true;
	}
	if (c->wake >= 0) {
		(void)loop_on_signal(c->config.loop, SIGINT, NULL, NULL);
		loop_remove(c->config.loop, c->wake);
		close(c->wake);
	}
	r = history_save(&c->history);
	if (r < 0)
		message_warning("the history was not written: %s", strerror(-r));
	history_close(&c->history);
	for (size_t i = 0; i < c->n_scripts; i++)
		script_close(&c->scripts[i]);
	script_close(&c->typed);
	strbuf_free(&c->line);
	free(c->tables);
	status = status == EXIT_OK && c->failed ? EXIT_FAILED : status;
	free(c);
	return status;
}
