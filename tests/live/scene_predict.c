#include "scene_predict.h"

#include <errno.h>
#include <string.h>

static uint32_t group_in(const struct scene_stage *stage, const struct machine *m,
			 unsigned int group)
{
	const char *mount =
		stage->world->cgroup_version == 1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";

	return machine_find_cgroup(m, stage->paths[group] + strlen(mount));
}

static const struct oomrank_task *find_task(const struct machine *m, pid_t pid)
{
	for (size_t i = 0; i < m->n_processes; i++)
		if (m->processes[i].task.pid == (uint32_t)pid)
			return &m->processes[i].task;
	return NULL;
}

/* What it will have once it has taken all that is left, and who shares its memory. */
static void let_grow(const struct scene_stage *stage, struct machine *m, uint32_t domain)
{
	uint64_t usage = m->cgroups[domain].usage_bytes;
	uint64_t pages =
		stage->limit_bytes > usage ? (stage->limit_bytes - usage) / m->page_bytes : 0;
	const struct oomrank_task *trigger = find_task(m, stage->actors[0].pid);

	for (size_t i = 0; i < m->n_processes && trigger; i++) {
		struct oomrank_task *task = &m->processes[i].task;

		if (task != trigger && (!task->mm || task->mm != trigger->mm))
			continue;
		task->anon_pages += pages;
		task->pgtables_bytes += pages / 512 * m->page_bytes;
	}
}

static int prepare(const struct scene_stage *stage, struct machine *m, struct domain *ret)
{
	uint32_t domain;

	if (stage->plan->trigger == SCENE_SYSRQ) {
		domain_of_machine(m, ret);
		ret->by_sysrq = true;
		return 0;
	}
	if (stage->plan->trigger == SCENE_CPUSET || stage->plan->trigger == SCENE_POLICY) {
		domain_of_nodes(
			m, stage->plan->trigger == SCENE_POLICY ? DOMAIN_MEMPOLICY : DOMAIN_NODES,
			UINT64_C(1) << 1, ret);
		return 0;
	}
	domain = group_in(stage, m, stage->plan->domain);
	if (domain == MACHINE_NONE)
		return -ENOENT;
	if (stage->plan->trigger == SCENE_LOWERS)
		m->cgroups[domain].limit_bytes = stage->limit_bytes;
	if (stage->plan->trigger == SCENE_GROWS)
		let_grow(stage, m, domain);
	return domain_of_cgroup(m, domain, ret);
}

static void take(const struct machine *m, const struct ranking_row *row,
		 struct scene_prediction *ret)
{
	const struct oomrank_task *task = &m->processes[row->process].task;

	ret->candidates[ret->n++] = (struct scene_candidate){
		.pid = (pid_t)task->pid,
		.dies = row->verdict == RANKING_KILL || row->verdict == RANKING_WITH,
		.is_exiting = task->flags & (OOMRANK_EXITING | OOMRANK_NO_MEMORY),
		.mm = task->mm,
		.points = row->points,
		.reason = row->reason,
		.anon_bytes = task->anon_pages * m->page_bytes,
		.file_bytes = task->file_pages * m->page_bytes,
		.shmem_bytes = task->shmem_pages * m->page_bytes,
		.swap_bytes = task->swap_pages * m->page_bytes,
		.pgtables_bytes = task->pgtables_bytes,
	};
	if (row->verdict == RANKING_KILL) {
		ret->victim = (pid_t)task->pid;
		ret->points = row->points;
	}
}

static pid_t victim_of_before(const struct scene_stage *stage)
{
	for (unsigned int i = 0; i < stage->n_actors; i++)
		if (!strcmp(stage->plan->actors[i].kind, "victim"))
			return stage->actors[i].pid;
	return 0;
}

int scene_predict(const struct scene_stage *stage, struct machine *m, struct scene_prediction *ret)
{
	uint32_t top = group_in(stage, m, 0);
	struct ranking ranking = {0};
	struct domain domain;
	int result;

	*ret = (struct scene_prediction){.before = victim_of_before(stage)};
	result = prepare(stage, m, &domain);
	if (result == 0)
		result = ranking_of(m, &domain, &ranking);
	if (result < 0)
		return result;
	ret->outcome = ranking.outcome;
	ret->is_tied = ranking.is_tied;
	ret->candidates = calloc(ranking.n_rows + 1, sizeof(*ret->candidates));
	for (size_t i = 0; i < ranking.n_rows && ret->candidates; i++) {
		const struct machine_process *p = &m->processes[ranking.rows[i].process];

		/* Of the whole machine only the scene's, and what would be chosen. */
		if (machine_is_below(m, p->cgroup, top) || ranking.rows[i].verdict == RANKING_KILL)
			take(m, &ranking.rows[i], ret);
	}
	ranking_clear(&ranking);
	/* Sysrq may choose it once more, and then it is only marked as a victim again. */
	if (ret->victim == ret->before)
		ret->victim = 0;
	return ret->candidates ? 0 : -ENOMEM;
}

bool scene_is_dying(const struct scene_prediction *p)
{
	const struct scene_candidate *c = scene_prediction_find(p, p->before);

	return c && c->reason == RANKING_DYING;
}

void scene_prediction_clear(struct scene_prediction *p)
{
	free(p->candidates);
	*p = (struct scene_prediction){0};
}

const struct scene_candidate *scene_prediction_find(const struct scene_prediction *p, pid_t pid)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->candidates[i].pid == pid)
			return &p->candidates[i];
	return NULL;
}

/* The next process from I on that is of the stage; n_processes: none. */
static size_t next_of(const struct machine *m, uint32_t top, size_t i)
{
	while (i < m->n_processes && !machine_is_below(m, m->processes[i].cgroup, top))
		i++;
	return i;
}

bool scene_stands_still(const struct scene_stage *stage, const struct machine *a,
			const struct machine *b)
{
	uint32_t top_a = group_in(stage, a, 0), top_b = group_in(stage, b, 0);
	size_t i, k;

	if (top_a == MACHINE_NONE || top_b == MACHINE_NONE)
		return false;
	for (i = next_of(a, top_a, 0), k = next_of(b, top_b, 0);
	     i < a->n_processes && k < b->n_processes;
	     i = next_of(a, top_a, i + 1), k = next_of(b, top_b, k + 1))
		if (memcmp(&a->processes[i].task, &b->processes[k].task,
			   sizeof(a->processes[i].task)))
			return false;
	return i == a->n_processes && k == b->n_processes;
}
