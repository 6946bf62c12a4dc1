#include "pprof/profile_internal.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"

#define CHUNK_SIZE ((size_t)65536)
#define LABELS_MOST 8 /* of a sample */

struct chunk {
	struct chunk *next;
	size_t used, size;
	max_align_t data[];
};

/* The first error counts: what follows may be its consequence. */
static void set_error(struct profile *p, int error)
{
	if (!p->error)
		p->error = error;
}

/* Memory that lives as long as the profile; zeroed. */
static void *profile_alloc(struct profile *p, size_t n)
{
	struct chunk *c = p->chunks;
	void *memory;

	n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!c || n > c->size - c->used) {
		size_t size = MAX(n, CHUNK_SIZE);

		c = calloc(1, sizeof(*c) + size);
		if (!c) {
			set_error(p, -ENOMEM);
			return NULL;
		}
		*c = (struct chunk){.next = p->chunks, .size = size};
		p->chunks = c;
	}
	memory = (char *)c->data + c->used;
	c->used += n;
	return memory;
}

/* One more element in a repeated field: an array of pointers, or of numbers, N long so far. */
static bool make_room(struct profile *p, void *array, size_t n, size_t size)
{
	void **field = array;
	void *more;

	/* Grown whenever the number reaches a power of two. */
	if (n & (n - 1) || (n == 0 && *field))
		return true;
	more = reallocarray(*field, n ? n * 2 : 1, size);
	if (!more) {
		set_error(p, -ENOMEM);
		return false;
	}
	*field = more;
	return true;
}

