/*
 * The console by itself, with events that are made up: tests/console drives it. No BPF is needed.
 * DEMO_THREAD=1: events come from another thread.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "app/tool.h"
#include "base/parse.h"
#include "console/command_words.h"
#include "console/console.h"

struct demo {
	struct tool tool;
	struct loop *loop;
	struct console *console;
	atomic_uint_fast64_t told;
	uint64_t interval_ns;
	bool threaded, later;
	atomic_bool stop;
	pthread_t thread;
};

static void tell(struct demo *d)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	unsigned long long n = atomic_fetch_add(&d->told, 1) + 1;

	strbuf_printf(&line, "event number %llu of the demo\n", n);
	(void)tool_print(&line);
	console_event(d->console);
}

static void on_event(void *user)
{
	tell(user);
}

static void *run_thread(void *user)
{
	struct demo *d = user;

	while (!atomic_load(&d->stop)) {
		usleep((useconds_t)(d->interval_ns / 1000));
		tell(d);
	}
	return NULL;
}

static void stop_events(struct demo *d)
{
	if (d->threaded && d->interval_ns) {
		atomic_store(&d->stop, true);
		(void)pthread_join(d->thread, NULL);
		atomic_store(&d->stop, false);
	}
	d->interval_ns = 0;
	(void)loop_change_timer(d->loop, on_event, d, UINT64_C(1) << 62, 0);
}

static int run_every(struct command_call *call)
{
	struct demo *d = call->user;
	uint64_t ns = 0;

	if (strcmp(call->words[0], "off") != 0 && parse_duration(call->words[0], &ns) < 0) {
		strbuf_puts(call->why, "say seconds, or off");
		return -EINVAL;
	}
	stop_events(d);
	d->interval_ns = ns;
	if (!ns)
		return 0;
	if (d->threaded)
		return -pthread_create(&d->thread, NULL, run_thread, d);
	return loop_change_timer(d->loop, on_event, d, ns, ns);
}

static int run_fail(struct command_call *call)
{
	strbuf_puts(call->out, "half of it\n");
	if (call->n_words)
		strbuf_puts(call->why, call->words[0]);
	return -EIO;
}

/* Bytes that would drive the terminal. */
static int run_raw(struct command_call *call)
{
	strbuf_puts(call->out, "x\033[31my\xff\n");
	return 0;
}

static int run_tell(struct command_call *call)
{
	struct demo *d = call->user;

	atomic_fetch_add(&d->told, 1);
	console_event(d->console);
	return 0;
}

static void on_later(void *user)
{
	_cleanup_strbuf_ struct strbuf out = {0}, why = {0};
	struct demo *d = user;

	if (d->later)
		strbuf_puts(&why, "too late");
	else
		strbuf_puts(&out, "done\n");
	console_finish(d->console, d->later ? -EIO : 0, &out, &why);
}

static int run_later(struct command_call *call)
{
	struct demo *d = call->user;
	int r = loop_add_timer(d->loop, 10000000, 0, on_later, d);

	d->later = call->words[0][0] == '1';
	strbuf_puts(call->out, "begun\n");
	return r < 0 ? r : COMMAND_GOES_ON;
}

static int run_words(struct command_call *call)
{
	for (size_t i = 0; i < call->n_words; i++)
		strbuf_printf(call->out, "%zu: <%s>\n", i + 1, call->words[i]);
	return 0;
}

static int run_warn(struct command_call *call)
{
	message_warning("%s", call->words[0]);
	return 0;
}

/* As an editor does: the terminal is its own meanwhile. */
static int run_outside(struct command_call *call)
{
	static const char text[] = "outside: Enter goes on\r\n";
	int r = console_suspend(call->console);
	char c = 0;

	if (r < 0)
		return r;
	if (write(1, text, sizeof(text) - 1) < 0)
		r = -errno;
	while (read(0, &c, 1) == 1 && c != '\n')
		;
	console_resume(call->console);
	return r;
}

static void complete_columns(const struct command_completion *c)
{
	strbuf_puts(c->out, "comm\ncgroup\npages\nh\xc3\xb6he\ntwo words\n");
}

static int run_set(struct command_call *call)
{
	strbuf_printf(call->out, "%s: %s\n", call->name, call->n_words ? call->words[0] : "all");
	return 0;
}

static const struct command below_set[] = {
	{.name = "column",
	 .arguments = "NAME",
	 .help = "a column",
	 .least = 1,
	 .most = 1,
	 .run = run_set,
	 .complete = complete_columns},
	{.name = "filter",
	 .arguments = "[TEXT]",
	 .help = "only some",
	 .more = "    A long text on filters.\n",
	 .most = 1,
	 .run = run_set},
	{0},
};

static const struct command commands[] = {
	{.name = "every",
	 .arguments = "SECONDS|off",
	 .help = "events come so often",
	 .least = 1,
	 .most = 1,
	 .run = run_every},
	{.name = "fail", .arguments = "[WHY]", .help = "fails", .most = 1, .run = run_fail},
	{.name = "later",
	 .arguments = "0|1",
	 .help = "ends later, and so",
	 .least = 1,
	 .most = 1,
	 .run = run_later},
	{.name = "load",
	 .arguments = "FILE",
	 .help = "completes names of files",
	 .least = 1,
	 .most = 1,
	 .run = run_words,
	 .complete = command_complete_file},
	{.name = "outside", .arguments = "", .help = "as an editor", .run = run_outside},
	{.name = "raw", .arguments = "", .help = "escape sequences", .run = run_raw},
	{.name = "set",
	 .arguments = "[NAME VALUE]",
	 .help = "settings",
	 .run = run_set,
	 .below = below_set},
	{.name = "show", .arguments = "", .help = "nothing", .run = run_words},
	{.name = "tell", .arguments = "", .help = "an event, unseen", .run = run_tell},
	{.name = "warn",
	 .arguments = "TEXT",
	 .help = "a message",
	 .least = 1,
	 .most = 1,
	 .run = run_warn},
	{.name = "words",
	 .arguments = "[WORD]...",
	 .help = "its words",
	 .most = 99,
	 .run = run_words},
	{0},
};

static void on_duration(void *user)
{
	loop_stop(((struct demo *)user)->loop, EXIT_OK);
}

static int run(struct demo *d)
{
	struct command_table table = {commands, d};
	struct console_config config = {"demo", &d->tool.common, {&table, 1}, NULL};
	int r = loop_open(&d->loop);

	config.loop = d->loop;
	if (r == 0)
		r = loop_add_timer(d->loop, UINT64_C(1) << 62, 0, on_event, d);
	if (r == 0 && d->tool.common.duration_ns)
		r = loop_add_timer(d->loop, d->tool.common.duration_ns, 0, on_duration, d);
	if (r == 0 && tool_has_console(&d->tool))
		r = console_open(&config, &d->console);
	if (r == 0)
		r = tool_start_line(&d->tool, "The demo begins...");
	if (r == 0)
		r = loop_run(d->loop);
	if (d->loop)
		stop_events(d);
	r = console_close(d->console, tool_status("demo", r));
	loop_close(d->loop);
	return r;
}

int main(int argc, char *argv[])
{
	struct program_info info = {
		.name = "demo", .synopsis = "[OPTION]...", .summary = "", .examples = ""};
	struct demo d = {.tool = {.info = &info}, .threaded = getenv("DEMO_THREAD")};
	int status = tool_begin(&d.tool, argc, argv, NULL);

	if (status < 0)
		status = run(&d);
	tool_end(&d.tool);
	return status;
}
