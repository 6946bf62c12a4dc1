#include "flame/folded.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

struct lines {
	struct strbuf text; /* each line ends with NUL */
	size_t *starts;
	size_t count, size;
	struct strbuf prefix; /* the names from the root to the present node, each with its ';' */
	size_t *ends;	      /* where the prefix of each depth ends */
	size_t end_size;
};

/* A name that cannot be taken for more than one, nor for the end of a line. */
static void put_name(struct strbuf *out, const char *name)
{
	size_t start = out->length;

	text_display(out, name, strlen(name));
	for (size_t i = start; strbuf_error(out) == 0 && i < out->length; i++)
		if (out->data[i] == ';')
			out->data[i] = ',';
	strbuf_putc(out, ';');
}

static int add_line(struct lines *l, int64_t value)
{
	int r = array_reserve(&l->starts, &l->size, l->count, 1, sizeof(*l->starts));

	if (r < 0)
		return r;
	l->starts[l->count++] = l->text.length;
	strbuf_append(&l->text, strbuf_text(&l->prefix), l->prefix.length - 1);
	strbuf_printf(&l->text, " %" PRId64, value);
	strbuf_putc(&l->text, '\0');
	return 0;
}

static int add_node(struct lines *l, const struct frame_node *node)
{
	int r = array_reserve(&l->ends, &l->end_size, 0, node->depth + 1, sizeof(*l->ends));

	if (r < 0)
		return r;
	l->prefix.length = node->depth > 1 ? l->ends[node->depth - 1] : 0;
	put_name(&l->prefix, node->name);
	r = strbuf_error(&l->prefix);
	if (r < 0)
		return r;
	l->ends[node->depth] = l->prefix.length;
	return node->self ? add_line(l, node->self) : 0;
}

static int compare(const void *a, const void *b, void *text)
{
	return strcmp((const char *)text + *(const size_t *)a,
		      (const char *)text + *(const size_t *)b);
}

int folded_write(const struct frame_tree *tree, struct strbuf *out)
{
	const struct frame_node *nodes;
	struct lines l = {0};
	int r = 0;

	frame_tree_nodes(tree, &nodes);
	for (uint32_t i = frame_tree_next(tree, 0, false); r == 0 && i != FRAME_NONE;
	     i = frame_tree_next(tree, i, false))
		r = add_node(&l, &nodes[i]);
	if (r == 0)
		r = strbuf_error(&l.text);
	if (r == 0 && l.count)
		qsort_r(l.starts, l.count, sizeof(*l.starts), compare, l.text.data);
	for (size_t i = 0; r == 0 && i < l.count; i++) {
		strbuf_puts(out, l.text.data + l.starts[i]);
		strbuf_putc(out, '\n');
	}
	strbuf_free(&l.text);
	strbuf_free(&l.prefix);
	free(l.starts);
	free(l.ends);
	return r < 0 ? r : strbuf_error(out);
}
