#include "bpf/probe_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>

#include "base/macro.h"
#include "bpf/image_btf.h"
#include "bpf/program_load.h"
#include "bpf/text_contract.h"

/* bpf_attr.map_name holds 15 letters. */
static int create_map(const struct image_map *d, struct strbuf *reason)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = d->flags);
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "%.15s", d->name);
	fd = bpf_map_create(d->type, name, d->key_size, d->value_size, d->max_entries, &opts);
	if (fd >= 0)
		return fd;
	fd = -errno;
	strbuf_printf(reason, "map %s (type %u, key %u, value %u bytes, %u entries): %s\n", d->name,
		      d->type, d->key_size, d->value_size, d->max_entries,
		      fd == -ENOMEM ? "the kernel has not the memory for it" : strerror(-fd));
	return fd;
}

static bool same_map(const struct image_map *a, const struct image_map *b)
{
	return a->type == b->type && a->key_size == b->key_size && a->value_size == b->value_size &&
	       a->max_entries == b->max_entries && a->flags == b->flags &&
	       a->type != BPF_MAP_TYPE_PROG_ARRAY;
}

static bool is_among(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

/* Of a map that only carries a type into the BTF: OOMTOOLS_EVENT() in bpf-src/oomtools.bpf.h. */
static bool is_layout(const char *name)
{
	static const char end[] = "__layout";
	size_t n = strlen(name);

	return n >= strlen(end) && !strcmp(name + n - strlen(end), end);
}

/* The map before that becomes this one; NULL: none, make it. */
static struct probe_map *taken_over(const struct probe_handover *h, const struct image_map *d)
{
	struct probe_map *old = h->before ? probe_set_map(h->before, d->name) : NULL;

	return old && same_map(&old->definition, d) && !is_among(h->renewed, d->name) ? old : NULL;
}

static int create_maps(const struct image *image, const struct probe_handover *handover,
		       struct probe_set *set, struct strbuf *reason)
{
	set->maps = calloc(image->n_maps + 1, sizeof(*set->maps));
	if (!set->maps)
		return -ENOMEM;
	for (; set->n_maps < image->n_maps; set->n_maps++) {
		struct probe_map *m = &set->maps[set->n_maps];
		const struct probe_map *old;

		m->definition = image->maps[set->n_maps];
		m->fd = -1;
		if (is_layout(m->definition.name))
			continue;
		old = taken_over(handover, &m->definition);
		m->borrowed = old;
		m->fd = old ? old->fd : create_map(&m->definition, reason);
		if (m->fd < 0)
			return m->fd;
	}
	return 0;
}

/* What the tool itself holds cannot be another map all of a sudden. */
static int check_held(const struct image *image, const struct probe_handover *handover,
		      const struct source *source, struct strbuf *reason)
{
	for (const char *const *name = handover->held; name && *name; name++) {
		const struct image_map *d = image_map(image, *name);

		if (!handover->before || !probe_set_map(handover->before, *name) ||
		    (d && taken_over(handover, d)))
			continue;
		return text_contract_refuse_map(*name, !d, source, reason);
	}
	return 0;
}

static int check_layouts(const struct image *image, const struct source *source,
			 struct strbuf *reason)
{
	for (size_t i = 0; i < image->n_programs; i++)
		for (size_t k = 0; k < image->programs[i].n_references; k++) {
			const char *map = image->maps[image->programs[i].references[k].map].name;

			if (!is_layout(map))
				continue;
			strbuf_printf(reason,
				      "%s: the map %s cannot be used: names that end in __layout "
				      "are kept for OOMTOOLS_EVENT(), which makes no map\n",
				      image->programs[i].name, map);
			source_blame(source, image->programs[i].name, reason);
			return -EINVAL;
		}
	return 0;
}

static bool refers_to(const struct image_program *p, size_t map)
{
	for (size_t i = 0; i < p->n_references; i++)
		if (p->references[i].map == map)
			return true;
	return false;
}

/* The program that decides the type of the I-th: itself, or for a tail program one that calls it.
 */
static const struct image_program *decider(const struct image *image, const struct probe_set *set,
					   size_t i, unsigned int depth)
{
	const struct program_name *name = &set->programs[i].parsed;
	const struct image_map *map;

	if (name->kind != PROGRAM_TAIL)
		return &image->programs[i];
	map = image_map(image, name->target);
	if (!map || depth > image->n_programs)
		return NULL;
	for (size_t k = 0; k < image->n_programs; k++) {
		const struct image_program *found;

		if (k == i || !refers_to(&image->programs[k], (size_t)(map - image->maps)))
			continue;
		found = decider(image, set, k, depth + 1);
		if (found)
			return found;
	}
	return NULL;
}

static int decide_type(const struct image *image, struct probe_set *set, size_t i,
		       const struct kernel_features *features, struct strbuf *reason)
{
	struct probe_program *p = &set->programs[i];
	const struct image_program *by = decider(image, set, i, 0);
	enum program_kind kind;
	unsigned int btf_kind;

	if (!by) {
		strbuf_printf(reason, "%s: no attached program refers to the program array %s\n",
			      p->name, p->parsed.target);
		return -EINVAL;
	}
	kind = set->programs[by - image->programs].parsed.kind;
	p->type = program_kind_type(kind);
	p->attach_type = program_kind_attach_type(kind);
	p->attach_btf_id = by->attach_btf_id;
	if ((kind == PROGRAM_FENTRY || kind == PROGRAM_FEXIT) && *features->no_fentry) {
		strbuf_printf(reason, "%s\n", features->no_fentry);
		return -EOPNOTSUPP;
	}
	if ((kind == PROGRAM_KPROBE || kind == PROGRAM_KRETPROBE) && *features->no_kprobe) {
		strbuf_printf(reason, "%s\n", features->no_kprobe);
		return -EOPNOTSUPP;
	}
	if (program_kind_btf_prefix(kind, &btf_kind) && !p->attach_btf_id) {
		strbuf_printf(reason, "%s: there is no such %s in this kernel's BTF\n", p->name,
			      kind == PROGRAM_TP_BTF ? "tracepoint" : "function");
		return -ENOENT;
	}
	return 0;
}

static int load_programs(struct image *image, const struct source *source, struct probe_set *set,
			 int btf_fd, struct strbuf *reason, struct strbuf *log)
{
	_cleanup_free_ int *map_fds = calloc(set->n_maps + 1, sizeof(*map_fds));

	if (!map_fds)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_maps; i++)
		map_fds[i] = set->maps[i].fd;
	for (size_t i = 0; i < set->n_programs; i++) {
		struct probe_program *p = &set->programs[i];

		p->fd = program_load(&(struct program_load){.program = &image->programs[i],
							    .type = p->type,
							    .attach_type = p->attach_type,
							    .attach_btf_id = p->attach_btf_id,
							    .map_fds = map_fds,
							    .btf_fd = btf_fd,
							    .btf = image->btf,
							    .btf_size = image->btf_size,
							    .license = image->license},
				     source, reason, log);
		if (p->fd < 0)
			return p->fd;
	}
	return 0;
}

