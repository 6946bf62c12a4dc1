#include "alloc/alloc_export.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>

#include "alloc/alloc_table.h"
#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "flame/flame_graph.h"
#include "flame/folded.h"
#include "go/heap_pprof.h"
#include "output/human.h"
#include "proc/clock.h"

struct alloc_export {
	struct alloc_export_options options;
	struct heap_pprof *pprof; /* NULL: not wanted */
	struct frame_tree *tree;
	struct strbuf first;   /* of the program that was added first: its name... */
	struct strbuf runtime; /* and what its runtime is */
	size_t programs;
	uint64_t now_ns, watched_ns; /* CLOCK_MONOTONIC; the longest time that one was watched */
	bool frees_known;	     /* of the present program */
	bool some;

	/* One stack's frames, innermost first, and their names, outermost first. */
	const struct heap_symbol **frames;
	const char **names;
	size_t frame_size, name_size;
};

int alloc_export_new(const struct alloc_export_options *options, struct alloc_export **ret)
{
	_cleanup_alloc_export_ struct alloc_export *e = calloc(1, sizeof(*e));
	int r = e ? frame_tree_new(&e->tree) : -ENOMEM;

	if (r == 0 && options->pprof)
		r = heap_pprof_new(&e->pprof);
	if (r < 0)
		return r;
	e->options = *options;
	*ret = STEAL(e);
	return 0;
}

void alloc_export_free(struct alloc_export *e)
{
	if (!e)
		return;
	heap_pprof_free(e->pprof);
	frame_tree_free(e->tree);
	strbuf_free(&e->first);
	strbuf_free(&e->runtime);
	free(e->frames);
	free(e->names);
	free(e);
}

void alloc_export_freep(struct alloc_export **e)
{
	alloc_export_free(*e);
}

static int cannot_write(const char *path, int error, struct strbuf *why)
{
	strbuf_printf(why, "%scannot write %s: %s", why->length ? "; " : "", path,
		      strerror(-error));
	return error;
}

static int try_file(const char *path, struct strbuf *why)
{
	int r = path ? file_replace_try(path) : 0;

	return r < 0 ? cannot_write(path, r, why) : 0;
}

int alloc_export_try(const struct alloc_export *e, struct strbuf *why)
{
	int r = try_file(e->options.pprof, why), other = try_file(e->options.svg, why);

	return r < 0 ? r : other;
}

static int read_frames(struct alloc_export *e, const struct alloc_heap *heap,
		       const struct alloc_stack *stack)
{
	int r = array_reserve(&e->frames, &e->frame_size, 0, stack->depth + 1, sizeof(*e->frames));

	for (uint32_t i = 0; r == 0 && i < stack->depth; i++)
		e->frames[i] = alloc_heap_frame(heap, stack, i);
	return r;
}

/* ROOT: the name below all, or NULL. */
static int add_to_tree(struct alloc_export *e, uint32_t depth, const char *root, int64_t bytes)
{
	int r = array_reserve(&e->names, &e->name_size, 0, depth + 2, sizeof(*e->names));
	size_t n = 0;

	if (r < 0)
		return r;
	if (root)
		e->names[n++] = root;
	for (uint32_t i = depth; i > 0; i--)
		e->names[n++] = e->frames[i - 1]->frame.function;
	if (!depth)
		e->names[n++] = "(no stack)";
	return frame_tree_add(e->tree, e->names, n, bytes);
}

static int add_stack(struct alloc_export *e, const struct alloc_heap *heap,
		     const struct alloc_stack *stack, const char *root)
{
	bool diff = e->options.since_start;
	struct alloc_row row = {0};
	struct alloc_amount alloc, inuse;
	int r = read_frames(e, heap, stack);

	alloc_stack_measure(heap, stack, &row);
	alloc = diff ? row.watched : row.total;
	inuse = diff ? row.watched_growth : row.inuse;
	if (!e->frees_known)
		inuse = (struct alloc_amount){0};
	if (r == 0)
		r = add_to_tree(e, stack->depth, root, diff ? alloc.bytes : inuse.bytes);
	e->some = e->some || alloc.objects || inuse.objects;
	if (r < 0 || !e->pprof || (diff && !alloc.objects && !inuse.objects))
		return r;
	heap_pprof_owner(e->pprof, stack->owner ? alloc_owner_key(e->options.owner) : NULL,
			 stack->owner);
	return heap_pprof_sample(
		e->pprof, e->frames, stack->depth, stack->size,
		(const int64_t[]){alloc.objects, alloc.bytes, inuse.objects, inuse.bytes},
		!diff && !stack->now.allocs);
}

