#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "bpf-src/oompolicy.h"
#include "bpf/kernel_map.h"
#include "bpf/tracer.h"
#include "output/human.h"
#include "proc/container.h"
#include "rank/policy_internal.h"

#define ITERATOR "iter__bpf_map_elem"
#define CANDIDATES "oompolicy_candidates"
#define DOMAINS "oompolicy_domains"
#define ROOM_FIRST 4096 /* candidates: as in bpf-src/oompolicy.bpf.c */

struct policy_program {
	struct policy_source source;
	struct tracer *tracer;
	uint32_t room;
};

static int start(struct policy_program *program, uint32_t room, struct strbuf *why)
{
	const struct tracer_map_size sizes[] = {{CANDIDATES, room}, {0}};
	const struct policy_source *s = &program->source;
	const struct tracer_config config = {
		.name = s->tool,
		.version = s->version,
		.text = s->text.text,
		.lines = s->text.lines,
		.file = s->text.file,
		.map_sizes = sizes,
		.kernel_headers = s->kernel_headers,
		.log = s->log,
		.data = s->data,
	};
	struct tracer *made;
	int r = tracer_new(&config, &made);

	if (r < 0)
		return r;
	r = tracer_start(made);
	if (r < 0) {
		strbuf_puts(why, tracer_error(made));
		tracer_close(made);
		return r;
	}
	tracer_close(program->tracer);
	program->tracer = made;
	program->room = room;
	return 0;
}

void policy_program_close(struct policy_program *program)
{
	if (program)
		tracer_close(program->tracer);
	free(program);
}

int policy_open_text(const struct policy_source *source, struct policy **ret, struct strbuf *why)
{
	struct policy_program *program = calloc(1, sizeof(*program));
	int r = program ? 0 : -ENOMEM;

	if (r == 0) {
		program->source = *source;
		r = start(program, ROOM_FIRST, why);
	}
	if (r == 0)
		r = policy_new(source->name, program, ret);
	if (r < 0)
		policy_program_close(program);
	return r;
}

/* The end of TEXT, if all of it is too long. */
static void put_text(char *to, size_t size, const char *text)
{
	size_t n = strlen(text);

	memcpy(to, text + (n < size ? 0 : n - size + 1), MIN(n + 1, size));
}

static void describe_cgroup(const struct machine *m, const struct domain *d, uint32_t index,
			    struct oompolicy_candidate *c)
{
	const struct machine_cgroup *cgroup;
	struct container whose;

	if (index == MACHINE_NONE)
		return;
	cgroup = &m->cgroups[index];
	c->cgroup_id = cgroup->inode;
	c->cgroup_usage_bytes = cgroup->usage_bytes;
	c->cgroup_limit_bytes = cgroup->limit_bytes;
	container_of_path(cgroup->path, &whose);
	put_text(c->unit, sizeof(c->unit), whose.unit);
	put_text(c->container, sizeof(c->container), whose.id);
	put_text(c->cgroup_path, sizeof(c->cgroup_path), cgroup->path);
	if (ranking_group(m, d, index) != MACHINE_NONE)
		c->flags |= OOMPOLICY_GROUP;
}

/* Where the clock was not read, ages count from the last start of all. */
static uint64_t age_of(const struct machine *m, uint64_t start_ns)
{
	uint64_t now = m->boottime_ns;

	if (!now && m->n_processes)
		now = m->processes[m->n_processes - 1].task.start_ns;
	return now > start_ns ? now - start_ns : 0;
}

