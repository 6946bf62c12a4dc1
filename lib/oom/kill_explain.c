#include "oom/kill_explain.h"

#include <errno.h>

#include "oom/explain_internal.h"
#include "oom/kill_extras.h"

uint64_t explain_held(const struct kill_process *p)
{
	const uint64_t more[] = {p->swap_bytes, p->pgtables_bytes};
	uint64_t sum = p->rss_bytes;

	for (size_t i = 0; sum != KILL_UNKNOWN && i < ARRAY_SIZE(more); i++)
		if (more[i] != KILL_UNKNOWN && __builtin_add_overflow(sum, more[i], &sum))
			sum = KILL_UNKNOWN;
	return sum;
}

uint64_t explain_page_size(const struct kill *k)
{
	const struct kill_domain *d = &k->domain;
	uint64_t size = d->pages && d->pages != KILL_UNKNOWN && d->bytes != KILL_UNKNOWN
				? d->bytes / d->pages
				: 0;

	/* A recording may hold anything; Linux has pages of 4 to 256 KiB. */
	return size >= 4096 && size <= 262144 && !(size & (size - 1))
		       ? size
		       : (uint64_t)sysconf(_SC_PAGESIZE);
}

static void explain_extras(struct explain *x, const struct kill *k)
{
	explain_row(x, 1, "probe: ");
	for (size_t i = 0; i < k->extras.count; i++) {
		struct strbuf *item = explain_item(x);

		strbuf_printf(item, "%s ", k->extras.list[i].name);
		kill_extra_display(&k->extras.list[i], item);
	}
}

static int explain(const struct kill *k, bool has_happened, struct strbuf *out)
{
	struct explain x = {.out = out};
	int r;

	explain_domain(&x, k);
	if (has_happened)
		explain_allocation(&x, k);
	explain_victim(&x, k);
	if (has_happened)
		explain_course(&x, k);
	explain_extras(&x, k);
	explain_machine(&x, k);
	explain_advice(&x, k);
	explain_end(&x);
	r = strbuf_error(out) < 0 ? -ENOMEM : strbuf_error(&x.item);
	strbuf_free(&x.item);
	return r;
}

int kill_explain(const struct kill *k, struct strbuf *out)
{
	return explain(k, true, out);
}

int kill_explain_foretold(const struct kill *k, struct strbuf *out)
{
	return explain(k, false, out);
}
