#include "alloc/alloc_groups.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/hash_index.h"
#include "go/frame_text.h"

/* What a frame matches; its address is its name. */
struct verdict {
	uint64_t pc;
	struct alloc_match match;
};

struct alloc_groups {
	const struct alloc_heap *heap;
	const struct alloc_filter *filter;
	enum alloc_by by;
	bool owners;

	uint32_t *of; /* for each stack seen */
	size_t seen, of_size;
	struct alloc_group *groups;
	size_t count, size;
	struct hash_index index;

	struct verdict *verdicts;
	size_t verdict_count, verdict_size;
	struct hash_index verdict_index;
	char **packages;
	size_t package_count, package_size;
	struct hash_index package_index;
};

int alloc_groups_new(const struct alloc_heap *heap, enum alloc_by by, bool owners,
		     const struct alloc_filter *filter, struct alloc_groups **ret)
{
	struct alloc_groups *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	g->heap = heap;
	g->filter = filter;
	g->by = by;
	g->owners = owners;
	*ret = g;
	return 0;
}

void alloc_groups_free(struct alloc_groups *g)
{
	if (!g)
		return;
	free(g->of);
	free(g->groups);
	hash_index_free(&g->index);
	free(g->verdicts);
	hash_index_free(&g->verdict_index);
	for (size_t i = 0; i < g->package_count; i++)
		free(g->packages[i]);
	free(g->packages);
	hash_index_free(&g->package_index);
	free(g);
}

static bool same_pc(const void *context, uint32_t position, const void *key)
{
	return ((const struct alloc_groups *)context)->verdicts[position].pc ==
	       *(const uint64_t *)key;
}

static int judge_frame(struct alloc_groups *g, const struct heap_symbol *symbol,
		       struct alloc_match *ret)
{
	uint64_t hash = hash_bytes(0, &symbol->pc, sizeof(symbol->pc));
	uint32_t found = hash_index_find(&g->verdict_index, hash, same_pc, g, &symbol->pc);
	int r = 0;

	if (found == HASH_INDEX_NONE) {
		found = (uint32_t)g->verdict_count;
		r = array_reserve(&g->verdicts, &g->verdict_size, g->verdict_count, 1,
				  sizeof(*g->verdicts));
		if (r == 0)
			r = hash_index_add(&g->verdict_index, hash, found);
		if (r < 0)
			return r;
		g->verdicts[g->verdict_count++] =
			(struct verdict){symbol->pc, alloc_filter_frame(g->filter, &symbol->frame)};
	}
	*ret = g->verdicts[found].match;
	return 0;
}

static int judge_stack(struct alloc_groups *g, const struct alloc_stack *stack, bool *ret)
{
	struct alloc_match any = {0}, match;

	for (uint32_t i = 0; !alloc_filter_is_open(g->filter) && i < stack->depth; i++) {
		int r = judge_frame(g, alloc_heap_frame(g->heap, stack, i), &match);

		if (r < 0)
			return r;
		any.focus = any.focus || match.focus;
		any.ignore = any.ignore || match.ignore;
	}
	*ret = alloc_filter_passes(g->filter, any);
	return 0;
}

static bool same_package(const void *context, uint32_t position, const void *key)
{
	return strcmp(((const struct alloc_groups *)context)->packages[position], key) == 0;
}

/* One pointer for one package. */
static int find_package(struct alloc_groups *g, const char *function, const char **ret)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_free_ char *copy = NULL;
	uint32_t found;
	uint64_t hash;
	int r;

	frame_package(&text, function);
	if (!text.length)
		strbuf_puts(&text, "(no package)");
	copy = strbuf_steal(&text);
	if (!copy)
		return -ENOMEM;
	hash = hash_bytes(0, copy, strlen(copy));
	found = hash_index_find(&g->package_index, hash, same_package, g, copy);
	if (found == HASH_INDEX_NONE) {
		found = (uint32_t)g->package_count;
		r = array_reserve(&g->packages, &g->package_size, g->package_count, 1,
				  sizeof(*g->packages));
		if (r == 0)
			r = hash_index_add(&g->package_index, hash, found);
		if (r < 0)
			return r;
		g->packages[g->package_count++] = STEAL(copy);
	}
	*ret = g->packages[found];
	return 0;
}