static void describe(const struct machine *m, const struct domain *d, size_t process, bool shares,
		     int64_t points, struct oompolicy_candidate *ret)
{
	const struct machine_process *p = &m->processes[process];
	const struct oomrank_task *t = &p->task;
	struct oompolicy_candidate c = {
		.pid = t->pid,
		.parent_pid = t->parent_pid,
		.uid = t->uid,
		.oom_score_adj = t->oom_score_adj,
		.threads = t->threads,
		.flags = (t->flags & OOMRANK_OOM_VICTIM ? OOMPOLICY_DYING : 0) |
			 (t->flags & OOMRANK_EXITING ? OOMPOLICY_EXITING : 0) |
			 (t->flags & OOMRANK_ORIGIN ? OOMPOLICY_ORIGIN : 0) |
			 (shares ? OOMPOLICY_SHARES_MEMORY : 0),
		.age_ns = age_of(m, t->start_ns),
		.anon_pages = t->anon_pages,
		.file_pages = t->file_pages,
		.shmem_pages = t->shmem_pages,
		.swap_pages = t->swap_pages,
		.pgtables_pages = t->pgtables_bytes / m->page_bytes,
		/* Swapoff's are more than any score may be. */
		.points = MIN(points, OOM_POLICY_MOST / 2),
	};

	memcpy(c.comm, t->comm, MIN(sizeof(c.comm), sizeof(t->comm)));
	c.comm[sizeof(c.comm) - 1] = '\0';
	describe_cgroup(m, d, p->cgroup, &c);
	*ret = c;
}

static void describe_domain(const struct machine *m, const struct domain *d, uint32_t candidates,
			    struct oompolicy_domain *ret)
{
	*ret = (struct oompolicy_domain){
		.kind = d->kind == DOMAIN_MEMCG ? OOMPOLICY_CGROUP
			: domain_is_of_nodes(d) ? OOMPOLICY_NODES
						: OOMPOLICY_MACHINE,
		.candidates = candidates,
		.page_bytes = m->page_bytes,
		.total_pages = d->total_pages,
		.limit_bytes = d->limit_bytes,
		.usage_bytes = d->usage_bytes,
		.cgroup_id = d->kind == DOMAIN_MEMCG ? m->cgroups[d->cgroup].inode : 0,
	};
}

/* Put the domain and its candidates into the maps. */
static int fill(struct policy_program *program, const struct machine *m, const struct domain *d,
		const int64_t *points, const size_t *processes, uint32_t n)
{
	int domains = tracer_map_fd(program->tracer, DOMAINS);
	int candidates = tracer_map_fd(program->tracer, CANDIDATES);
	_cleanup_free_ bool *shares = NULL;
	struct oompolicy_candidate c;
	struct oompolicy_domain of;
	uint32_t zero = 0;
	int r;

	describe_domain(m, d, n, &of);
	r = domains < 0 ? domains : kernel_map_update(domains, &zero, &of);
	if (r == 0)
		r = policy_sharers(m, &shares);
	for (uint32_t i = 0; i < n && r == 0; i++) {
		describe(m, d, processes[i], shares[processes[i]], points[processes[i]], &c);
		r = candidates < 0 ? candidates : kernel_map_update(candidates, &i, &c);
	}
	return r;
}

struct tally {
	const size_t *processes;
	uint32_t n, spared;
	struct oompolicy_verdict best;
	bool has_best;
};

static int read_verdicts(struct policy_program *program, struct tally *tally)
{
	_cleanup_close_ int fd = tracer_iterate_map(program->tracer, ITERATOR, CANDIDATES);
	_cleanup_strbuf_ struct strbuf bytes = {0};
	struct oompolicy_verdict v;
	uint32_t seen = 0;
	int r = fd < 0 ? fd : file_read_fd(fd, (size_t)program->room * sizeof(v), &bytes);

	for (size_t at = 0; r == 0 && at + sizeof(v) <= bytes.length; at += sizeof(v)) {
		memcpy(&v, bytes.data + at, sizeof(v));
		v.why[sizeof(v.why) - 1] = '\0';
		if (v.index >= tally->n)
			continue;
		seen++;
		if (v.answer == OOMPOLICY_SPARED) {
			tally->spared++;
		} else if (!tally->has_best || v.score >= tally->best.score) {
			tally->best = v;
			tally->has_best = true;
		}
	}
	return r == 0 && seen != tally->n ? -EIO : r;
}

