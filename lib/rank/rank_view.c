#include "rank/rank_view.h"

#include "base/macro.h"

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

void rank_view_clear(struct rank_view *v)
{
	for (size_t i = 0; i < v->n_extras; i++)
		named_values_clear(&v->extras[i].values);
	free(v->extras);
	machine_free(v->machine);
	*v = (struct rank_view){0};
}
