#include "rank/rank_domains.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/macro.h"
#include "base/text.h"
#include "output/human.h"
#include "output/json_writer.h"
#include "output/table_writer.h"
#include "rank/rank_json.h"
#include "rank/rank_report_internal.h"

static int fullest_first(const void *a, const void *b)
{
	const struct rank_domain *x = a, *y = b;

	if (x->full > y->full || x->full < y->full)
		return x->full < y->full ? 1 : -1;
	return x->ranking.domain.cgroup < y->ranking.domain.cgroup ? -1 : 1;
}

static int add(const struct machine *m, const struct domain *d, struct rank_domain **list,
	       size_t *n, size_t *capacity)
{
	struct rank_domain *new;
	int r = array_reserve(list, capacity, *n, 1, sizeof(**list));

	if (r < 0)
		return r;
	new = &(*list)[*n];
	*new = (struct rank_domain){0};
	r = ranking_of(m, d, &new->ranking);
	if (r < 0)
		return r;
	if (d->limit_bytes)
		new->full = (double)d->usage_bytes / (double)d->limit_bytes;
	(*n)++;
	return 0;
}

int rank_domains(const struct machine *m, struct rank_domain **ret, size_t *ret_n)
{
	struct rank_domain *list = NULL;
	size_t n = 0, capacity = 0;
	struct domain d;
	int r;

	domain_of_machine(m, &d);
	r = add(m, &d, &list, &n, &capacity);
	for (uint32_t i = 0; i < m->n_cgroups && r == 0; i++) {
		if (!m->cgroups[i].limit_bytes)
			continue;
		/* One without a limit of its own, memory and swap together, say, is its parent's.
		 */
		if (domain_of_cgroup(m, i, &d) == 0 && d.cgroup == i)
			r = add(m, &d, &list, &n, &capacity);
	}
	if (r < 0) {
		rank_domains_free(list, n);
		return r;
	}
	qsort(list, n, sizeof(*list), fullest_first);
	*ret = list;
	*ret_n = n;
	return 0;
}

void rank_domains_free(struct rank_domain *domains, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ranking_clear(&domains[i].ranking);
	free(domains);
}

static const struct ranking_row *victim_of(const struct ranking *r)
{
	return r->victim < r->n_rows ? &r->rows[r->victim] : NULL;
}

static const char *path_of(const struct machine *m, const struct domain *d)
{
	return d->kind == DOMAIN_MEMCG && d->cgroup < m->n_cgroups ? m->cgroups[d->cgroup].path
								   : NULL;
}

static const struct table_column columns[] = {
	{"FULL%", 6, false}, {"USAGE", 8, false},  {"LIMIT", 8, false}, {"PID", 7, false},
	{"COMM", 16, true},  {"POINTS", 8, false}, {"CGROUP", 0, true},
};

#define PATH_AT 59 /* where the last column begins */

static int put_row(const struct rank_view *v, const struct rank_domain *d, int width,
		   struct strbuf *out)
{
	const struct machine *m = v->machine;
	const struct ranking_row *victim = victim_of(&d->ranking);
	const char *path = path_of(m, &d->ranking.domain);
	_cleanup_strbuf_ struct strbuf full = {0}, usage = {0}, limit = {0}, pid = {0}, comm = {0},
				       points = {0}, name = {0};

	strbuf_printf(&full, "%.1f", 100 * d->full);
	human_bytes(&usage, (int64_t)d->ranking.domain.usage_bytes);
	human_bytes(&limit, (int64_t)d->ranking.domain.limit_bytes);
	if (victim) {
		const struct oomrank_task *t = &m->processes[victim->process].task;

		strbuf_printf(&pid, "%" PRIu32, t->pid);
		text_display(&comm, t->comm, strnlen(t->comm, sizeof(t->comm)));
		if (victim->points != INT64_MIN && victim->reason != RANKING_ORIGIN)
			strbuf_printf(&points, "%" PRId64, victim->points);
	}
	if (path)
		rank_report_path(path, width > PATH_AT ? (size_t)(width - PATH_AT) : SIZE_MAX,
				 &name);
	table_writer_row(out, columns, ARRAY_SIZE(columns), 0, width,
			 (const char *const[]){strbuf_text(&full), strbuf_text(&usage),
					       strbuf_text(&limit),
					       victim ? strbuf_text(&pid) : "-",
					       victim ? strbuf_text(&comm) : "-",
					       points.length ? strbuf_text(&points) : "-",
					       path ? strbuf_text(&name) : "(the machine)"});
	return strbuf_error(out);
}

int rank_domains_text(const struct rank_view *v, const struct rank_domain *domains, size_t n,
		      int width, struct strbuf *out)
{
	int r = 0;

	table_writer_heads(out, columns, ARRAY_SIZE(columns), 0);
	for (size_t i = 0; i < n && r == 0; i++)
		r = put_row(v, &domains[i], width, out);
	return r < 0 ? r : strbuf_error(out);
}

static void put_victim(struct json_writer *w, const struct rank_view *v, const struct ranking *r)
{
	const struct ranking_row *victim = victim_of(r);
	const struct oomrank_task *t = victim ? &v->machine->processes[victim->process].task : NULL;

	if (!t) {
		json_writer_null(w, "pid");
		json_writer_null(w, "comm");
		json_writer_null(w, "points");
	} else {
		json_writer_uint(w, "pid", t->pid);
		json_writer_text(w, "comm", t->comm, strnlen(t->comm, sizeof(t->comm)));
		if (victim->points == INT64_MIN || victim->reason == RANKING_ORIGIN)
			json_writer_null(w, "points");
		else
			json_writer_int(w, "points", victim->points);
	}
	json_writer_uint(w, "dies", r->dies);
	json_writer_uint(w, "frees_bytes", r->frees_bytes);
}

static int put_json(const struct rank_view *v, const struct rank_domain *d, struct strbuf *out)
{
	struct json_writer *w = json_writer_open();
	const struct domain *domain = &d->ranking.domain;
	_cleanup_strbuf_ struct strbuf time = {0};

	human_time_utc(&time, v->machine->time_ns);
	json_writer_string(w, "time", strbuf_text(&time));
	json_writer_string(w, "domain", domain->kind == DOMAIN_MACHINE ? "machine" : "memcg");
	json_writer_string(w, "domain_memcg_path", path_of(v->machine, domain));
	json_writer_uint(w, "domain_pages", domain->total_pages);
	json_writer_uint(w, "domain_bytes", domain->total_pages * v->machine->page_bytes);
	json_writer_uint(w, "domain_limit_bytes", domain->limit_bytes);
	json_writer_uint(w, "domain_usage_bytes", domain->usage_bytes);
	json_writer_share(w, "full_percent", 100 * d->full);
	json_writer_string(w, "outcome", rank_outcome_name(d->ranking.outcome));
	put_victim(w, v, &d->ranking);
	return json_writer_line(w, out);
}

int rank_domains_json(const struct rank_view *v, const struct rank_domain *domains, size_t n,
		      struct strbuf *out)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = put_json(v, &domains[i], out);
	return r;
}
