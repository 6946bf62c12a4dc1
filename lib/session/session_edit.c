/*
 * edit: the user's editor on the draft. Under a console the loop goes on meanwhile, so that no
 * event is lost however long that takes; without one (tests) it is waited for.
 */
#include <errno.h>
#include <string.h>

#include "app/editor.h"
#include "app/loop.h"
#include "app/message.h"
#include "session/session_internal.h"

#define POKE_NS (UINT64_C(250) * 1000000)

struct editing {
	struct session *session;
	struct editor *editor;
	struct console *console; /* NULL: none */
	const char *before;	 /* the text it began with; owned by the session's texts */
};

/* What the editor has made becomes the draft and is applied. */
static int take(struct editing *e, struct strbuf *out, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf bytes = {0}, warning = {0};
	struct session *s = e->session;
	struct probe_text text;
	int r = editor_result(e->editor, &bytes, why);

	if (r < 0)
		return r;
	if (bytes.length == strlen(e->before) &&
	    !memcmp(strbuf_text(&bytes), e->before, bytes.length)) {
		strbuf_printf(out, "Nothing was changed%s\n",
			      texts_has_draft(&s->texts) ? "; the draft is still there" : "");
		if (texts_has_draft(&s->texts))
			session_expect_draft(s, e->console);
		else if (*s->config.tracer)
			tracer_swap_ahead_end(*s->config.tracer);
		return 0;
	}
	r = probe_text_make(strbuf_text(&bytes), bytes.length, PROBE_TEXT_EDITED, session_tool(s),
			    &text, why, &warning);
	if (r < 0) {
		strbuf_puts(why, "; the text is as it was");
		return r;
	}
	session_warn(&warning, out);
	texts_set_draft(&s->texts, &text);
	return session_apply(s, e->console, out, why);
}

/* What was saved while the editor goes on is likely to be what it will leave. */
static void expect_saved(struct editing *e)
{
	_cleanup_strbuf_ struct strbuf bytes = {0}, why = {0}, warning = {0};
	struct probe_text text;

	if (!editor_saved(e->editor, &bytes) ||
	    probe_text_make(strbuf_text(&bytes), bytes.length, PROBE_TEXT_EDITED,
			    session_tool(e->session), &text, &why, &warning) < 0)
		return;
	session_expect(e->session, &text);
	probe_text_free(&text);
}

static void on_poke(void *user)
{
	struct editing *e = user;

	editor_poke(e->editor);
	expect_saved(e);
}

void editing_close(struct editing *e)
{
	struct loop *loop = e && e->console ? console_loop(e->console) : NULL;

	if (!e)
		return;
	if (loop) {
		loop_remove(loop, editor_fd(e->editor));
		loop_remove_timer(loop, on_poke, e);
	}
	e->session->editing = NULL;
	editor_close(e->editor);
	free(e);
}

static void on_end(void *user)
{
	_cleanup_strbuf_ struct strbuf out = {0}, why = {0};
	struct editing *e = user;
	struct console *console = e->console;
	int r;

	if (!editor_has_ended(e->editor))
		return;
	r = editor_wait(e->editor, &why);
	console_resume(console);
	if (r == 0)
		r = take(e, &out, &why);
	editing_close(e);
	if (r != COMMAND_GOES_ON)
		console_finish(console, r, &out, &why);
}

static int start(struct session *s, struct console *console, struct editing **ret,
		 struct strbuf *why)
{
	struct editing *e = calloc(1, sizeof(*e));
	const struct probe_text *text =
		texts_has_draft(&s->texts) ? &s->texts.draft : texts_running(&s->texts);
	int r;

	if (!e)
		return -ENOMEM;
	/* Of an image there is no text: then the one that is built in. */
	*e = (struct editing){.session = s,
			      .console = console,
			      .before = text->text.length ? strbuf_text(&text->text)
							  : s->config.tool->built_in};
	r = editor_start(session_tool(s), e->before, s->texts.error_line, console != NULL,
			 &e->editor, why);
	if (r < 0) {
		free(e);
		return r;
	}
	session_expect(s, NULL);
	s->editing = *ret = e;
	return 0;
}

static int edit_and_wait(struct session *s, struct command_call *call)
{
	struct editing *e;
	int r = start(s, NULL, &e, call->why);

	if (r < 0)
		return r;
	r = editor_wait(e->editor, call->why);
	if (r == 0)
		r = take(e, call->out, call->why);
	editing_close(e);
	return r;
}

int session_edit(struct command_call *call)
{
	struct session *s = call->user;
	struct editing *e;
	struct loop *loop;
	int r;

	if (!call->console)
		return edit_and_wait(s, call);
	loop = console_loop(call->console);
	r = console_suspend(call->console);
	if (r < 0)
		return r;
	r = start(s, call->console, &e, call->why);
	if (r == 0) {
		r = loop_add(loop, editor_fd(e->editor), on_end, e);
		if (r == 0)
			r = loop_add_timer(loop, POKE_NS, POKE_NS, on_poke, e);
		if (r < 0)
			editing_close(e);
	}
	if (r == 0)
		return COMMAND_GOES_ON;
	console_resume(call->console);
	return r;
}
