#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "oom/explain_internal.h"

/* The kernel's "no limit" is some 2^63 bytes (PAGE_COUNTER_MAX, include/linux/page_counter.h). */
#define NO_LIMIT (UINT64_C(1) << 60)
#define SHORT_ID 12 /* as runtimes shorten 64 hexadecimal digits */

static bool is_limit(uint64_t bytes)
{
	return bytes != KILL_UNKNOWN && bytes < NO_LIMIT;
}

/* "swap 12.0M of 64.0M" */
static void put_swap(struct strbuf *item, const struct kill_domain *d)
{
	strbuf_puts(item, d->memcg_version == 1 ? "memory and swap " : "swap ");
	explain_bytes(item, d->memcg_swap_usage_bytes);
	if (!is_limit(d->memcg_swap_limit_bytes))
		return;
	strbuf_puts(item, " of ");
	explain_bytes(item, d->memcg_swap_limit_bytes);
}

static void put_times(struct strbuf *item, const char *before, uint64_t n)
{
	strbuf_printf(item, "%s%" PRIu64 " time%s", before, n, n == 1 ? "" : "s");
}

static void explain_memcg(struct explain *x, const struct kill_domain *d)
{
	struct strbuf *item;

	explain_row(x, 1, "memcg ");
	explain_words(x, d->memcg_path ? d->memcg_path : "n/a", '/');
	item = explain_item(x);
	strbuf_puts(item, "limit ");
	explain_bytes(item, is_limit(d->memcg_limit_bytes) ? d->memcg_limit_bytes : d->bytes);
	/* cgroup v1 does not count them on every kernel. */
	if (d->memcg_failcnt != KILL_UNKNOWN && d->memcg_failcnt) {
		put_times(item, " (hit ", d->memcg_failcnt);
		strbuf_putc(item, ')');
	}
	item = explain_item(x);
	strbuf_puts(item, "usage ");
	explain_bytes(item, d->memcg_usage_bytes);
	if (d->memcg_swap_usage_bytes != KILL_UNKNOWN)
		put_swap(explain_item(x), d);
	if (d->memcg_oom_kill_events != KILL_UNKNOWN && d->memcg_oom_kill_events)
		strbuf_printf(explain_item(x), "%" PRIu64 " kills before",
			      d->memcg_oom_kill_events);
}

static void explain_nodes(struct explain *x, const struct kill_domain *d, const char *head)
{
	struct strbuf *item;

	explain_row(x, 1, head);
	item = explain_item(x);
	strbuf_puts(item, d->nodes && !strpbrk(d->nodes, "-,") ? "NUMA node " : "NUMA nodes ");
	explain_text(item, d->nodes);
	if (d->bytes != KILL_UNKNOWN) {
		explain_bytes(explain_item(x), d->bytes);
		strbuf_puts(&x->item, " of RAM and swap");
	}
}

void explain_domain(struct explain *x, const struct kill *k)
{
	const struct kill_domain *d = &k->domain;
	const char *kind = d->kind ? d->kind : "unknown";

	if (!strcmp(kind, "memcg")) {
		explain_memcg(x, d);
	} else if (!strcmp(kind, "cpuset")) {
		explain_nodes(x, d, "cpuset: ");
	} else if (!strcmp(kind, "mempolicy")) {
		explain_nodes(x, d, "mempolicy: ");
	} else if (!strcmp(kind, "machine")) {
		explain_row(x, 1, "the whole machine: ");
		explain_bytes(explain_item(x), d->bytes);
		strbuf_puts(&x->item, " of RAM and swap");
	} else {
		explain_row(x, 1, "what ran out: ");
		strbuf_puts(explain_item(x), "n/a, this kernel does not let it be seen");
	}
	explain_row(x, 3, "");
	explain_container(x, &d->container, NULL, d->memcg_path);
}

static void put_id(struct strbuf *item, const char *id)
{
	size_t n = strlen(id);

	if (n == 64 && strspn(id, "0123456789abcdef") == n)
		strbuf_append(item, id, SHORT_ID);
	else
		explain_text(item, id);
}

