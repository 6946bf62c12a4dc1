#include "rank/rank_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "oom/kill_extras.h"
#include "output/human.h"
#include "output/json_writer.h"
#include "rank/rank_kill.h"

/* In their order; each is written below. */
static const char *const keys[] = {
	"time",
	"change",
	"domain",
	"domain_memcg_path",
	"domain_nodes",
	"domain_pages",
	"domain_bytes",
	"domain_limit_bytes",
	"domain_usage_bytes",
	"machine_total_bytes",
	"machine_available_bytes",
	"machine_swap_total_bytes",
	"machine_swap_free_bytes",
	"psi_some_avg10_percent",
	"psi_full_avg10_percent",
	"outcome",
	"rank",
	"verdict",
	"reason",
	"reason_memcg_path",
	"pid",
	"comm",
	"points",
	"adj_pages",
	"oom_score_adj",
	"oom_score",
	"uid",
	"parent_pid",
	"threads",
	"age_ns",
	"rss_bytes",
	"anon_bytes",
	"file_bytes",
	"shmem_bytes",
	"swap_bytes",
	"pgtables_bytes",
	"frees_bytes",
	"command_line",
	"memcg_path",
	"container_id",
	"container_runtime",
	"container_name",
	"outer_container_id",
	"pod_uid",
	"pod_name",
	"pod_namespace",
	"pod_qos",
	"unit",
};

const size_t rank_json_keys_count = ARRAY_SIZE(keys);

bool rank_json_has_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcasecmp(name, keys[i]))
			return true;
	return false;
}

static void put_uint(struct json_writer *w, const char *key, uint64_t value)
{
	if (value == KILL_UNKNOWN)
		json_writer_null(w, key);
	else
		json_writer_uint(w, key, value);
}

static void put_known(struct json_writer *w, const char *key, bool is_known, uint64_t value)
{
	put_uint(w, key, is_known ? value : KILL_UNKNOWN);
}

const char *rank_outcome_name(enum ranking_outcome outcome)
{
	static const char *const names[] = {
		[RANKING_KILLS] = "kills",	   [RANKING_WAITS] = "waits",
		[RANKING_NOBODY] = "nobody",	   [RANKING_PANICS] = "panics",
		[RANKING_ALLOCATOR] = "allocator", [RANKING_DISABLED] = "disabled",
	};

	return names[outcome];
}

static void put_domain(struct json_writer *w, const struct kill *k, const struct domain *d)
{
	json_writer_string(w, "domain", k->domain.kind);
	json_writer_string(w, "domain_memcg_path", k->domain.memcg_path);
	json_writer_string(w, "domain_nodes", k->domain.nodes);
	json_writer_uint(w, "domain_pages", k->domain.pages);
	json_writer_uint(w, "domain_bytes", k->domain.bytes);
	put_known(w, "domain_limit_bytes", d->limit_bytes, d->limit_bytes);
	put_known(w, "domain_usage_bytes", d->limit_bytes, d->usage_bytes);
	put_uint(w, "machine_total_bytes", k->machine.total_bytes);
	put_uint(w, "machine_available_bytes", k->machine.available_bytes);
	put_uint(w, "machine_swap_total_bytes", k->machine.swap_total_bytes);
	put_uint(w, "machine_swap_free_bytes", k->machine.swap_free_bytes);
	json_writer_share(w, "psi_some_avg10_percent", k->machine.pressure_some_avg10);
	json_writer_share(w, "psi_full_avg10_percent", k->machine.pressure_full_avg10);
}

static void put_verdict(struct json_writer *w, const struct rank_report *p,
			const struct ranking_row *row)
{
	const struct machine *m = p->view->machine;
	const char *reason = ranking_reason_text(row->reason);

	json_writer_string(w, "outcome", rank_outcome_name(p->ranking->outcome));
	put_known(w, "rank", row->rank, row->rank);
	json_writer_string(w, "verdict", ranking_verdict_name(row->verdict));
	json_writer_string(w, "reason", *reason ? reason : NULL);
	json_writer_string(w, "reason_memcg_path",
			   row->reason == RANKING_GROUP && row->cgroup < m->n_cgroups
				   ? m->cgroups[row->cgroup].path
				   : NULL);
}

