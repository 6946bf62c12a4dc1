#include "victim/victim_sites.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"

struct victim_sites {
	struct heap_totals totals;
	struct heap_site *list; /* their texts are owned */
	size_t count, size;
};

const struct heap_totals *victim_totals(const struct victim *v)
{
	static const struct heap_totals none;

	if (v->kept)
		return &v->kept->totals;
	return v->profile ? heap_profile_totals(v->profile) : &none;
}

size_t victim_sites(const struct victim *v, const struct heap_site **ret)
{
	if (v->kept) {
		*ret = v->kept->list;
		return v->kept->count;
	}
	*ret = NULL;
	return v->profile ? heap_profile_sites(v->profile, ret) : 0;
}

int victim_sites_new(const struct heap_totals *totals, struct victim_sites **ret)
{
	struct victim_sites *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->totals = *totals;
	*ret = s;
	return 0;
}

int victim_sites_add(struct victim_sites *s, const struct heap_site *site)
{
	_cleanup_free_ char *function = strdup(site->frame.function);
	_cleanup_free_ char *file = strdup(site->frame.file);
	struct heap_site copy = *site;

	if (!function || !file ||
	    array_reserve(&s->list, &s->size, s->count, 1, sizeof(*s->list)) < 0)
		return -ENOMEM;
	copy.frame.function = STEAL(function);
	copy.frame.file = STEAL(file);
	s->list[s->count++] = copy;
	return 0;
}

void victim_sites_free(struct victim_sites *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		free((char *)(uintptr_t)s->list[i].frame.function);
		free((char *)(uintptr_t)s->list[i].frame.file);
	}
	free(s->list);
	free(s);
}

int victim_keep_sites(struct victim *v, size_t most)
{
	const struct heap_site *sites;
	struct victim_sites *kept = NULL;
	size_t n = victim_sites(v, &sites);
	int r;

	if (v->kept || !v->profile)
		return 0;
	r = victim_sites_new(victim_totals(v), &kept);
	for (size_t i = 0; i < n && i < most && r == 0; i++)
		r = victim_sites_add(kept, &sites[i]);
	if (r < 0) {
		victim_sites_free(kept);
		return r;
	}
	heap_profile_free(STEAL(v->profile));
	v->kept = kept;
	return 0;
}