static void put_pod(struct strbuf *item, const struct kill_container *c)
{
	strbuf_puts(item, "pod ");
	if (c->pod_namespace && c->pod_name) {
		explain_text(item, c->pod_namespace);
		strbuf_putc(item, '/');
	}
	explain_text(item, c->pod_name ? c->pod_name : c->pod_uid);
	if (c->pod_qos) {
		strbuf_puts(item, " (");
		explain_text(item, c->pod_qos);
		strbuf_putc(item, ')');
	}
}

static void put_container(struct strbuf *item, const struct kill_container *c)
{
	explain_text(item, c->runtime ? c->runtime : "");
	strbuf_puts(item, c->runtime ? " container " : "container ");
	if (c->name) {
		explain_name(item, c->name);
		strbuf_putc(item, ' ');
	}
	put_id(item, c->id);
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static bool ends_with(const char *path, const char *name)
{
	size_t n = path ? strlen(path) : 0, m = strlen(name);

	return n > m && path[n - m - 1] == '/' && !strcmp(path + n - m, name);
}

void explain_container(struct explain *x, const struct kill_container *c,
		       const struct kill_container *told, const char *path)
{
	static const struct kill_container none;

	if (!told)
		told = &none;
	if ((c->pod_name || c->pod_uid) && !same(c->pod_uid, told->pod_uid))
		put_pod(explain_item(x), c);
	if (c->id && !same(c->id, told->id))
		put_container(explain_item(x), c);
	if (c->outer_id && !same(c->outer_id, told->outer_id)) {
		strbuf_puts(explain_item(x), "inside container ");
		put_id(&x->item, c->outer_id);
	}
	/* Mostly it is the end of the path, or the container's id once more. */
	if (c->unit && !same(c->unit, told->unit) && !ends_with(path, c->unit) &&
	    !(c->id && strstr(c->unit, c->id))) {
		strbuf_puts(explain_item(x), "unit ");
		explain_text(&x->item, c->unit);
	}
}

static const char *direction(double now, double before)
{
	double tolerance = 0.05 * MAX(before, 1.0);

	return now > before + tolerance	  ? "rising"
	       : now < before - tolerance ? "falling"
					  : "steady";
}

static void put_load(struct strbuf *item, const char *loadavg)
{
	double avg1, avg5, avg15;

	strbuf_puts(item, "load ");
	if (loadavg && sscanf(loadavg, "%lf %lf %lf", &avg1, &avg5, &avg15) == 3)
		strbuf_printf(item, "%.2f %.2f %.2f %s", avg1, avg5, avg15, direction(avg1, avg5));
	else
		strbuf_puts(item, "n/a");
}

static void put_shares(struct strbuf *item, const char *kind, const double shares[3])
{
	strbuf_puts(item, kind);
	for (int i = 0; i < 3; i++) {
		if (isnan(shares[i]))
			strbuf_puts(item, " n/a");
		else
			strbuf_printf(item, " %.1f", shares[i]);
	}
	strbuf_putc(item, '%');
}

static void put_swap_free(struct strbuf *item, const struct kill_machine *m)
{
	if (m->swap_total_bytes == 0) {
		strbuf_puts(item, "no swap");
		return;
	}
	strbuf_puts(item, "swap ");
	explain_bytes(item, m->swap_free_bytes);
	strbuf_puts(item, " free / ");
	explain_bytes(item, m->swap_total_bytes);
}

void explain_machine(struct explain *x, const struct kill *k)
{
	const struct kill_machine *m = &k->machine;
	const double some[] = {m->pressure_some_avg10, m->pressure_some_avg60,
			       m->pressure_some_avg300};
	const double full[] = {m->pressure_full_avg10, m->pressure_full_avg60,
			       m->pressure_full_avg300};
	struct strbuf *item;

	if (m->total_bytes != KILL_UNKNOWN || m->available_bytes != KILL_UNKNOWN) {
		explain_row(x, 1, "machine: ");
		item = explain_item(x);
		explain_bytes(item, m->available_bytes);
		strbuf_puts(item, " available / ");
		explain_bytes(item, m->total_bytes);
		put_swap_free(explain_item(x), m);
	}
	explain_row(x, 1, "");
	put_load(explain_item(x), m->loadavg);
	if (isnan(some[0]) && isnan(full[0])) {
		strbuf_puts(explain_item(x), "psi n/a");
		return;
	}
	put_shares(explain_item(x), "psi some", some);
	put_shares(explain_item(x), "full", full);
}
