#include "rank/rank_view.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"

const struct named_values *rank_view_extras(const struct rank_view *v, uint32_t pid)
{
	size_t low = 0, high = v->n_extras;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->extras[middle].pid == pid)
			return &v->extras[middle].values;
		if (v->extras[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

uint64_t rank_view_held_bytes(const struct rank_view *v, size_t process)
{
	const struct oomrank_task *t = &v->machine->processes[process].task;
	uint64_t pages = t->anon_pages + t->file_pages + t->shmem_pages + t->swap_pages;

	return pages * v->machine->page_bytes + t->pgtables_bytes;
}

size_t rank_view_find(const struct rank_view *v, const struct ranking *r, uint64_t pid)
{
	for (size_t i = 0; i < r->n_rows; i++)
		if (v->machine->processes[r->rows[i].process].task.pid == pid)
			return i;
	return SIZE_MAX;
}

static bool has_process(const struct machine *m, uint64_t pid)
{
	for (size_t i = 0; i < m->n_processes; i++)
		if (m->processes[i].task.pid == pid)
			return true;
	return false;
}

int rank_view_choose(const struct rank_view *v, const struct ranking *r, const char *which,
		     size_t *ret, struct strbuf *why)
{
	uint64_t pid;

	if (!strcmp(which, "victim")) {
		*ret = r->victim;
		if (*ret < r->n_rows)
			return 0;
		strbuf_puts(why, "nobody would be killed: 'rank' says why");
		return -ENOENT;
	}
	if (parse_number(which, 1, INT32_MAX, &pid) < 0) {
		strbuf_printf(why, "'%s' is neither a PID nor 'victim'", which);
		return -EINVAL;
	}
	*ret = rank_view_find(v, r, pid);
	if (*ret < r->n_rows)
		return 0;
	strbuf_printf(why,
		      has_process(v->machine, pid) ? "process %" PRIu64
						     " is not in that cgroup: it cannot die there"
						   : "there is no process %" PRIu64,
		      pid);
	return -ESRCH;
}

void rank_view_clear(struct rank_view *v)
{
	for (size_t i = 0; i < v->n_extras; i++)
		named_values_clear(&v->extras[i].values);
	free(v->extras);
	machine_free(v->machine);
	*v = (struct rank_view){0};
}
