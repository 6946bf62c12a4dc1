#include "bpf/map_text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <linux/bpf.h>
#include <bpf/btf.h>

#include "base/macro.h"
#include "base/text.h"
#include "bpf/btf_value.h"
#include "bpf/image_btf.h"
#include "bpf/kernel_map.h"
#include "bpf/kernel_types.h"

static const char *const type_names[] = {
	[BPF_MAP_TYPE_HASH] = "hash",
	[BPF_MAP_TYPE_ARRAY] = "array",
	[BPF_MAP_TYPE_PROG_ARRAY] = "program array",
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = "perf event array",
	[BPF_MAP_TYPE_PERCPU_HASH] = "per-CPU hash",
	[BPF_MAP_TYPE_PERCPU_ARRAY] = "per-CPU array",
	[BPF_MAP_TYPE_STACK_TRACE] = "stack traces",
	[BPF_MAP_TYPE_LRU_HASH] = "LRU hash",
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = "LRU per-CPU hash",
	[BPF_MAP_TYPE_RINGBUF] = "ring",
};

const char *map_text_type(unsigned int type, char buffer[static 16])
{
	if (type < ARRAY_SIZE(type_names) && type_names[type])
		return type_names[type];
	snprintf(buffer, 16, "type %u", type);
	return buffer;
}

struct writer {
	const struct tracer_map *map;
	struct btf *btf;     /* NULL: none that is of use */
	uint32_t key, value; /* their types; 0: not known */
	size_t most, count;
	struct strbuf *out;
};

/* libbcc leaves the types of a map in a struct ____btf_map_NAME { KEY key; VALUE value; }. */
static void find_types(struct writer *w)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	const struct btf_type *t;
	int id;

	strbuf_printf(&name, "____btf_map_%s", w->map->name);
	id = w->btf ? btf__find_by_name_kind(w->btf, strbuf_text(&name), BTF_KIND_STRUCT) : -1;
	t = id > 0 ? btf__type_by_id(w->btf, (uint32_t)id) : NULL;
	for (uint32_t i = 0; t && i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];

		if (!strcmp(kernel_type_name(w->btf, m->name_off), "key"))
			w->key = m->type;
		else if (!strcmp(kernel_type_name(w->btf, m->name_off), "value"))
			w->value = m->type;
	}
}

static bool is_per_cpu(unsigned int type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

/* A key of one of the sizes that integers have, without a type, is a number. */
static void put_key(struct writer *w, const void *key)
{
	uint64_t number = 0;

	if (w->key || w->map->key_size > 8 || (w->map->key_size & (w->map->key_size - 1))) {
		btf_value_text(w->btf, w->key, key, w->map->key_size, w->out);
		return;
	}
	memcpy(&number, key, w->map->key_size);
	strbuf_printf(w->out, "%" PRIu64, number);
}

static void put_per_cpu(struct writer *w, const char *values)
{
	size_t each = (w->map->value_size + 7) / 8 * 8;
	bool any = false;

	for (int cpu = 0; cpu < kernel_map_cpus(); cpu++) {
		const char *value = values + (size_t)cpu * each;
		bool zero = true;

		for (size_t i = 0; i < w->map->value_size && zero; i++)
			zero = !value[i];
		if (zero)
			continue;
		strbuf_printf(w->out, "\n  CPU %d: ", cpu);
		btf_value_text(w->btf, w->value, value, w->map->value_size, w->out);
		any = true;
	}
	strbuf_puts(w->out, any ? "\n" : " 0 on all CPUs\n");
}

static int put_entry(const void *key, const void *value, void *user)
{
	struct writer *w = user;
	uint32_t program;

	if (w->count++ >= w->most)
		return 0;
	put_key(w, key);
	strbuf_putc(w->out, ':');
	if (is_per_cpu(w->map->type)) {
		put_per_cpu(w, value);
	} else if (w->map->type == BPF_MAP_TYPE_PROG_ARRAY) {
		memcpy(&program, value, sizeof(program));
		strbuf_printf(w->out, " program %u\n", program);
	} else {
		strbuf_putc(w->out, ' ');
		btf_value_text(w->btf, w->value, value, w->map->value_size, w->out);
		strbuf_putc(w->out, '\n');
	}
	return strbuf_error(w->out);
}

/* Bytes of a value as the kernel hands it over. */
static size_t value_bytes(const struct tracer_map *map)
{
	if (map->type == BPF_MAP_TYPE_PROG_ARRAY)
		return sizeof(uint32_t);
	if (is_per_cpu(map->type))
		return (map->value_size + 7) / 8 * 8 * (size_t)kernel_map_cpus();
	return map->value_size;
}

/* The two positions are at the head of the ring: see event_ring.c. */
static int put_ring(const struct tracer_map *map, struct strbuf *out)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *at = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, map->fd, 0);
	unsigned long taken, made;

	if (at == MAP_FAILED)
		return -errno;
	taken = __atomic_load_n((unsigned long *)at, __ATOMIC_ACQUIRE);
	made = __atomic_load_n((unsigned long *)(at + page), __ATOMIC_ACQUIRE);
	munmap(at, 2 * page);
	strbuf_printf(out, "%u bytes, %lu of them wait to be read; %lu were sent so far\n",
		      map->max_entries, made - taken, made);
	return strbuf_error(out);
}

