#include "rank/policy_report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "oom/explain_rows.h"
#include "output/human.h"
#include "output/json_writer.h"
#include "output/table_writer.h"

static const struct oomrank_task *task_of(const struct machine *m, size_t process)
{
	return &m->processes[process].task;
}

static size_t comm_length(const struct oomrank_task *t)
{
	return strnlen(t->comm, sizeof(t->comm));
}

/* Memory and swap that are its own or shared, and its page tables: what the kernel counts. */
static uint64_t held_bytes(const struct machine *m, const struct oomrank_task *t)
{
	return (t->anon_pages + t->file_pages + t->shmem_pages + t->swap_pages) * m->page_bytes +
	       t->pgtables_bytes;
}

static void put_process(struct explain *x, const struct machine *m, size_t process)
{
	const struct oomrank_task *t = task_of(m, process);
	char comm[OOMRANK_COMM_SIZE + 1] = {0};

	memcpy(comm, t->comm, comm_length(t));
	strbuf_printf(explain_item(x), "%" PRIu32 " ", t->pid);
	explain_name(&x->item, comm);
	explain_bytes(explain_item(x), held_bytes(m, t));
}

static void put_cgroup(struct explain *x, const struct machine *m, const struct policy_choice *c)
{
	if (c->cgroup == MACHINE_NONE)
		return;
	strbuf_puts(explain_item(x), "the whole cgroup ");
	explain_words(x, m->cgroups[c->cgroup].path, '/');
}

static void put_killed(struct explain *x, const struct machine *m, const struct policy_choice *c,
		       uint64_t rows)
{
	size_t shown = 0, others = 0;

	explain_row(x, 3, "*KILL* proc ");
	put_process(x, m, c->process);
	put_cgroup(x, m, c);
	for (size_t i = 0; i < c->n_killed; i++) {
		if (c->killed[i] == c->process)
			continue;
		others++;
		if (rows && shown >= rows)
			continue;
		explain_row(x, 8, "+ proc ");
		put_process(x, m, c->killed[i]);
		shown++;
	}
	explain_row(x, 8, "+ ");
	if (others > shown)
		strbuf_printf(explain_item(x), "... and %zu more", others - shown);
	explain_row(x, 8, "= ");
	strbuf_printf(explain_item(x), "%zu process%s, ~", c->n_killed,
		      c->n_killed == 1 ? "" : "es");
	explain_bytes(&x->item, c->frees_bytes);
}

static void put_domain(const struct machine *m, const struct domain *d, struct strbuf *out)
{
	strbuf_puts(out, ", for ");
	if (d->kind == DOMAIN_MACHINE)
		strbuf_puts(out, "the whole machine");
	else
		domain_name(m, d, out);
	strbuf_puts(out, "? Nobody is killed.\n");
}

int policy_report(const struct machine *m, const struct domain *d,
		  const struct policy_result *result, uint64_t rows, struct strbuf *out)
{
	const struct policy_choice *c = &result->choice;
	struct explain x = {.out = out};

	strbuf_puts(out, "OOM: What if the policy were ");
	text_display(out, result->name, strlen(result->name));
	if (d->kind == DOMAIN_MEMCG) {
		strbuf_puts(out, "? Nobody is killed.\n");
		explain_row(&x, 1, "memcg ");
		explain_words(&x, m->cgroups[d->cgroup].path, '/');
	} else {
		put_domain(m, d, out);
	}
	explain_row(&x, 1, "");
	if (result->summary)
		strbuf_puts(explain_item(&x), result->summary);
	if (c->n_killed) {
		put_killed(&x, m, c, rows);
		explain_row(&x, 8, "as: ");
		strbuf_puts(explain_item(&x), c->why);
	} else {
		explain_row(&x, 3, "nobody: ");
		strbuf_puts(explain_item(&x), c->why);
	}
	explain_end(&x);
	strbuf_free(&x.item);
	return strbuf_error(out);
}

static const struct table_column columns[] = {
	{"POLICY", 16, true}, {"PID", 7, false},   {"COMM", 15, true},
	{"DIES", 4, false},   {"FREES", 7, false}, {"WHY", 0, true},
};