static void put_points(struct json_writer *w, const struct kill *k, const struct ranking_row *row,
		       const struct machine_process *process)
{
	if (row->points == INT64_MIN || row->reason == RANKING_ORIGIN) {
		json_writer_null(w, "points");
		json_writer_null(w, "adj_pages");
	} else {
		json_writer_int(w, "points", row->points);
		json_writer_int(w, "adj_pages", row->adj_pages);
	}
	json_writer_int(w, "oom_score_adj", k->victim.oom_score_adj);
	if (process->oom_score < 0)
		json_writer_null(w, "oom_score");
	else
		json_writer_int(w, "oom_score", process->oom_score);
}

static void put_process(struct json_writer *w, const struct kill *k, const struct ranking_row *row)
{
	const struct kill_process *v = &k->victim;

	put_uint(w, "uid", v->uid);
	put_uint(w, "parent_pid", v->parent_pid);
	put_uint(w, "threads", v->threads);
	put_uint(w, "age_ns", v->age_ns);
	put_uint(w, "rss_bytes", v->rss_bytes);
	put_uint(w, "anon_bytes", v->anon_bytes);
	put_uint(w, "file_bytes", v->file_bytes);
	put_uint(w, "shmem_bytes", v->shmem_bytes);
	put_uint(w, "swap_bytes", v->swap_bytes);
	put_uint(w, "pgtables_bytes", v->pgtables_bytes);
	json_writer_uint(w, "frees_bytes", row->frees_bytes);
	json_writer_string(w, "command_line", v->command_line);
	json_writer_string(w, "memcg_path", v->memcg_path);
}

static void put_container(struct json_writer *w, const struct kill_container *c)
{
	json_writer_string(w, "container_id", c->id);
	json_writer_string(w, "container_runtime", c->runtime);
	json_writer_string(w, "container_name", c->name);
	json_writer_string(w, "outer_container_id", c->outer_id);
	json_writer_string(w, "pod_uid", c->pod_uid);
	json_writer_string(w, "pod_name", c->pod_name);
	json_writer_string(w, "pod_namespace", c->pod_namespace);
	json_writer_string(w, "pod_qos", c->pod_qos);
	json_writer_string(w, "unit", c->unit);
}

int rank_json_row(const struct rank_report *p, size_t row, const char *change, struct strbuf *out)
{
	const struct ranking_row *it = &p->ranking->rows[row];
	_cleanup_strbuf_ struct strbuf time = {0};
	_cleanup_kill_ struct kill *k = NULL;
	struct json_writer *w;
	int r = rank_kill(p->view, p->ranking, row, &k);

	if (r < 0)
		return r;
	w = json_writer_open();
	human_time_utc(&time, p->view->machine->time_ns);
	json_writer_string(w, "time", strbuf_text(&time));
	if (change)
		json_writer_string(w, "change", change);
	put_domain(w, k, &p->ranking->domain);
	put_verdict(w, p, it);
	json_writer_uint(w, "pid", k->victim.pid);
	json_writer_string(w, "comm", k->victim.comm);
	put_points(w, k, it, &p->view->machine->processes[it->process]);
	put_process(w, k, it);
	put_container(w, &k->victim.container);
	kill_extras_json(&k->extras, w);
	return json_writer_line(w, out);
}

int rank_json(const struct rank_report *p, struct strbuf *out)
{
	uint64_t n = 0;
	int r = 0;

	for (size_t i = 0; i < p->ranking->n_rows && r == 0; i++) {
		enum ranking_reason reason = p->ranking->rows[i].reason;

		if (!p->all && (reason == RANKING_KERNEL_THREAD || reason == RANKING_OUTSIDE))
			continue;
		if (p->rows && n++ >= p->rows)
			break;
		r = rank_json_row(p, i, NULL, out);
	}
	return r;
}