/* ---- keys as people type them ---- */

static int parse_hex(const char *s, unsigned char *key, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned int byte;
		int used = 0;

		s += strspn(s, " ");
		if (!isxdigit((unsigned char)*s) || sscanf(s, "%2x%n", &byte, &used) != 1 ||
		    used != 2)
			return -EINVAL;
		key[i] = (unsigned char)byte;
		s += used;
	}
	return s[strspn(s, " ")] ? -EINVAL : 0;
}

static int parse_integer(const char *s, unsigned char *key, size_t size)
{
	char *end;
	long long number;
	bool negative = *s == '-';

	if (!isdigit((unsigned char)s[negative]))
		return -EINVAL;
	errno = 0;
	number = negative ? strtoll(s, &end, 0) : (long long)strtoull(s, &end, 0);
	if (errno || *end)
		return -EINVAL;
	if (size < 8 && (negative ? number < -(1ll << (size * 8 - 1))
				  : (unsigned long long)number >> (size * 8)))
		return -ERANGE;
	memcpy(key, &number, size);
	return 0;
}

enum key_form { KEY_NUMBER, KEY_TEXT, KEY_BYTES };

static enum key_form key_form(const struct writer *w)
{
	const struct btf_type *t = w->key ? kernel_type_strip(w->btf, w->key) : NULL;
	const struct btf_type *of =
		t && btf_is_array(t) ? kernel_type_strip(w->btf, btf_array(t)->type) : NULL;
	size_t size = w->map->key_size;
	bool fits = size <= 8 && !(size & (size - 1));

	if (of && btf_is_int(of) && of->size == 1)
		return KEY_TEXT;
	return fits && (!t || btf_is_int(t) || btf_is_any_enum(t) || btf_is_ptr(t)) ? KEY_NUMBER
										    : KEY_BYTES;
}

static int parse_key(const struct writer *w, const char *s, unsigned char *key, struct strbuf *why)
{
	size_t size = w->map->key_size;
	enum key_form form = key_form(w);
	int r = -EINVAL;

	if (form == KEY_NUMBER)
		r = parse_integer(s, key, size);
	else if (form == KEY_TEXT && strlen(s) <= size)
		r = (memcpy(key, s, strlen(s)), 0);
	else if (form == KEY_BYTES)
		r = parse_hex(s, key, size);
	if (r == 0)
		return 0;
	strbuf_printf(why, "map %s: '", w->map->name);
	text_display(why, s, strlen(s));
	if (form == KEY_NUMBER)
		strbuf_printf(why, "' is no key: it has numbers of %zu bytes", size);
	else if (form == KEY_TEXT)
		strbuf_printf(why, "' is no key: it has texts of at most %zu bytes", size);
	else
		strbuf_printf(why,
			      "' is no key: give members as they are shown, such as x=1, or its "
			      "%zu bytes in hex, \"01 02 ...\"",
			      size);
	return -EINVAL;
}

/* ---- keys by their members: "{x=1 y=2}", "x=1", "1 2" ---- */

/* Without quotes: a person need not type them. */
static void unquote(struct strbuf *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->length; i++)
		if (text->data[i] != '"')
			text->data[n++] = text->data[i];
	if (text->length)
		text->data[n] = '\0';
	text->length = n;
}

static size_t member_at(const char *s, const char **ret)
{
	*ret = s + strspn(s, " {}");
	return strcspn(*ret, " {}");
}

static bool same_text(const char *a, size_t a_n, const char *b, size_t b_n)
{
	return a_n == b_n && !memcmp(a, b, a_n);
}

/* Has the key that member; or, without a name, that value at place I? */
static bool has_member(const char *key, const char *wanted, size_t n, size_t i)
{
	bool named = memchr(wanted, '=', n);
	const char *at;

	for (size_t length, k = 0; (length = member_at(key, &at)); key = at + length, k++) {
		const char *value = memrchr(at, '=', length);

		value = value ? value + 1 : at;
		if (named ? same_text(at, length, wanted, n)
			  : k == i && same_text(value, (size_t)(at + length - value), wanted, n))
			return true;
	}
	return false;
}

