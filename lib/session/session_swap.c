/* apply and undo: another text in the place of the one that runs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "output/human.h"
#include "proc/clock.h"
#include "session/session_internal.h"

static int before(struct tracer *tracer, void *user)
{
	struct session *s = user;

	s->prepared = true;
	strbuf_reset(&s->refusal);
	return s->config.before ? s->config.before(tracer, &s->refusal, s->config.user) : 0;
}

static int after(struct session *s, struct tracer *t, bool swapped, struct strbuf *note)
{
	return s->prepared && s->config.after ? s->config.after(t, swapped, note, s->config.user)
					      : 0;
}

struct source session_source(const struct session *s, const struct probe_text *text)
{
	const struct tool *tool = s->config.tool;

	return text->name ? probe_text_source(text)
			  : (struct source){.text = strbuf_text(&text->text),
					    .lines = tool->built_in_lines};
}

static void tell(struct tracer *t, const struct probe_text *text,
		 const struct tracer_supply *supplied, uint64_t start, struct strbuf *out)
{
	struct tracer_supply now = tracer_supplied(t);

	strbuf_printf(out, "%s runs (variant %s) after ", session_text_name(text),
		      tracer_variant(t));
	human_duration(out, clock_monotonic_ns() - start);
	strbuf_puts(out, now.compiled != supplied->compiled ? ", compiled just now\n"
							    : ", from the cache\n");
}

/* The tool refuses a text for one of its structs: say where that is. */
static void put_refusal(struct session *s, const struct source *source, struct strbuf *why)
{
	const char *refusal = s->refusal.data;
	char name[128];

	strbuf_reset(why);
	if (sscanf(refusal, "struct %127[A-Za-z0-9_]", name) == 1)
		s->refused_line = source_line_of(source, name);
	if (s->refused_line) {
		source_put_place(source, s->refused_line, why);
		strbuf_puts(why, ": ");
	}
	strbuf_append(why, refusal, strlen(refusal) - (refusal[strlen(refusal) - 1] == '\n'));
}

/* TEXT without text: an image, which only the start had. */
static int swap_to(struct session *s, const struct probe_text *text, uint64_t start,
		   struct strbuf *out, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf note = {0};
	struct tracer *t = session_tracer(s, why);
	struct source source = session_source(s, text);
	struct tracer_supply supplied;
	int r, late;

	if (!t)
		return -ENOENT;
	supplied = tracer_supplied(t);
	s->prepared = false;
	s->refused_line = 0;
	strbuf_reset(&s->refusal);
	r = tool_swap(s->config.tool, t, text->text.length ? &source : NULL, before, s, why);
	if (r < 0 && s->refusal.length)
		put_refusal(s, &source, why);
	if (r == 0)
		tell(t, text, &supplied, start, out);
	late = after(s, t, r == 0, &note);
	if (r == 0)
		strbuf_puts(out, strbuf_text(&note));
	if (r == 0 && late < 0)
		strbuf_printf(out, "Warning: the tool cannot read all of what it sends: %s\n",
			      note.length ? note.data : strerror(-late));
	return r;
}

static int apply(struct session *s, uint64_t start, struct strbuf *out, struct strbuf *why)
{
	int r = texts_reserve(&s->texts);

	if (r == 0)
		r = swap_to(s, &s->texts.draft, start, out, why);
	if (r == 0) {
		texts_applied(&s->texts);
		return 0;
	}
	if (*s->config.tracer) {
		s->texts.error_line =
			s->refused_line ? s->refused_line : tracer_error_line(*s->config.tracer);
		strbuf_puts(why,
			    "\nNothing has changed: the probe runs on as it was. 'edit' goes on "
			    "with the draft");
		if (s->texts.error_line)
			strbuf_printf(why, ", at line %u", texts_error_line(&s->texts));
	}
	return r;
}

static int undo(struct session *s, uint64_t start, struct strbuf *out, struct strbuf *why)
{
	bool draft = texts_has_draft(&s->texts);
	int r = swap_to(s, texts_before(&s->texts), start, out, why);

	if (r < 0)
		return r;
	texts_undone(&s->texts);
	if (!draft)
		strbuf_puts(out, "What ran before is the draft now: 'apply' runs it again\n");
	return 0;
}

int session_apply(struct session *s, struct console *console, struct strbuf *out,
		  struct strbuf *why)
{
	if (!texts_has_draft(&s->texts)) {
		strbuf_puts(why, "there is no draft to apply: 'edit' or 'load FILE' makes one");
		return -ENOENT;
	}
	return session_when_compiled(s, console, &s->texts.draft, apply, out, why);
}

int session_undo(struct session *s, struct console *console, struct strbuf *out, struct strbuf *why)
{
	const struct probe_text *text = texts_before(&s->texts);

	if (!text) {
		strbuf_puts(why, "there is nothing to undo: this is the text it started with");
		return -ENOENT;
	}
	return session_when_compiled(s, console, text, undo, out, why);
}

int session_renew(struct session *s, struct strbuf *out, struct strbuf *why)
{
	return swap_to(s, texts_running(&s->texts), clock_monotonic_ns(), out, why);
}