static int put_row(const struct machine *m, const struct policy_result *result, int width,
		   struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf name = {0}, pid = {0}, comm = {0}, dies = {0}, frees = {0},
				       why = {0};
	const struct policy_choice *c = &result->choice;
	const struct oomrank_task *t = c->n_killed ? task_of(m, c->process) : NULL;

	text_display(&name, result->name, strlen(result->name));
	strbuf_puts(&pid, t ? "" : "-");
	strbuf_puts(&comm, t ? "" : "-");
	if (t) {
		strbuf_printf(&pid, "%" PRIu32, t->pid);
		text_display(&comm, t->comm, comm_length(t));
	}
	strbuf_printf(&dies, "%zu", c->n_killed);
	human_bytes(&frees, (int64_t)c->frees_bytes);
	if (t && c->cgroup != MACHINE_NONE) {
		const char *path = m->cgroups[c->cgroup].path;

		text_display(&why, path, strlen(path));
		strbuf_puts(&why, ": ");
	}
	strbuf_puts(&why, c->why);

	const char *const cells[] = {strbuf_text(&name), strbuf_text(&pid),   strbuf_text(&comm),
				     strbuf_text(&dies), strbuf_text(&frees), strbuf_text(&why)};
	table_writer_row(out, columns, ARRAY_SIZE(columns), 0, width, cells);
	return strbuf_error(&why);
}

int policy_table(const struct machine *m, const struct domain *d,
		 const struct policy_result *results, size_t n, int width, struct strbuf *out)
{
	int r = 0;

	strbuf_puts(out, "What if the policy were another");
	put_domain(m, d, out);
	table_writer_heads(out, columns, ARRAY_SIZE(columns), 0);
	for (size_t i = 0; i < n && r == 0; i++)
		r = put_row(m, &results[i], width, out);
	return r < 0 ? r : strbuf_error(out);
}

static void put_task(struct json_writer *w, const struct machine *m, size_t process)
{
	const struct oomrank_task *t = process != SIZE_MAX ? task_of(m, process) : NULL;

	if (!t) {
		json_writer_null(w, "pid");
		json_writer_null(w, "comm");
		return;
	}
	json_writer_uint(w, "pid", t->pid);
	json_writer_text(w, "comm", t->comm, comm_length(t));
}

int policy_json(const struct machine *m, const struct domain *d, const struct policy_result *result,
		struct strbuf *out)
{
	static const char *const domains[] = {
		[DOMAIN_MACHINE] = "machine",
		[DOMAIN_MEMCG] = "memcg",
		[DOMAIN_NODES] = "cpuset",
		[DOMAIN_MEMPOLICY] = "mempolicy",
	};
	const struct policy_choice *c = &result->choice;
	_cleanup_strbuf_ struct strbuf time = {0}, nodes = {0};
	struct json_writer *w = json_writer_open();

	human_time_utc(&time, m->time_ns);
	json_writer_string(w, "time", strbuf_text(&time));
	json_writer_string(w, "domain", domains[d->kind]);
	json_writer_string(w, "domain_memcg_path",
			   d->kind == DOMAIN_MEMCG ? m->cgroups[d->cgroup].path : NULL);
	if (domain_is_of_nodes(d))
		domain_name(m, d, &nodes);
	json_writer_string(w, "domain_nodes",
			   nodes.length ? strbuf_text(&nodes) + strlen("nodes ") : NULL);
	json_writer_uint(w, "domain_pages", d->total_pages);
	json_writer_string(w, "policy", result->name);
	put_task(w, m, c->n_killed ? c->process : SIZE_MAX);
	json_writer_string(w, "killed_memcg_path",
			   c->n_killed && c->cgroup != MACHINE_NONE ? m->cgroups[c->cgroup].path
								    : NULL);
	json_writer_uint(w, "dies", c->n_killed);
	json_writer_uint(w, "frees_bytes", c->frees_bytes);
	json_writer_string(w, "why", c->why);
	json_writer_array(w, "killed");
	for (size_t i = 0; i < c->n_killed; i++) {
		json_writer_begin_element(w, "killed");
		put_task(w, m, c->killed[i]);
		json_writer_end_element(w);
	}
	return json_writer_line(w, out);
}
