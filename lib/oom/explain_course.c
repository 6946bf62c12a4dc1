/* How the end of the victim, and of those that died with it, went. */
#include "base/macro.h"
#include "oom/explain_internal.h"

static void put_bytes(struct strbuf *item, const char *before, uint64_t bytes, const char *after)
{
	strbuf_puts(item, before);
	explain_bytes(item, bytes);
	strbuf_puts(item, after);
}

/* The first step stands behind the colon, without a comma. */
static struct strbuf *next(struct explain *x)
{
	struct strbuf *item = &x->item;

	return item->length && item->data[item->length - 1] == ' ' ? item : explain_item(x);
}

static void put_step(struct explain *x, const char *what, uint64_t ns)
{
	struct strbuf *item;

	if (ns == KILL_UNKNOWN)
		return;
	item = next(x);
	strbuf_puts(item, what);
	explain_span(item, ns);
}

/*
 * When all was over: the last thread may exit before its address space is given back, or after, as
 * it is before Linux 6.16.
 */
static uint64_t over_after(const struct kill_course *c)
{
	if (c->freed_ns == KILL_UNKNOWN || c->exited_ns == KILL_UNKNOWN)
		return c->freed_ns;
	return MAX(c->freed_ns, c->exited_ns);
}

void explain_course(struct explain *x, const struct kill *k)
{
	const struct kill_course *c = &k->course;

	explain_row(x, 1, "");
	if (c->complete) {
		put_step(x, "took ", over_after(c));
		strbuf_puts(&x->item, c->freed_ns == KILL_UNKNOWN ? "" : ": ");
	} else {
		strbuf_puts(explain_item(x), "not over yet (waited up to 3 s)");
	}
	put_step(x, "signal after ", c->signalled_ns);
	put_step(x, "reaper after ", c->reaped_ns);
	if (c->reaped_ns != KILL_UNKNOWN && c->reaped_bytes != KILL_UNKNOWN)
		put_bytes(&x->item, " (", c->reaped_bytes, ")");
	put_step(x, "exit after ", c->exited_ns);
	if (c->freed_bytes != KILL_UNKNOWN)
		put_bytes(next(x), "", c->freed_bytes, " freed");
	if (c->memcg_usage_bytes != KILL_UNKNOWN)
		put_bytes(next(x), "usage then ", c->memcg_usage_bytes, "");
}