/* Has every frame a name? */
static bool is_named(const struct alloc_heap *heap, const struct alloc_table *table)
{
	const struct alloc_stack *stacks;
	size_t n = alloc_heap_stacks(heap, &stacks);

	for (size_t i = 0; i < n; i++)
		for (uint32_t k = 0; alloc_table_includes(table, i) && k < stacks[i].depth; k++)
			if (!alloc_heap_frame(heap, &stacks[i], k)->known)
				return false;
	return true;
}

static void comment(struct alloc_export *e, struct strbuf *text)
{
	heap_pprof_comment(e->pprof, strbuf_text(text));
	strbuf_reset(text);
}

/* What anyone who finds the file should know. */
static void describe(struct alloc_export *e, const struct go_program *p, uint64_t watched_ns)
{
	const struct alloc_gaps *gaps = alloc_heap_gaps(p->heap);
	_cleanup_strbuf_ struct strbuf text = {0};
	struct utsname kernel;

	strbuf_printf(&text, "PID %d ", (int)p->process.pid);
	text_display(&text, p->process.comm, strlen(p->process.comm));
	if (e->options.since_start) {
		strbuf_puts(&text, ", living: what it allocated in the last ");
		human_duration(&text, watched_ns);
		if (e->frees_known)
			strbuf_puts(&text, ", and how much more of it is in use since then");
	} else if (e->frees_known) {
		strbuf_puts(&text, ", living: all that is in use, swept or not");
	} else {
		strbuf_puts(&text, ", living: what it allocated while it was watched");
	}
	comment(e, &text);
	if (!e->frees_known) {
		strbuf_puts(&text, alloc_heap_estimated(p->heap)
					   ? "an estimate, from spans of memory that were used up"
					   : "told apart by who allocated");
		strbuf_puts(&text, ": what is in use is not known, and 0 here");
		comment(e, &text);
	}
	strbuf_printf(&text, "Go: %s, MemProfileRate %" PRId64, alloc_heap_binary(p->heap)->version,
		      alloc_heap_rate(p->heap));
	comment(e, &text);
	strbuf_printf(&text,
		      "stacks: %zu; buckets: %" PRIu64 " unreadable, %" PRIu64
		      " damaged%s; %" PRIu64 " events lost",
		      alloc_heap_stacks(p->heap, &(const struct alloc_stack *){NULL}),
		      gaps->unreadable, gaps->damaged, gaps->more ? ", more not reached" : "",
		      gaps->lost);
	comment(e, &text);
	if (!alloc_filter_is_open(e->options.filter)) {
		strbuf_puts(&text, "not all stacks: those that were chosen by their frames");
		comment(e, &text);
	}
	if (!e->programs && uname(&kernel) == 0) {
		strbuf_printf(&text, "kernel: %s %s", kernel.sysname, kernel.release);
		comment(e, &text);
	}
}

/* For the picture's head. */
static void remember(struct alloc_export *e, const struct go_program *p)
{
	const struct alloc_times *times = alloc_heap_times(p->heap);

	e->now_ns = MAX(e->now_ns, times->now_ns);
	e->watched_ns = MAX(e->watched_ns, times->now_ns - times->start_ns);
	if (e->programs++)
		return;
	strbuf_printf(&e->first, "%s (PID %d)", p->process.comm, (int)p->process.pid);
	strbuf_puts(&e->runtime, alloc_heap_binary(p->heap)->version);
	if (alloc_heap_estimated(p->heap)) {
		strbuf_puts(&e->runtime, ", an estimate from memory that was used up");
		return;
	}
	strbuf_puts(&e->runtime, ", one sample for each ");
	human_bytes(&e->runtime, MAX(alloc_heap_rate(p->heap), 1));
}