struct search {
	struct writer *writer;
	const char *wanted;
};

static int put_if_wanted(const void *key, const void *value, void *user)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const struct search *s = user;
	struct writer w = *s->writer;
	const char *at;
	size_t i = 0;

	w.out = &text;
	put_key(&w, key);
	unquote(&text);
	for (size_t n, from = 0; (n = member_at(s->wanted + from, &at)); i++) {
		if (!has_member(strbuf_text(&text), at, n, i))
			return 0;
		from = (size_t)(at + n - s->wanted);
	}
	return i ? put_entry(key, value, s->writer) : 0;
}

/* All whose keys have these members. -ENOENT: none has. */
static int put_with_members(struct writer *w, const char *wanted)
{
	_cleanup_strbuf_ struct strbuf plain = {0};
	struct search s = {.writer = w};
	int r;

	strbuf_puts(&plain, wanted);
	unquote(&plain);
	s.wanted = strbuf_text(&plain);
	r = kernel_map_walk(w->map->fd, put_if_wanted, &s);
	if (r == 0 && w->count > w->most)
		strbuf_printf(w->out, "and %zu more\n", w->count - w->most);
	return r < 0 ? r : w->count ? 0 : -ENOENT;
}

static int no_such_key(const struct writer *w, const char *s, struct strbuf *why)
{
	strbuf_printf(why, "map %s has no ", w->map->name);
	text_display(why, s, strlen(s));
	return -ENOENT;
}

static int put_one(struct writer *w, const char *s, struct strbuf *why)
{
	_cleanup_free_ unsigned char *key = calloc(1, w->map->key_size + 1);
	_cleanup_free_ void *value = calloc(1, value_bytes(w->map) + 1);
	int r = key && value ? 0 : -ENOMEM;

	if (r == 0 && key_form(w) == KEY_BYTES && parse_hex(s, key, w->map->key_size) < 0) {
		r = put_with_members(w, s);
		if (r == -ENOENT && strchr(s, '='))
			return no_such_key(w, s, why);
		if (r != -ENOENT)
			return r;
	}
	if (r == 0 || r == -ENOENT)
		r = parse_key(w, s, key, why);
	if (r < 0)
		return r;
	w->most = 1;
	r = kernel_map_lookup(w->map->fd, key, value);
	if (r == 0)
		return put_entry(key, value, w);
	return r == -ENOENT ? no_such_key(w, s, why) : r;
}

static int put_all(struct writer *w)
{
	int r = kernel_map_walk(w->map->fd, put_entry, w);

	if (r == 0 && w->count > w->most)
		strbuf_printf(w->out, "and %zu more\n", w->count - w->most);
	return r;
}

static int put_key_line(const void *key, const void *value, void *user)
{
	struct writer *w = user;

	(void)value;
	put_key(w, key);
	strbuf_putc(w->out, '\n');
	return ++w->count >= w->most;
}

void map_text_keys(const struct tracer_map *map, const void *btf, size_t btf_size, size_t most,
		   struct strbuf *out)
{
	struct writer w = {.map = map, .most = most, .out = out};

	if (map->type == BPF_MAP_TYPE_RINGBUF)
		return;
	if (btf && image_btf_open(btf, btf_size, &w.btf) == 0)
		find_types(&w);
	(void)kernel_map_walk(map->fd, put_key_line, &w);
	btf__free(w.btf);
}

int map_text(const struct tracer_map *map, const void *btf, size_t btf_size, const char *key,
	     size_t most, struct strbuf *out, struct strbuf *why)
{
	struct writer w = {.map = map, .most = most, .out = out};
	size_t before = why->length;
	int r;

	if (map->type == BPF_MAP_TYPE_RINGBUF && key) {
		strbuf_printf(why, "map %s is a ring: it has no keys", map->name);
		return -EINVAL;
	}
	if (map->type == BPF_MAP_TYPE_RINGBUF) {
		r = put_ring(map, out);
	} else {
		/* Without types, bytes are better than nothing. */
		if (btf && image_btf_open(btf, btf_size, &w.btf) == 0)
			find_types(&w);
		r = key ? put_one(&w, key, why) : put_all(&w);
		btf__free(w.btf);
	}
	if (r < 0 && why->length == before)
		strbuf_printf(why, "map %s cannot be read: %s", map->name, strerror(-r));
	return r;
}
