#include "bpf/tracer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>

#include "base/macro.h"
#include "bpf/tracer_internal.h"

const char *tracer_error(const struct tracer *t)
{
	return strbuf_text(&t->error);
}

const char *tracer_variant(const struct tracer *t)
{
	return t->variant ? t->variant : "";
}

int tracer_map_fd(const struct tracer *t, const char *name)
{
	const struct probe_map *map = t->running.set ? probe_set_map(t->running.set, name) : NULL;

	return map ? map->fd : -ENOENT;
}

int tracer_program_fd(const struct tracer *t, const char *name)
{
	const struct probe_program *p =
		t->running.set ? probe_set_program(t->running.set, name) : NULL;

	return p ? p->fd : -ENOENT;
}

/* OPTIONS: what the iterator goes through, where that is not all there is of a kind; or NULL. */
static int iterate(const struct tracer *t, const char *program,
		   const struct bpf_link_create_opts *options)
{
	_cleanup_close_ int link = -1;
	int fd = tracer_program_fd(t, program);

	if (fd < 0)
		return fd;
	link = bpf_link_create(fd, 0, BPF_TRACE_ITER, options);
	if (link < 0)
		return -errno;
	fd = bpf_iter_create(link);
	return fd < 0 ? -errno : fd;
}

int tracer_iterate(struct tracer *t, const char *program)
{
	return iterate(t, program, NULL);
}

int tracer_iterate_map(struct tracer *t, const char *program, const char *map)
{
	union bpf_iter_link_info which = {0};
	LIBBPF_OPTS(bpf_link_create_opts, options, .iter_info = &which,
		    .iter_info_len = sizeof(which));
	int fd = tracer_map_fd(t, map);

	if (fd < 0)
		return fd;
	which.map.map_fd = (__u32)fd;
	return iterate(t, program, &options);
}

struct program_visit {
	int (*visit)(const struct tracer_program *program, void *user);
	void *user;
};

static int visit_program(const char *name, const char *where, int fd, void *user)
{
	const struct program_visit *v = user;
	struct tracer_program p = {.name = name};
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0) {
		p.id = info.id;
		p.runs = info.run_cnt;
		p.missed = info.recursion_misses;
		p.run_ns = info.run_time_ns;
	}
	snprintf(p.where, sizeof(p.where), "%s", where);
	return v->visit(&p, v->user);
}

int tracer_each_program(const struct tracer *t,
			int (*visit)(const struct tracer_program *program, void *user), void *user)
{
	struct program_visit v = {visit, user};
	const struct probe_set *set = t->running.set;
	int r = t->attached ? attachments_each(t->attached, visit_program, &v) : 0;

	for (size_t i = 0; set && i < set->n_programs && r == 0; i++) {
		const struct probe_program *p = &set->programs[i];
		char where[PROGRAM_TARGET_SIZE + 8];

		if (p->attach_type != BPF_TRACE_ITER)
			continue;
		snprintf(where, sizeof(where), "iter %s", p->parsed.target);
		r = visit_program(p->name, where, p->fd, &v);
	}
	return r;
}

struct missed_visit {
	const char *program; /* NULL: all */
	uint64_t missed;
};

static int add_missed(const struct tracer_program *program, void *user)
{
	struct missed_visit *v = user;

	if (!v->program || strcmp(program->name, v->program) == 0)
		v->missed += program->missed;
	return 0;
}

uint64_t tracer_missed(const struct tracer *t, const char *program)
{
	struct missed_visit v = {program, 0};

	(void)tracer_each_program(t, add_missed, &v);
	return v.missed;
}

int tracer_each_map(const struct tracer *t, int (*visit)(const struct tracer_map *map, void *user),
		    void *user)
{
	int r = 0;

	for (size_t i = 0; t->running.set && i < t->running.set->n_maps && r == 0; i++) {
		const struct probe_map *m = &t->running.set->maps[i];
		const struct image_map *d = &m->definition;
		struct tracer_map map = {d->name,	m->fd,	       0, d->type, d->key_size,
					 d->value_size, d->max_entries};
		struct bpf_map_info info = {0};
		__u32 size = sizeof(info);

		if (m->fd < 0)
			continue;
		if (bpf_obj_get_info_by_fd(m->fd, &info, &size) == 0)
			map.id = info.id;
		r = visit(&map, user);
	}
	return r;
}

const void *tracer_btf(const struct tracer *t, size_t *ret_size)
{
	*ret_size = t->running.btf ? t->running.btf_size : 0;
	return t->running.btf;
}

struct tracer_supply tracer_supplied(const struct tracer *t)
{
	return t->supply;
}

unsigned int tracer_error_line(const struct tracer *t)
{
	return t->error_line;
}
