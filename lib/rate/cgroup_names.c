#include "rate/cgroup_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/strbuf.h"
#include "proc/cgroup.h"

struct cgroup_name {
	uint64_t id;
	char *path;
	bool used;
};

static bool before(const void *element, const void *key)
{
	return ((const struct cgroup_name *)element)->id < *(const uint64_t *)key;
}

const char *cgroup_names_get(struct cgroup_names *names, uint64_t id)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	struct cgroup_name *at;
	size_t place = array_place(names->list, names->n, sizeof(*names->list), before, &id);

	if (place < names->n && names->list[place].id == id) {
		names->list[place].used = true;
		return names->list[place].path;
	}
	if (array_reserve(&names->list, &names->capacity, names->n, 1, sizeof(*names->list)) < 0)
		return NULL;
	if (!id || cgroup_path(id, &path) < 0)
		strbuf_reset(&path);
	strbuf_puts(&path, "");
	at = &names->list[place];
	memmove(at + 1, at, (names->n - place) * sizeof(*at));
	*at = (struct cgroup_name){.id = id, .path = strdup(strbuf_text(&path)), .used = true};
	if (!at->path) {
		memmove(at, at + 1, (names->n - place) * sizeof(*at));
		return NULL;
	}
	names->n++;
	return at->path;
}

void cgroup_names_forget(struct cgroup_names *names)
{
	size_t kept = 0;

	for (size_t i = 0; i < names->n; i++) {
		if (!names->list[i].used) {
			free(names->list[i].path);
			continue;
		}
		names->list[i].used = false;
		names->list[kept++] = names->list[i];
	}
	names->n = kept;
}

void cgroup_names_clear(struct cgroup_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i].path);
	free(names->list);
	*names = (struct cgroup_names){0};
}
