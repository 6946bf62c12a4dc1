/* The head of a report: time, load, memory, pressure, and the domain. */
#include <inttypes.h>

#include "oom/explain_internal.h"
#include "output/human.h"
#include "rank/rank_kill.h"
#include "rank/rank_report_internal.h"

void rank_report_time(const struct rank_report *p, struct strbuf *out)
{
	const struct machine *m = p->view->machine;

	human_time(out, m->time_ns, p->date);
	strbuf_printf(out, " loadavg: %s\n", m->loadavg[0] ? m->loadavg : "n/a");
}

uint64_t rank_report_left(const struct domain *d)
{
	return !d->limit_bytes ? KILL_UNKNOWN
			       : d->limit_bytes - MIN(d->limit_bytes, d->usage_bytes);
}

/* " (-12.4M)" */
static void put_change(struct strbuf *out, uint64_t now, uint64_t before)
{
	if (now == KILL_UNKNOWN || before == KILL_UNKNOWN)
		return;
	strbuf_puts(out, now < before ? " (-" : " (+");
	explain_bytes(out, now < before ? before - now : now - before);
	strbuf_putc(out, ')');
}

static void put_memory(struct explain *x, const struct rank_report *p)
{
	const struct meminfo *memory = &p->view->machine->memory;
	struct strbuf *item = explain_item(x);

	explain_bytes(item, memory->available_bytes);
	strbuf_puts(item, " available");
	if (p->before)
		put_change(item, memory->available_bytes,
			   p->before->machine->memory.available_bytes);
	strbuf_puts(item, " / ");
	explain_bytes(item, memory->total_bytes);
	strbuf_puts(item, " total");
	item = explain_item(x);
	if (!memory->swap_total_bytes) {
		strbuf_puts(item, "no swap");
		return;
	}
	strbuf_puts(item, "swap ");
	explain_bytes(item, memory->swap_free_bytes);
	strbuf_puts(item, " free / ");
	explain_bytes(item, memory->swap_total_bytes);
}

static void put_pressure(struct explain *x, const struct machine *m)
{
	if (!m->has_pressure) {
		strbuf_puts(explain_item(x), "psi n/a");
		return;
	}
	strbuf_printf(explain_item(x), "psi avg10 some %.1f%% full %.1f%%", m->pressure.some.avg10,
		      m->pressure.full.avg10);
}

static void put_left(struct explain *x, const struct rank_report *p)
{
	const struct domain *d = &p->ranking->domain;
	uint64_t left = rank_report_left(d);
	struct strbuf *item;

	if (d->kind != DOMAIN_MEMCG || left == KILL_UNKNOWN)
		return;
	explain_row(x, 3, "");
	item = explain_item(x);
	explain_bytes(item, left);
	strbuf_puts(item, " left");
	if (p->before && p->ranking_before)
		put_change(item, left, rank_report_left(&p->ranking_before->domain));
	strbuf_puts(item, " below its limit");
}

/* A limit above it that is reached before. */
static void put_above(struct explain *x, const struct rank_report *p)
{
	const struct machine *m = p->view->machine;
	const uint32_t before = domain_runs_out_before(m, &p->ranking->domain);
	const struct machine_cgroup *c = before < m->n_cgroups ? &m->cgroups[before] : NULL;

	if (!c)
		return;
	explain_row(x, 3, "");
	strbuf_puts(explain_item(x), "runs out before it: ");
	explain_words(x, c->path, '/');
	explain_bytes(explain_item(x), c->limit_bytes - MIN(c->limit_bytes, c->usage_bytes));
	strbuf_puts(&x->item, " left");
}

int rank_report_head(struct explain *x, const struct rank_report *p)
{
	_cleanup_kill_ struct kill *k = NULL;
	int r = rank_kill(p->view, p->ranking, SIZE_MAX, &k);

	if (r < 0)
		return r;
	explain_row(x, 1, "");
	put_memory(x, p);
	put_pressure(x, p->view->machine);
	explain_domain(x, k);
	put_left(x, p);
	put_above(x, p);
	return 0;
}