int alloc_export_add(struct alloc_export *e, const struct go_program *p)
{
	_cleanup_alloc_table_ struct alloc_table *table = NULL;
	_cleanup_strbuf_ struct strbuf name = {0};
	const struct alloc_options options = {.filter = e->options.filter,
					      .owner = e->options.owner};
	const struct alloc_stack *stacks;
	const struct alloc_times *times;
	size_t n;
	int r;

	if (!p->heap)
		return 0;
	r = alloc_table_new(p->heap, &options, &table);
	if (r == 0)
		r = alloc_table_update(table);
	strbuf_printf(&name, "%s-%d", p->process.comm, (int)p->process.pid);
	if (r < 0 || strbuf_error(&name) < 0)
		return -ENOMEM;
	times = alloc_heap_times(p->heap);
	e->frees_known = alloc_table_knows_frees(table);
	if (e->pprof) {
		describe(e, p, times->now_ns - times->start_ns);
		heap_pprof_program(e->pprof,
				   &(struct heap_pprof_program){
					   .binary = alloc_heap_binary(p->heap),
					   .bias = alloc_heap_bias(p->heap),
					   .rate = alloc_heap_rate(p->heap),
					   .file_name = p->path ? p->path : "",
					   .label = e->options.one ? NULL : strbuf_text(&name),
					   .named = is_named(p->heap, table),
				   });
	}
	remember(e, p);
	n = alloc_heap_stacks(p->heap, &stacks);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (alloc_table_includes(table, i))
			r = add_stack(e, p->heap, &stacks[i],
				      e->options.one ? NULL : strbuf_text(&name));
	return r;
}

bool alloc_export_is_empty(const struct alloc_export *e)
{
	return !e->some;
}

static int put_pprof(struct alloc_export *e, struct strbuf *out)
{
	heap_pprof_time(e->pprof, (int64_t)clock_realtime_at(e->now_ns),
			e->options.since_start ? (int64_t)e->watched_ns : 0);
	return heap_pprof_write(e->pprof, out);
}

int alloc_export_pprof(const struct go_program *program, struct strbuf *out)
{
	const struct alloc_export_options options = {.pprof = "", .one = true};
	_cleanup_alloc_export_ struct alloc_export *e = NULL;
	int r = alloc_export_new(&options, &e);

	if (r == 0)
		r = alloc_export_add(e, program);
	if (r == 0 && alloc_export_is_empty(e))
		r = -ENODATA;
	return r < 0 ? r : put_pprof(e, out);
}

static int write_pprof(struct alloc_export *e, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	int r = put_pprof(e, &out);

	if (r == 0)
		r = file_replace(e->options.pprof, 0644, strbuf_text(&out), out.length);
	return r < 0 ? cannot_write(e->options.pprof, r, why) : 0;
}

static void put_subtitle(const struct alloc_export *e, struct strbuf *out)
{
	const struct frame_node *nodes;

	frame_tree_nodes(e->tree, &nodes);
	human_bytes(out, nodes[0].total);
	if (e->options.since_start) {
		strbuf_puts(out, " in ");
		human_duration(out, e->watched_ns);
	}
	strbuf_puts(out, ", ");
	human_time(out, clock_realtime_at(e->now_ns), 1);
	if (e->programs == 1)
		strbuf_printf(out, ", %s", strbuf_text(&e->runtime));
	if (!alloc_filter_is_open(e->options.filter))
		strbuf_puts(out, ", of chosen stacks only");
	if (!e->some)
		strbuf_puts(out, ": nothing was recorded");
}

static int write_svg(struct alloc_export *e, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf out = {0}, title = {0}, subtitle = {0};
	int r;

	if (e->programs == 1)
		strbuf_puts(&title, strbuf_text(&e->first));
	else
		strbuf_printf(&title, "%zu Go programs", e->programs);
	strbuf_puts(&title, e->options.since_start ? ": allocated while watched" : ": heap in use");
	put_subtitle(e, &subtitle);
	r = flame_graph_write(e->tree,
			      &(struct flame_options){.title = strbuf_text(&title),
						      .subtitle = strbuf_text(&subtitle),
						      .root = "all"},
			      &out);
	if (r == 0)
		r = file_replace(e->options.svg, 0644, strbuf_text(&out), out.length);
	return r < 0 ? cannot_write(e->options.svg, r, why) : 0;
}

static int write_folded(struct alloc_export *e, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	int r = folded_write(e->tree, &out);

	if (r == 0)
		r = file_replace(e->options.folded_file, 0644, strbuf_text(&out), out.length);
	return r < 0 ? cannot_write(e->options.folded_file, r, why) : 0;
}

int alloc_export_finish(struct alloc_export *e, struct strbuf *folded, struct strbuf *why)
{
	int r = frame_tree_finish(e->tree), other = 0;

	if (r == 0 && e->options.folded)
		r = folded_write(e->tree, folded);
	if (r == 0 && e->options.folded_file)
		r = write_folded(e, why);
	if (r == 0 && e->options.svg)
		r = write_svg(e, why);
	if (e->options.pprof)
		other = write_pprof(e, why);
	return r < 0 ? r : other;
}