static int fill_program_arrays(const struct source *source, struct probe_set *set,
			       struct strbuf *reason)
{
	for (size_t i = 0; i < set->n_programs; i++) {
		const struct probe_program *p = &set->programs[i];
		const struct probe_map *map;

		if (p->parsed.kind != PROGRAM_TAIL)
			continue;
		map = probe_set_map(set, p->parsed.target);
		if (!map || bpf_map_update_elem(map->fd, &p->parsed.index, &p->fd, BPF_ANY) < 0) {
			int r = map ? -errno : -ENOENT;

			strbuf_printf(reason, "%s: cannot be put into %s: %s\n", p->name,
				      p->parsed.target, strerror(-r));
			source_blame(source, p->name, reason);
			return r;
		}
	}
	return 0;
}

static int name_programs(const struct image *image, const struct source *source,
			 struct probe_set *set, struct strbuf *reason)
{
	set->programs = calloc(image->n_programs + 1, sizeof(*set->programs));
	if (!set->programs)
		return -ENOMEM;
	for (; set->n_programs < image->n_programs; set->n_programs++) {
		struct probe_program *p = &set->programs[set->n_programs];

		p->fd = -1;
		strcpy(p->name, image->programs[set->n_programs].name);
		if (program_name_parse(p->name, &p->parsed) < 0 ||
		    p->parsed.kind == PROGRAM_CALLBACK) {
			strbuf_printf(reason,
				      "%s: a function's name must say where it is "
				      "attached:\n%s",
				      p->name, program_name_forms);
			source_blame(source, p->name, reason);
			return -EINVAL;
		}
	}
	return 0;
}