#define ADD_POINTER(p, field, pointer)                                                         \
	do {                                                                                   \
		if (make_room(p, &(p)->message.field, (p)->message.n_##field, sizeof(void *))) \
			(p)->message.field[(p)->message.n_##field++] = (pointer);              \
	} while (0)

static bool same_string(const void *context, uint32_t position, const void *key)
{
	const struct profile *p = context;

	return strcmp(p->message.string_table[position], key) == 0;
}

/* The index of a string in the table; it may be NULL for "". */
static int64_t string_index(struct profile *p, const char *text)
{
	size_t n = strlen(text ? text : "");
	uint64_t hash = hash_bytes(0, text, n);
	uint32_t found;
	char *copy;

	if (p->error < 0)
		return 0; /* the index may name what found no room */
	found = hash_index_find(&p->string_index, hash, same_string, p, text ? text : "");
	if (found != HASH_INDEX_NONE)
		return found;
	copy = profile_alloc(p, n + 1);
	if (!copy)
		return 0;
	if (n)
		memcpy(copy, text, n);
	if (hash_index_add(&p->string_index, hash, (uint32_t)p->message.n_string_table) < 0) {
		set_error(p, -ENOMEM);
		return 0;
	}
	ADD_POINTER(p, string_table, copy);
	return (int64_t)p->message.n_string_table - 1;
}

int profile_new(struct profile **ret)
{
	_cleanup_profile_ struct profile *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	pprof__profile__init(&p->message);
	string_index(p, "");
	if (p->error == 0)
		p->error = sink_open(&p->sink);
	if (p->error < 0)
		return p->error;
	*ret = STEAL(p);
	return 0;
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	free(p->message.sample_type);
	free(p->message.mapping);
	free(p->message.location);
	free(p->message.function);
	free(p->message.string_table);
	free(p->message.comment);
	sink_free(p->sink);
	hash_index_free(&p->string_index);
	hash_index_free(&p->function_index);
	hash_index_free(&p->location_index);
	while (p->chunks) {
		struct chunk *next = p->chunks->next;

		free(p->chunks);
		p->chunks = next;
	}
	free(p);
}

void profile_freep(struct profile **profile)
{
	profile_free(*profile);
}

static Pprof__ValueType *value_type(struct profile *p, const char *type, const char *unit)
{
	Pprof__ValueType *v = profile_alloc(p, sizeof(*v));

	if (!v)
		return NULL;
	pprof__value_type__init(v);
	v->type = string_index(p, type);
	v->unit = string_index(p, unit);
	return v;
}

void profile_add_sample_type(struct profile *p, const char *type, const char *unit)
{
	Pprof__ValueType *v = value_type(p, type, unit);

	if (v && p->sample_count)
		set_error(p, -EINVAL);
	else if (v)
		ADD_POINTER(p, sample_type, v);
}

void profile_set_default_sample_type(struct profile *p, const char *type)
{
	p->message.default_sample_type = string_index(p, type);
}

void profile_set_period(struct profile *p, const char *type, const char *unit, int64_t period)
{
	p->message.period_type = value_type(p, type, unit);
	p->message.period = period;
}

void profile_set_time(struct profile *p, int64_t time_ns, int64_t duration_ns)
{
	p->message.time_nanos = time_ns;
	p->message.duration_nanos = duration_ns;
}

void profile_add_comment(struct profile *p, const char *text)
{
	int64_t index = string_index(p, text);

	if (make_room(p, &p->message.comment, p->message.n_comment, sizeof(int64_t)))
		p->message.comment[p->message.n_comment++] = index;
}

uint64_t profile_add_mapping(struct profile *p, const struct profile_mapping *mapping)
{
	Pprof__Mapping *m = profile_alloc(p, sizeof(*m));

	if (!m)
		return 0;
	pprof__mapping__init(m);
	m->id = p->message.n_mapping + 1;
	m->memory_start = mapping->start;
	m->memory_limit = mapping->limit;
	m->file_offset = mapping->offset;
	m->filename = string_index(p, mapping->file_name);
	m->build_id = string_index(p, mapping->build_id);
	m->has_functions = mapping->has_functions;
	m->has_filenames = mapping->has_filenames;
	m->has_line_numbers = mapping->has_line_numbers;
	m->has_inline_frames = mapping->has_inline_frames;
	ADD_POINTER(p, mapping, m);
	return p->error < 0 ? 0 : m->id;
}

static bool same_function(const void *context, uint32_t position, const void *key)
{
	const Pprof__Function *f = ((const struct profile *)context)->message.function[position];
	const int64_t *k = key;

	return f->name == k[0] && f->filename == k[1] && f->start_line == k[2];
}

uint64_t profile_add_function(struct profile *p, const char *name, const char *file,
			      int64_t start_line)
{
	int64_t key[3] = {string_index(p, name), string_index(p, file), start_line};
	uint64_t hash = hash_bytes(0, key, sizeof(key));
	uint32_t found;
	Pprof__Function *f;

	if (p->error < 0)
		return 0;
	found = hash_index_find(&p->function_index, hash, same_function, p, key);
	if (found != HASH_INDEX_NONE)
		return found + 1;
	f = profile_alloc(p, sizeof(*f));
	if (!f)
		return 0;
	pprof__function__init(f);
	f->id = p->message.n_function + 1;
	f->name = f->system_name = key[0];
	f->filename = key[1];
	f->start_line = key[2];
	if (hash_index_add(&p->function_index, hash, (uint32_t)p->message.n_function) < 0)
		set_error(p, -ENOMEM);
	ADD_POINTER(p, function, f);
	return p->error < 0 ? 0 : f->id;
}

struct location_key {
	uint64_t mapping, address;
	const struct profile_line *lines;
	size_t n;
};

static bool same_location(const void *context, uint32_t position, const void *key)
{
	const Pprof__Location *l = ((const struct profile *)context)->message.location[position];
	const struct location_key *k = key;

	if (l->mapping_id != k->mapping || l->address != k->address || l->n_line != k->n)
		return false;
	for (size_t i = 0; i < k->n; i++)
		if (l->line[i]->function_id != k->lines[i].function ||
		    l->line[i]->line != k->lines[i].line)
			return false;
	return true;
}

static Pprof__Location *new_location(struct profile *p, const struct location_key *key)
{
	Pprof__Location *l = profile_alloc(p, sizeof(*l));
	Pprof__Line **pointers = profile_alloc(p, key->n * sizeof(*pointers));
	Pprof__Line *lines = profile_alloc(p, key->n * sizeof(*lines));

	if (!l || !pointers || !lines)
		return NULL;
	pprof__location__init(l);
	l->id = p->message.n_location + 1;
	l->mapping_id = key->mapping;
	l->address = key->address;
	l->n_line = key->n;
	l->line = pointers;
	for (size_t i = 0; i < key->n; i++) {
		if (!key->lines[i].function || key->lines[i].function > p->message.n_function)
			set_error(p, -EINVAL);
		pprof__line__init(&lines[i]);
		lines[i].function_id = key->lines[i].function;
		lines[i].line = key->lines[i].line;
		pointers[i] = &lines[i];
	}
	return l;
}

uint64_t profile_add_location(struct profile *p, uint64_t mapping, uint64_t address,
			      const struct profile_line *lines, size_t n)
{
	struct location_key key = {mapping, address, lines, n};
	uint64_t hash = hash_bytes(hash_bytes(address, &mapping, sizeof(mapping)), lines,
				   n * sizeof(*lines));
	uint32_t found;
	Pprof__Location *l;

	if (p->error < 0)
		return 0;
	found = hash_index_find(&p->location_index, hash, same_location, p, &key);
	if (found != HASH_INDEX_NONE)
		return found + 1;
	if (mapping > p->message.n_mapping)
		set_error(p, -EINVAL);
	l = new_location(p, &key);
	if (!l)
		return 0;
	if (hash_index_add(&p->location_index, hash, (uint32_t)p->message.n_location) < 0)
		set_error(p, -ENOMEM);
	ADD_POINTER(p, location, l);
	return p->error < 0 ? 0 : l->id;
}

static void fill_label(struct profile *p, Pprof__Label *l, const struct profile_label *label)
{
	pprof__label__init(l);
	l->key = string_index(p, label->key);
	l->str = string_index(p, label->text);
	l->num = label->number;
	l->num_unit = string_index(p, label->unit);
	if (!l->key && p->error == 0)
		p->error = -EINVAL;
}

void profile_add_sample(struct profile *p, const uint64_t *locations, size_t location_count,
			const int64_t *values, const struct profile_label *labels,
			size_t label_count)
{
	Pprof__Label label[LABELS_MOST], *pointers[LABELS_MOST];
	Pprof__Sample s;

	pprof__sample__init(&s);
	s.n_location_id = location_count;
	s.location_id = (uint64_t *)locations;
	for (size_t i = 0; i < location_count; i++)
		if (!locations[i] || locations[i] > p->message.n_location)
			p->error = p->error < 0 ? p->error : -EINVAL;
	s.n_value = p->message.n_sample_type;
	s.value = (int64_t *)values;
	if (label_count > LABELS_MOST)
		p->error = -EINVAL;
	s.label = pointers;
	for (; s.n_label < label_count && s.n_label < LABELS_MOST; s.n_label++) {
		fill_label(p, &label[s.n_label], &labels[s.n_label]);
		pointers[s.n_label] = &label[s.n_label];
	}
	if (p->error == 0)
		sink_put_sample(p->sink, &s);
	p->sample_count++;
}

int profile_write(struct profile *p, struct strbuf *out)
{
	return p->error < 0 ? p->error : sink_finish(p->sink, &p->message, out);
}