static int run(struct policy_program *program, const struct machine *m, const struct domain *d,
	       const int64_t *points, struct tally *tally, struct strbuf *why)
{
	int r = 0;

	if (tally->n > program->room)
		r = start(program, tally->n + tally->n / 4, why);
	if (r == 0)
		r = fill(program, m, d, points, tally->processes, tally->n);
	if (r == 0)
		r = read_verdicts(program, tally);
	if (r < 0 && !why->length)
		strbuf_printf(why, "the policy %s cannot be run: %s", program->source.name,
			      r == -ENOENT ? "its text lacks " ITERATOR "(), " DOMAINS
					     " or " CANDIDATES
			      : r == -EIO ? "it did not answer for each process"
					  : strerror(-r));
	return r;
}

/* In the policy's own words, if it has any. */
static void say_why(const struct oompolicy_verdict *v, uint64_t page_bytes, struct strbuf *out)
{
	if (!v->why[0]) {
		strbuf_printf(out, "score %lld", (long long)v->score);
		return;
	}
	text_display(out, v->why, strlen(v->why));
	if (v->unit == OOM_POLICY_NO_NUMBER)
		return;
	strbuf_putc(out, ' ');
	if (v->unit == OOM_POLICY_BYTES)
		human_bytes(out, v->number);
	else if (v->unit == OOM_POLICY_PAGES)
		human_bytes(out, (int64_t)((uint64_t)v->number * page_bytes));
	else if (v->unit == OOM_POLICY_NANOSECONDS)
		human_duration(out, (uint64_t)v->number);
	else
		strbuf_printf(out, "%lld", (long long)v->number);
}

static void say(const struct tally *tally, uint64_t page_bytes, struct strbuf *out)
{
	if (!tally->n)
		strbuf_puts(out, "there is nobody whom it could kill");
	else if (!tally->has_best)
		strbuf_printf(out, "it spares all %u: a kernel that asked it would then choose",
			      tally->n);
	else
		say_why(&tally->best, page_bytes, out);
	if (tally->has_best && tally->best.answer == OOMPOLICY_KILL_CGROUP)
		strbuf_puts(out, ", whole cgroup");
	if (tally->has_best && tally->spared)
		strbuf_printf(out, ", spares %u of %u", tally->spared, tally->n);
}

static int choose(const struct machine *m, const struct domain *d, const struct tally *tally,
		  struct policy_choice *ret)
{
	size_t process = tally->has_best ? tally->processes[tally->best.index] : SIZE_MAX;
	uint32_t cgroup = process == SIZE_MAX ? MACHINE_NONE : m->processes[process].cgroup;
	int r;

	if (tally->best.answer != OOMPOLICY_KILL_CGROUP || cgroup == MACHINE_NONE)
		return policy_choose_process(m, d, process, ret);
	r = policy_choose_cgroup(m, d, cgroup, ret);
	ret->process = process;
	return r;
}

int policy_decide_text(struct policy *p, const struct machine *m, const struct domain *d,
		       struct policy_choice *ret, struct strbuf *why)
{
	_cleanup_free_ size_t *processes = calloc(m->n_processes + 1, sizeof(*processes));
	_cleanup_free_ int64_t *points = NULL;
	_cleanup_strbuf_ struct strbuf said = {0};
	struct tally tally = {.processes = processes};
	int r = processes ? policy_points(m, d, &points) : -ENOMEM;

	for (size_t i = 0; i < m->n_processes && r == 0; i++)
		if (points[i] != INT64_MIN)
			processes[tally.n++] = i;
	if (r == 0)
		r = run(p->program, m, d, points, &tally, why);
	if (r == 0)
		r = choose(m, d, &tally, ret);
	if (r < 0)
		return r;
	say(&tally, m->page_bytes, &said);
	ret->why = strbuf_steal(&said);
	return ret->why ? 0 : -ENOMEM;
}