static int common_frame(struct alloc_groups *g, const struct alloc_stack *stack,
			struct heap_frame *ret)
{
	*ret = (struct heap_frame){"(no stack)", "", 0};
	if (stack->depth)
		*ret = alloc_heap_frame(g->heap, stack, 0)->frame;
	if (g->by != ALLOC_BY_FUNCTION && g->by != ALLOC_BY_PACKAGE)
		return 0;
	ret->file = "";
	ret->line = 0;
	return g->by == ALLOC_BY_PACKAGE ? find_package(g, ret->function, &ret->function) : 0;
}

/* Texts are interned: the same text is the same pointer. */
static bool same_frame(const struct heap_frame *a, const struct heap_frame *b)
{
	return a->function == b->function && a->file == b->file && a->line == b->line;
}

static bool same_frames(const struct alloc_heap *heap, const struct alloc_stack *a,
			const struct alloc_stack *b)
{
	for (uint32_t i = 0; a->depth == b->depth && i < a->depth; i++)
		if (!same_frame(&alloc_heap_frame(heap, a, i)->frame,
				&alloc_heap_frame(heap, b, i)->frame))
			return false;
	return a->depth == b->depth;
}

static bool same_group(const void *context, uint32_t position, const void *key)
{
	const struct alloc_groups *g = context;
	const struct alloc_group *a = &g->groups[position], *b = key;
	const struct alloc_stack *stacks;

	if (a->owner != b->owner || !same_frame(&a->frame, &b->frame))
		return false;
	if (g->by != ALLOC_BY_STACK)
		return true;
	alloc_heap_stacks(g->heap, &stacks);
	return same_frames(g->heap, &stacks[a->first], &stacks[b->first]);
}

static uint64_t hash_frame(uint64_t hash, const struct heap_frame *frame)
{
	uint64_t key[3] = {(uintptr_t)frame->function, (uintptr_t)frame->file, frame->line};

	return hash_bytes(hash, key, sizeof(key));
}

static uint64_t hash_group(const struct alloc_groups *g, const struct alloc_group *group,
			   const struct alloc_stack *stack)
{
	uint64_t hash = hash_frame(group->owner, &group->frame);

	for (uint32_t i = 1; g->by == ALLOC_BY_STACK && i < stack->depth; i++)
		hash = hash_frame(hash, &alloc_heap_frame(g->heap, stack, i)->frame);
	return hash;
}

static int find_group(struct alloc_groups *g, const struct alloc_stack *stack, size_t position,
		      uint32_t *ret)
{
	struct alloc_group group = {.owner = g->owners ? stack->owner : 0, .first = position};
	int r = common_frame(g, stack, &group.frame);
	uint64_t hash;

	if (r < 0)
		return r;
	hash = hash_group(g, &group, stack);
	*ret = hash_index_find(&g->index, hash, same_group, g, &group);
	if (*ret != HASH_INDEX_NONE)
		return 0;
	r = array_reserve(&g->groups, &g->size, g->count, 1, sizeof(*g->groups));
	if (r == 0)
		r = hash_index_add(&g->index, hash, (uint32_t)g->count);
	if (r < 0)
		return r;
	*ret = (uint32_t)g->count;
	g->groups[g->count++] = group;
	return 0;
}

int alloc_groups_update(struct alloc_groups *g)
{
	const struct alloc_stack *stacks;
	size_t n = alloc_heap_stacks(g->heap, &stacks);
	int r = array_reserve(&g->of, &g->of_size, g->seen, n - g->seen, sizeof(*g->of));

	for (; r == 0 && g->seen < n; g->seen += r == 0) {
		const struct alloc_stack *stack = &stacks[g->seen];
		bool passes = false;

		g->of[g->seen] = ALLOC_GROUP_NONE;
		r = judge_stack(g, stack, &passes);
		if (r == 0 && passes)
			r = find_group(g, stack, g->seen, &g->of[g->seen]);
	}
	return r;
}

size_t alloc_groups_of_stacks(const struct alloc_groups *g, const uint32_t **ret)
{
	*ret = g->of;
	return g->seen;
}

size_t alloc_groups_all(const struct alloc_groups *g, const struct alloc_group **ret)
{
	*ret = g->groups;
	return g->count;
}