/* For readable logs and for callbacks. -1: the kernel takes none, and may do without. */
static int load_btf(const struct image *image)
{
	_cleanup_free_ void *simple = NULL;
	int fd = image->btf_size ? bpf_btf_load(image->btf, image->btf_size, NULL) : -1;

	if (fd >= 0 || !image->btf_size)
		return fd;
	simple = malloc(image->btf_size);
	if (!simple)
		return -1;
	memcpy(simple, image->btf, image->btf_size);
	if (image_btf_simplify(simple, image->btf_size) < 0)
		return -1;
	return bpf_btf_load(simple, (uint32_t)image->btf_size, NULL);
}

int probe_set_load(struct image *image, const struct source *source,
		   const struct kernel_features *features, const struct probe_handover *handover,
		   struct probe_set **ret, struct strbuf *reason, struct strbuf *log)
{
	_cleanup_(probe_set_closep) struct probe_set *set = calloc(1, sizeof(*set));
	_cleanup_close_ int btf_fd = -1;
	int r;

	if (!set)
		return -ENOMEM;
	r = name_programs(image, source, set, reason);
	for (size_t i = 0; i < set->n_programs && r == 0; i++) {
		r = decide_type(image, set, i, features, reason);
		if (r < 0)
			source_blame(source, set->programs[i].name, reason);
	}
	if (r == 0)
		r = check_layouts(image, source, reason);
	if (r == 0)
		r = check_held(image, handover, source, reason);
	if (r == 0)
		r = create_maps(image, handover, set, reason);
	if (r < 0)
		return r;
	btf_fd = load_btf(image);
	r = load_programs(image, source, set, btf_fd, reason, log);
	if (r == 0)
		r = fill_program_arrays(source, set, reason);
	if (r == 0)
		*ret = STEAL(set);
	return r;
}

void probe_set_adopt(struct probe_set *set, struct probe_set *before)
{
	for (size_t i = 0; i < set->n_maps; i++) {
		struct probe_map *m = &set->maps[i];

		if (!m->borrowed)
			continue;
		m->borrowed = false;
		probe_set_map(before, m->definition.name)->fd = -1;
	}
}

struct probe_map *probe_set_map(const struct probe_set *set, const char *name)
{
	for (size_t i = 0; i < set->n_maps; i++)
		if (set->maps[i].fd >= 0 && strcmp(set->maps[i].definition.name, name) == 0)
			return &set->maps[i];
	return NULL;
}

struct probe_program *probe_set_program(const struct probe_set *set, const char *name)
{
	for (size_t i = 0; i < set->n_programs; i++)
		if (strcmp(set->programs[i].name, name) == 0)
			return &set->programs[i];
	return NULL;
}

void probe_set_close(struct probe_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->n_programs; i++)
		if (set->programs[i].fd >= 0)
			close(set->programs[i].fd);
	for (size_t i = 0; i < set->n_maps; i++)
		if (set->maps[i].fd >= 0 && !set->maps[i].borrowed)
			close(set->maps[i].fd);
	free(set->programs);
	free(set->maps);
	free(set);
}

void probe_set_closep(struct probe_set **set)
{
	probe_set_close(*set);
}
