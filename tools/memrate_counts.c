/* What memrate's probe has counted since the last time, taken out of its maps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "bpf/kernel_map.h"
#include "tools/memrate.h"

struct counting {
	const struct memrate_probe *probe;
	int fd, cpus;
	struct rate_counts *counts;
};

static int add_more(const struct counting *c, const void *value, struct rate_count *count)
{
	struct named_values more = {0};
	int r = event_layout_values(c->probe->layout, value, c->probe->value_size, &more);

	for (size_t i = 0; r == 0 && i < MIN(more.count, c->counts->n_more); i++)
		if (more.list[i].kind != NAMED_TEXT)
			count->more[i] += more.list[i].kind == NAMED_INT
						  ? (double)(int64_t)more.list[i].number
						  : (double)more.list[i].number;
	named_values_clear(&more);
	return r == -ENOMEM ? r : 0;
}

static int add_cpu(const struct counting *c, const void *value, struct rate_count *count)
{
	struct memrate_count one = {0};

	if (!c->probe->layout)
		memcpy(&one, value, sizeof(one));
	else if (event_layout_own(c->probe->layout, value, c->probe->value_size, &one) < 0)
		return 0;
	count->count.pages += one.pages;
	count->count.pages_freed += one.pages_freed;
	count->count.slab_bytes += one.slab_bytes;
	count->count.slab_allocs += one.slab_allocs;
	count->count.slab_frees += one.slab_frees;
	return c->counts->n_more ? add_more(c, value, count) : 0;
}

static int new_count(struct rate_counts *all, const void *key, struct rate_count **ret)
{
	int r = array_reserve(&all->list, &all->capacity, all->n, 1, sizeof(*all->list));
	struct rate_count *count;

	if (r < 0)
		return r;
	count = &all->list[all->n];
	*count = (struct rate_count){0};
	memcpy(&count->key, key, sizeof(count->key));
	if (all->n_more && !(count->more = calloc(all->n_more, sizeof(double))))
		return -ENOMEM;
	all->n++;
	*ret = count;
	return 0;
}

static int take_count(const void *key, const void *value, void *user)
{
	const struct counting *c = user;
	const size_t stride = (c->probe->value_size + 7u) / 8 * 8;
	struct rate_count *count;
	int r = new_count(c->counts, key, &count);

	for (int cpu = 0; r == 0 && cpu < c->cpus; cpu++)
		r = add_cpu(c, (const char *)value + (size_t)cpu * stride, count);
	(void)kernel_map_delete(c->fd, key);
	return r;
}

/* What a CPU has not yet added to the table. */
static int take_running(const struct counting *c, const char *value)
{
	struct rate_count *count = NULL;
	struct memrate_key key;
	int r = 0;

	memcpy(&key, value, sizeof(key));
	if (!key.pid)
		return 0;
	for (size_t i = 0; i < c->counts->n && !count; i++)
		if (!memcmp(&c->counts->list[i].key, &key, sizeof(key)))
			count = &c->counts->list[i];
	if (!count)
		r = new_count(c->counts, &key, &count);
	return r < 0 ? r : add_cpu(c, value + sizeof(key), count);
}

/* Of all CPUs; they begin with nothing again. */
static int take_all_running(const struct counting *c)
{
	const int fd = tracer_map_fd(c->probe->tracer, "running");
	const size_t stride = (c->probe->running_size + 7u) / 8 * 8;
	_cleanup_free_ char *values = c->cpus > 0 ? calloc((size_t)c->cpus, stride) : NULL;
	const uint32_t first = 0;
	int r = values ? kernel_map_lookup(fd, &first, values) : -ENOMEM;

	for (int cpu = 0; r == 0 && cpu < c->cpus; cpu++)
		r = take_running(c, values + (size_t)cpu * stride);
	if (r < 0)
		return r;
	memset(values, 0, (size_t)c->cpus * stride);
	return kernel_map_update(fd, &first, values);
}

static void read_lost(struct memrate_probe *p)
{
	int fd = tracer_map_fd(p->tracer, "lost"), cpus = kernel_map_cpus();
	uint64_t *values = fd < 0 || cpus < 1 ? NULL : calloc((size_t)cpus, sizeof(uint64_t));
	uint32_t zero = 0;

	if (values && kernel_map_lookup(fd, &zero, values) == 0) {
		p->lost = 0;
		for (int i = 0; i < cpus; i++)
			p->lost += values[i];
	}
	free(values);
}

int memrate_probe_counts(struct memrate *m, struct rate_counts *ret)
{
	struct memrate_probe *p = &m->probe;
	struct rate_counts counts = {.has_pages = p->has_pages, .has_slab = p->has_slab};
	struct counting c = {.probe = p, .counts = &counts, .cpus = kernel_map_cpus()};
	const char *const *more = memrate_probe_more(m);
	int r = 0;

	while (more[counts.n_more])
		counts.n_more++;
	counts.seconds = (double)p->counted_ns / 1e9;
	p->counted_ns = 0;
	if (p->tracer && p->value_size) {
		c.fd = tracer_map_fd(p->tracer, "counts");
		r = kernel_map_walk(c.fd, take_count, &c);
		if (r == 0 && p->running_size)
			r = take_all_running(&c);
		read_lost(p);
	}
	if (r < 0)
		rate_counts_clear(&counts);
	else
		*ret = counts;
	return r;
}
