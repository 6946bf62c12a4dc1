#include "flame/frame_tree.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/hash_index.h"

struct frame_tree {
	struct frame_node *nodes;
	size_t count, size;
	struct hash_index index;
	char **names;
	size_t name_count, name_size;
	struct hash_index name_index;
};

/* What a node is found by; the name is one of the tree's own. */
struct identity {
	const char *name;
	uint32_t parent;
};

static int add_node(struct frame_tree *t, const char *name, uint32_t parent, uint32_t depth)
{
	int r = t->count < FRAME_NONE ? 0 : -ENOMEM;

	if (r == 0)
		r = array_reserve(&t->nodes, &t->size, t->count, 1, sizeof(*t->nodes));
	if (r < 0)
		return r;
	t->nodes[t->count++] = (struct frame_node){.name = name,
						   .parent = parent,
						   .child = FRAME_NONE,
						   .sibling = FRAME_NONE,
						   .depth = depth};
	return 0;
}

int frame_tree_new(struct frame_tree **ret)
{
	_cleanup_frame_tree_ struct frame_tree *t = calloc(1, sizeof(*t));
	int r = t ? add_node(t, "", FRAME_NONE, 0) : -ENOMEM;

	if (r == 0)
		*ret = STEAL(t);
	return r;
}

void frame_tree_free(struct frame_tree *t)
{
	if (!t)
		return;
	free(t->nodes);
	hash_index_free(&t->index);
	for (size_t i = 0; i < t->name_count; i++)
		free(t->names[i]);
	free(t->names);
	hash_index_free(&t->name_index);
	free(t);
}

void frame_tree_freep(struct frame_tree **tree)
{
	frame_tree_free(*tree);
}

static bool same_name(const void *context, uint32_t position, const void *key)
{
	return strcmp(((const struct frame_tree *)context)->names[position], key) == 0;
}

static int find_name(struct frame_tree *t, const char *name, const char **ret)
{
	uint64_t hash = hash_bytes(0, name, strlen(name));
	uint32_t found = hash_index_find(&t->name_index, hash, same_name, t, name);
	_cleanup_free_ char *copy = NULL;
	int r;

	if (found == HASH_INDEX_NONE) {
		found = (uint32_t)t->name_count;
		copy = strdup(name);
		r = copy ? array_reserve(&t->names, &t->name_size, t->name_count, 1,
					 sizeof(*t->names))
			 : -ENOMEM;
		if (r == 0)
			r = hash_index_add(&t->name_index, hash, found);
		if (r < 0)
			return r;
		t->names[t->name_count++] = STEAL(copy);
	}
	*ret = t->names[found];
	return 0;
}

static bool same_node(const void *context, uint32_t position, const void *key)
{
	const struct frame_node *n = &((const struct frame_tree *)context)->nodes[position];
	const struct identity *id = key;

	return n->name == id->name && n->parent == id->parent;
}

static int find_child(struct frame_tree *t, uint32_t parent, const char *name, uint32_t *ret)
{
	struct identity id = {.parent = parent};
	uint64_t key[2] = {0, parent}, hash;
	int r = find_name(t, name, &id.name);

	if (r < 0)
		return r;
	key[0] = (uintptr_t)id.name;
	hash = hash_bytes(0, key, sizeof(key));
	*ret = hash_index_find(&t->index, hash, same_node, t, &id);
	if (*ret != HASH_INDEX_NONE)
		return 0;
	*ret = (uint32_t)t->count;
	r = add_node(t, id.name, parent, t->nodes[parent].depth + 1);
	if (r == 0)
		r = hash_index_add(&t->index, hash, *ret);
	return r;
}

static void add_up(int64_t *sum, int64_t more)
{
	if (__builtin_add_overflow(*sum, more, sum))
		*sum = INT64_MAX;
}

int frame_tree_add(struct frame_tree *t, const char *const *names, size_t n, int64_t value)
{
	uint32_t at = 0;
	int r = 0;

	if (value <= 0)
		return 0;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = find_child(t, at, names[i], &at);
	if (r == 0)
		add_up(&t->nodes[at].self, value);
	return r;
}

/* Those of one parent together, by name, the last one first. */
static int by_parent(const void *a, const void *b, void *context)
{
	const struct frame_node *nodes = context;
	const struct frame_node *x = &nodes[*(const uint32_t *)a],
				*y = &nodes[*(const uint32_t *)b];

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return strcmp(y->name, x->name);
}

int frame_tree_finish(struct frame_tree *t)
{
	_cleanup_free_ uint32_t *order = calloc(t->count, sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < t->count; i++) {
		t->nodes[i].total = t->nodes[i].self;
		t->nodes[i].child = t->nodes[i].sibling = FRAME_NONE;
		order[i] = (uint32_t)i;
	}
	for (size_t i = t->count - 1; i > 0; i--)
		add_up(&t->nodes[t->nodes[i].parent].total, t->nodes[i].total);
	qsort_r(order + 1, t->count - 1, sizeof(*order), by_parent, t->nodes);
	for (size_t i = 1; i < t->count; i++) {
		struct frame_node *node = &t->nodes[order[i]];

		node->sibling = t->nodes[node->parent].child;
		t->nodes[node->parent].child = order[i];
	}
	return 0;
}

size_t frame_tree_nodes(const struct frame_tree *t, const struct frame_node **ret)
{
	*ret = t->nodes;
	return t->count;
}

uint32_t frame_tree_next(const struct frame_tree *t, uint32_t node, bool skip)
{
	if (!skip && t->nodes[node].child != FRAME_NONE)
		return t->nodes[node].child;
	while (node && t->nodes[node].sibling == FRAME_NONE)
		node = t->nodes[node].parent;
	return node ? t->nodes[node].sibling : FRAME_NONE;
}
