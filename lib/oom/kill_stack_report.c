#include "oom/kill_stack_report.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

static void put_stack(const struct kill_stack *s, const char *whose, struct strbuf *out)
{
	strbuf_printf(out, "    %s", whose);
	if (s->tid && s->tid != KILL_UNKNOWN)
		strbuf_printf(out, " (tid %" PRIu64 ")", s->tid);
	strbuf_puts(out, ":\n");
	for (size_t i = 0; i < s->count; i++) {
		strbuf_puts(out, "        ");
		text_display(out, s->frames[i], strlen(s->frames[i]));
		strbuf_putc(out, '\n');
	}
	if (s->cut)
		strbuf_puts(out, "        ... (deeper than could be read)\n");
	if (!s->count) {
		const char *why = s->error ? s->error : "not seen";

		strbuf_puts(out, "        n/a: ");
		text_display(out, why, strlen(why));
		strbuf_putc(out, '\n');
	}
}

int kill_stack_text(const struct kill *k, bool victim, bool trigger, struct strbuf *out)
{
	if (victim)
		put_stack(&k->victim_stack, "victim's user stack", out);
	if (trigger) {
		put_stack(&k->trigger_kernel_stack, "trigger's kernel stack", out);
		put_stack(&k->trigger_user_stack, "trigger's user stack", out);
	}
	return strbuf_error(out);
}

/* What a flame graph can merge: semicolons part frames, and the last blank is before the value. */
static void put_name(struct strbuf *out, const char *name, size_t n)
{
	_cleanup_strbuf_ struct strbuf shown = {0};

	text_display(&shown, name, n);
	for (size_t i = 0; i < shown.length; i++) {
		char c = shown.data[i];

		strbuf_putc(out, c == ';' ? ':' : c == ' ' ? '_' : c);
	}
	if (shown.failed)
		out->failed = true;
}

/* The function of a frame, without offset, file and line; of an address the file alone. */
static void put_function(struct strbuf *out, const char *frame)
{
	size_t n = strlen(frame);
	const char *at = frame + n, *offset;

	if (n && (at[-1] == ')' || at[-1] == ']'))
		while (at > frame && strncmp(at, " (", 2) != 0 && strncmp(at, " [", 2) != 0)
			at--;
	if (at == frame)
		at = frame + n;
	if (strncmp(frame, "0x", 2) == 0) {
		const char *file = *at ? at + 2 : "";

		strbuf_putc(out, '[');
		put_name(out, *file ? file : "unknown", *file ? strcspn(file, ",)") : 7);
		strbuf_putc(out, ']');
		return;
	}
	n = (size_t)(at - frame);
	offset = memmem(frame, n, "+0x", 3);
	put_name(out, frame, offset ? (size_t)(offset - frame) : n);
}

static void put_frames(struct strbuf *out, const struct kill_stack *s, const char *behind)
{
	for (size_t i = s->count; i-- > 0;) {
		strbuf_putc(out, ';');
		put_function(out, s->frames[i]);
		strbuf_puts(out, behind);
	}
}

static void begin_line(struct strbuf *out, const char *whose, const struct kill_process *p)
{
	const char *comm = p->comm ? p->comm : "n/a";

	strbuf_printf(out, "%s;", whose);
	put_name(out, comm, strlen(comm));
}

int kill_stack_folded(const struct kill *k, bool victim, bool trigger, struct strbuf *out)
{
	if (victim && k->victim_stack.count) {
		begin_line(out, "victim", &k->victim);
		put_frames(out, &k->victim_stack, "");
		strbuf_puts(out, " 1\n");
	}
	if (trigger && (k->trigger_user_stack.count || k->trigger_kernel_stack.count)) {
		begin_line(out, "trigger", &k->trigger);
		put_frames(out, &k->trigger_user_stack, "");
		if (k->trigger_kernel_stack.count)
			strbuf_puts(out, ";-");
		put_frames(out, &k->trigger_kernel_stack, "_[k]");
		strbuf_puts(out, " 1\n");
	}
	return strbuf_error(out);
}
