/* fields, maps, map: what a text may name, and what it keeps. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/libbpf.h>

#include "bpf/kernel_struct.h"
#include "bpf/map_text.h"
#include "session/session_internal.h"

#define NAMES_MOST 500
#define ENTRIES_MOST 100
#define KEYS_OFFERED 100

static bool is_kind(const char *word)
{
	return !strcmp(word, "struct") || !strcmp(word, "union") || !strcmp(word, "enum");
}

int session_fields(struct command_call *call)
{
	/* "struct task_struct" is as good. */
	if (call->n_words == 2 && !is_kind(call->words[0])) {
		strbuf_printf(call->why, "'%s' is too much; it goes 'fields STRUCT[.MEMBER]'",
			      call->words[1]);
		return -EINVAL;
	}
	return kernel_struct_text(call->words[call->n_words - 1], call->out, call->why);
}

void session_fields_complete(const struct command_completion *c)
{
	if (!c->n_words || (c->n_words == 1 && is_kind(c->words[0])))
		(void)kernel_struct_names(c->start, NAMES_MOST, c->out);
}

static int put_map(const struct tracer_map *map, void *user)
{
	const char *type = libbpf_bpf_map_type_str((enum bpf_map_type)map->type);
	char number[24];

	snprintf(number, sizeof(number), "type %u", map->type);
	strbuf_printf(user, "%-24s %-20s %8u %6u %8u %10u\n", map->name, type ? type : number,
		      map->id, map->key_size, map->value_size, map->max_entries);
	return 0;
}

int session_maps(struct command_call *call)
{
	struct tracer *t = session_tracer(call->user, call->why);

	if (!t)
		return -ENOENT;
	strbuf_printf(call->out, "%-24s %-20s %8s %6s %8s %10s\n", "Map", "Type", "ID", "Key",
		      "Value", "Entries");
	return tracer_each_map(t, put_map, call->out);
}

struct wanted_map {
	const char *name, *key; /* NULL: all keys */
	struct command_call *call;
	const struct tracer *tracer;
	struct strbuf names;
};

static int show_map(const struct tracer_map *map, void *user)
{
	struct wanted_map *w = user;
	size_t size = 0;
	const void *btf = tracer_btf(w->tracer, &size);
	int r;

	strbuf_printf(&w->names, "%s%s", w->names.length ? ", " : "", map->name);
	if (strcmp(map->name, w->name))
		return 0;
	r = map_text(map, btf, size, w->key, ENTRIES_MOST, w->call->out, w->call->why);
	return r < 0 ? r : 1;
}

/* The words of a key: "01 02", {x=1 y=2}. */
static void join(struct strbuf *out, char *const *words)
{
	for (char *const *word = words; *word; word++)
		strbuf_printf(out, "%s%s", word == words ? "" : " ", *word);
}

int session_map(struct command_call *call)
{
	_cleanup_strbuf_ struct strbuf key = {0};
	struct wanted_map w = {.name = call->words[0],
			       .call = call,
			       .tracer = session_tracer(call->user, call->why)};
	int r;

	join(&key, call->words + 1);
	w.key = call->n_words > 1 ? strbuf_text(&key) : NULL;
	r = w.tracer ? tracer_each_map(w.tracer, show_map, &w) : -ENOENT;
	if (r == 0) {
		strbuf_printf(call->why, "there is no map '%s'; there are %s", w.name,
			      w.names.length ? w.names.data : "none");
		r = -ENOENT;
	}
	strbuf_free(&w.names);
	return MIN(r, 0);
}

static int add_name(const struct tracer_map *map, void *user)
{
	strbuf_printf(user, "%s\n", map->name);
	return 0;
}

struct keys_of {
	const struct tracer *tracer;
	const struct command_completion *completion;
};

static int add_keys(const struct tracer_map *map, void *user)
{
	const struct keys_of *k = user;
	size_t size = 0;
	const void *btf = tracer_btf(k->tracer, &size);

	if (!strcmp(map->name, k->completion->words[0]))
		map_text_keys(map, btf, size, KEYS_OFFERED, k->completion->out);
	return 0;
}

void session_map_complete(const struct command_completion *c)
{
	_cleanup_strbuf_ struct strbuf unheard = {0};
	struct tracer *t = session_tracer(c->user, &unheard);
	struct keys_of keys = {t, c};

	if (t && !c->n_words)
		(void)tracer_each_map(t, add_name, c->out);
	else if (t && c->n_words == 1)
		(void)tracer_each_map(t, add_keys, &keys);
}
