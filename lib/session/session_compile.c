/*
 * A text is compiled as soon as it is a draft, in the background, so that apply finds it done. What
 * is not done by then is waited for in the loop: events are told, and Ctrl-C ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "app/loop.h"
#include "app/message.h"
#include "proc/clock.h"
#include "session/session_internal.h"

struct compiling {
	struct session *session;
	struct console *console;
	int fd;		       /* readable when it has ended; our own */
	session_swap_fn *then; /* NULL: nobody waits for it yet */
	uint64_t start;
	struct strbuf out; /* of the command that waits */
};

void compiling_close(struct compiling *c)
{
	if (!c)
		return;
	if (c->then)
		console_on_interrupt(c->console, NULL, NULL);
	loop_remove(console_loop(c->console), c->fd);
	close(c->fd);
	strbuf_free(&c->out);
	c->session->compiling = NULL;
	free(c);
}

static enum tracer_ahead state(const struct session *s, int *ret_fd)
{
	*ret_fd = -1;
	return *s->config.tracer ? tracer_swap_ahead_state(*s->config.tracer, ret_fd)
				 : TRACER_AHEAD_NOTHING;
}

static void on_compiled(void *user)
{
	_cleanup_strbuf_ struct strbuf out = {0}, why = {0};
	struct compiling *c = user;
	struct session *s = c->session;
	struct console *console = c->console;
	session_swap_fn *then = c->then;
	uint64_t start = c->start;
	int r, fd;

	/* The loop calls all of its sources once more when it stops. */
	if (loop_stopped(console_loop(console)) || state(s, &fd) == TRACER_AHEAD_COMPILES)
		return;
	out = c->out;
	c->out = (struct strbuf){0};
	compiling_close(c);
	if (!then) {
		if (state(s, &fd) == TRACER_AHEAD_FAILED)
			message_warning("the draft does not compile: 'apply' shows where and why");
		return;
	}
	r = then(s, start, &out, &why);
	console_finish(console, r, &out, &why);
}

/* Wait for what is being compiled now; NULL: there is nothing to wait for. */
static struct compiling *wait_for_compiler(struct session *s, struct console *console)
{
	struct compiling *c;
	int fd;

	compiling_close(s->compiling);
	if (!console || state(s, &fd) != TRACER_AHEAD_COMPILES || fd < 0)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	*c = (struct compiling){
		.session = s, .console = console, .fd = fcntl(fd, F_DUPFD_CLOEXEC, 3)};
	if (c->fd < 0 || loop_add(console_loop(console), c->fd, on_compiled, c) < 0) {
		if (c->fd >= 0)
			close(c->fd);
		free(c);
		return NULL;
	}
	return s->compiling = c;
}

static void on_interrupt(void *user)
{
	_cleanup_strbuf_ struct strbuf out = {0}, why = {0};
	struct compiling *c = user;
	struct session *s = c->session;
	struct console *console = c->console;

	out = c->out;
	c->out = (struct strbuf){0};
	compiling_close(c);
	if (*s->config.tracer)
		tracer_swap_ahead_end(*s->config.tracer);
	strbuf_puts(&why, "ended while the text was being compiled. Nothing has changed: the probe "
			  "runs on as it was");
	if (texts_has_draft(&s->texts))
		strbuf_puts(&why, ", and the draft is kept");
	console_finish(console, -EINTR, &out, &why);
}

void session_expect(struct session *s, const struct probe_text *text)
{
	struct source source = text ? session_source(s, text) : (struct source){0};

	compiling_close(s->compiling);
	if (*s->config.tracer)
		tool_swap_ahead(s->config.tool, *s->config.tracer, text ? &source : NULL);
}

void session_expect_draft(struct session *s, struct console *console)
{
	session_expect(s, &s->texts.draft);
	if (console && console_is_interactive(console))
		(void)wait_for_compiler(s, console);
}

int session_when_compiled(struct session *s, struct console *console, const struct probe_text *text,
			  session_swap_fn *then, struct strbuf *out, struct strbuf *why)
{
	uint64_t start = clock_monotonic_ns();
	struct compiling *c;

	/* An image has no text. */
	if (text->text.length)
		session_expect(s, text);
	c = text->text.length ? wait_for_compiler(s, console) : NULL;
	if (!c)
		return then(s, start, out, why);
	c->then = then;
	c->start = start;
	c->out = *out;
	*out = (struct strbuf){0};
	console_on_interrupt(console, on_interrupt, c);
	return COMMAND_GOES_ON;
}
