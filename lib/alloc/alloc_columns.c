#include "alloc/alloc_columns.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "go/frame_text.h"
#include "output/human.h"

#define SITE_ROOM 40	/* characters, before columns are left out */
#define CALLERS_SHOWN 4 /* behind the site, where rows are stacks */

/* See alloc_table_knows_frees(). */
#define WITHOUT_FREES                                                                      \
	(1u << ALLOC_COLUMN_OWNER | 1u << ALLOC_COLUMN_ALLOC | 1u << ALLOC_COLUMN_ALLOCS | \
	 1u << ALLOC_COLUMN_NEW | 1u << ALLOC_COLUMN_SITE)

static const struct table_column all[ALLOC_COLUMN_COUNT] = {
	[ALLOC_COLUMN_OWNER] = {"THREAD", 9, false},  [ALLOC_COLUMN_INUSE] = {"INUSE", 7, false},
	[ALLOC_COLUMN_OBJECTS] = {"OBJS", 6, false},  [ALLOC_COLUMN_ALLOC] = {"ALLOC/s", 7, false},
	[ALLOC_COLUMN_ALLOCS] = {"OBJS/s", 6, false}, [ALLOC_COLUMN_FREED] = {"FREED/s", 7, false},
	[ALLOC_COLUMN_GROWTH] = {"GROWTH", 8, false}, [ALLOC_COLUMN_SURVIVAL] = {"SURV%", 5, false},
	[ALLOC_COLUMN_NEW] = {"NEW", 7, false},	      [ALLOC_COLUMN_SITE] = {"FUNCTION", 0, true},
};

const struct column_about alloc_column_abouts[ALLOC_COLUMN_COUNT] = {
	[ALLOC_COLUMN_OWNER] = {"owner", NULL, "",
				"with -L: the thread or goroutine that allocates"},
	[ALLOC_COLUMN_INUSE] = {"inuse", "INUSE", "bytes", "allocated there and not freed by now"},
	[ALLOC_COLUMN_OBJECTS] = {"objects", "OBJS", "", "objects in use"},
	[ALLOC_COLUMN_ALLOC] = {"alloc", "ALLOC/s", "bytes/s", "allocated a second"},
	[ALLOC_COLUMN_ALLOCS] = {"allocs", "OBJS/s", "1/s", "objects allocated a second"},
	[ALLOC_COLUMN_FREED] = {"freed", "FREED/s", "bytes/s", "freed a second"},
	[ALLOC_COLUMN_GROWTH] = {"growth", "GROWTH", "bytes", "of what is in use, in the interval"},
	[ALLOC_COLUMN_SURVIVAL] = {"survival", "SURV%", "percent",
				   "still in use of all that was ever allocated"},
	[ALLOC_COLUMN_NEW] = {"new", "NEW", "bytes", "allocated since the last collection"},
	[ALLOC_COLUMN_SITE] = {"site", NULL, "", "the code: function, file and line, or package"},
};

static const enum alloc_column sorted_by[ALLOC_SORT_COUNT] = {
	[ALLOC_SORT_ALLOC] = ALLOC_COLUMN_ALLOC,       [ALLOC_SORT_ALLOCS] = ALLOC_COLUMN_ALLOCS,
	[ALLOC_SORT_INUSE] = ALLOC_COLUMN_INUSE,       [ALLOC_SORT_OBJECTS] = ALLOC_COLUMN_OBJECTS,
	[ALLOC_SORT_FREED] = ALLOC_COLUMN_FREED,       [ALLOC_SORT_GROWTH] = ALLOC_COLUMN_GROWTH,
	[ALLOC_SORT_SURVIVAL] = ALLOC_COLUMN_SURVIVAL, [ALLOC_SORT_NEW] = ALLOC_COLUMN_NEW,
};

static int width_of(unsigned int columns)
{
	int width = 0;

	for (int c = 0; c < ALLOC_COLUMN_SITE; c++)
		if (columns & 1u << c)
			width += all[c].width + 1;
	return width;
}

/* Those that are missed least go first. */
static unsigned int fitting(unsigned int columns, enum alloc_column keep, int line_width)
{
	static const enum alloc_column go[] = {ALLOC_COLUMN_NEW,      ALLOC_COLUMN_ALLOCS,
					       ALLOC_COLUMN_OBJECTS,  ALLOC_COLUMN_FREED,
					       ALLOC_COLUMN_SURVIVAL, ALLOC_COLUMN_GROWTH};

	for (size_t i = 0; i < ARRAY_SIZE(go); i++)
		if (line_width && width_of(columns) + SITE_ROOM > line_width && go[i] != keep)
			columns &= ~(1u << go[i]);
	return columns;
}

static const char *site_head(enum alloc_by by)
{
	switch (by) {
	case ALLOC_BY_STACK:
		return "STACK";
	case ALLOC_BY_PACKAGE:
		return "PACKAGE";
	default:
		return "FUNCTION";
	}
}

uint64_t alloc_columns_shown(const struct alloc_options *options, bool knows_frees, uint64_t chosen,
			     int line_width)
{
	unsigned int columns = (1u << ALLOC_COLUMN_COUNT) - 1, there;

	if (options->owner == ALLOC_OWNER_NONE)
		columns &= ~(1u << ALLOC_COLUMN_OWNER);
	if (!knows_frees)
		columns &= WITHOUT_FREES;
	there = columns & (unsigned int)chosen;
	if (chosen)
		return there ? there : 1u << ALLOC_COLUMN_SITE;
	return fitting(columns, sorted_by[options->sort], line_width);
}

size_t alloc_columns_heads(const struct alloc_options *options, uint64_t shown,
			   struct table_column *ret, int *ret_ids)
{
	size_t n = 0;

	for (int c = 0; c < ALLOC_COLUMN_COUNT; c++) {
		if (!(shown & UINT64_C(1) << c))
			continue;
		ret[n] = all[c];
		if (c == ALLOC_COLUMN_SITE)
			ret[n].head = site_head(options->by);
		if (c == ALLOC_COLUMN_OWNER && options->owner == ALLOC_OWNER_GOROUTINE)
			ret[n].head = "GOROUTINE";
		ret_ids[n++] = c;
	}
	return n;
}

void alloc_layout_choose(const struct alloc_table *table, uint64_t chosen, int line_width,
			 struct alloc_layout *ret)
{
	const struct alloc_options *options = alloc_table_options(table);
	uint64_t columns =
		alloc_columns_shown(options, alloc_table_knows_frees(table), chosen, line_width);
	int ids[ALLOC_COLUMN_COUNT];

	*ret = (struct alloc_layout){.line_width = line_width};
	ret->n = alloc_columns_heads(options, columns, ret->heads, ids);
	for (size_t i = 0; i < ret->n; i++)
		ret->columns[i] = (enum alloc_column)ids[i];
}

static void put_chain(const struct alloc_table *t, const struct alloc_row *row, bool is_short,
		      struct strbuf *out)
{
	const struct heap_frame *caller;

	frame_text(out, &row->frame, is_short);
	if (alloc_table_options(t)->by != ALLOC_BY_STACK)
		return;
	for (uint32_t i = 1; (caller = alloc_row_frame(t, row, i)) != NULL; i++) {
		strbuf_puts(out, " < ");
		if (i > CALLERS_SHOWN) {
			strbuf_puts(out, "...");
			break;
		}
		frame_text(out, caller, is_short);
	}
}

/* A package's path goes first where a name is too long for the line; packages are named by it. */
static void put_site(const struct alloc_table *t, const struct alloc_row *row,
		     const struct alloc_layout *l, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf whole = {0};
	int before = 0;

	for (size_t i = 0; i + 1 < l->n; i++)
		before += l->heads[i].width + 1;
	put_chain(t, row, false, &whole);
	if (l->line_width && alloc_table_options(t)->by != ALLOC_BY_PACKAGE &&
	    whole.length > (size_t)MAX(l->line_width - before, 0)) {
		strbuf_reset(&whole);
		put_chain(t, row, true, &whole);
	}
	strbuf_append(out, strbuf_text(&whole), whole.length);
}

static void put_survival(const struct alloc_row *row, struct strbuf *out)
{
	int survival = alloc_row_survival(row);

	if (survival < 0)
		strbuf_putc(out, '-');
	else
		strbuf_printf(out, "%d.%d", survival / 10, survival % 10);
}

/* Of the interval: nothing is known before there is one. */
static void put_interval(const struct alloc_table *t, const struct alloc_row *row,
			 enum alloc_column column, struct strbuf *out)
{
	if (!alloc_table_interval_ns(t)) {
		strbuf_putc(out, '-');
		return;
	}
	switch (column) {
	case ALLOC_COLUMN_ALLOC:
		human_bytes(out, alloc_table_per_second(t, row->alloc.bytes));
		break;
	case ALLOC_COLUMN_ALLOCS:
		human_count(out, alloc_table_per_second(t, row->alloc.objects));
		break;
	case ALLOC_COLUMN_FREED:
		human_bytes(out, alloc_table_per_second(t, row->freed.bytes));
		break;
	default:
		if (row->growth.bytes > 0)
			strbuf_putc(out, '+');
		human_bytes(out, row->growth.bytes);
	}
}

void alloc_cell(const struct alloc_table *t, const struct alloc_row *row,
		const struct alloc_layout *l, size_t column, struct strbuf *out)
{
	switch (l->columns[column]) {
	case ALLOC_COLUMN_OWNER:
		strbuf_printf(out, "%" PRIu64, row->owner);
		break;
	case ALLOC_COLUMN_INUSE:
		human_bytes(out, row->inuse.bytes);
		break;
	case ALLOC_COLUMN_OBJECTS:
		human_count(out, row->inuse.objects);
		break;
	case ALLOC_COLUMN_SURVIVAL:
		put_survival(row, out);
		break;
	case ALLOC_COLUMN_NEW:
		if (alloc_heap_gaps(alloc_table_heap(t))->since_gc_unknown)
			strbuf_putc(out, '-');
		else
			human_bytes(out, row->since_gc.bytes);
		break;
	case ALLOC_COLUMN_SITE:
		put_site(t, row, l, out);
		break;
	default:
		put_interval(t, row, l->columns[column], out);
	}
}

void alloc_heads_text(const struct alloc_layout *l, struct strbuf *out)
{
	table_writer_heads(out, l->heads, l->n, 0);
}

void alloc_row_text(const struct alloc_table *t, const struct alloc_row *row,
		    const struct alloc_layout *l, struct strbuf *out)
{
	struct strbuf cells[ALLOC_COLUMN_COUNT] = {0};
	const char *texts[ALLOC_COLUMN_COUNT];

	for (size_t i = 0; i < l->n; i++) {
		alloc_cell(t, row, l, i, &cells[i]);
		texts[i] = strbuf_text(&cells[i]);
		out->failed = out->failed || cells[i].failed;
	}
	table_writer_row(out, l->heads, l->n, 0, l->line_width, texts);
	for (size_t i = 0; i < l->n; i++)
		strbuf_free(&cells[i]);
}

void alloc_stack_text(const struct alloc_table *t, const struct alloc_row *row, int indent,
		      struct strbuf *out)
{
	const struct heap_frame *frame;

	for (uint32_t i = 0; (frame = alloc_row_frame(t, row, i)) != NULL; i++) {
		strbuf_printf(out, "%*s", indent, "");
		frame_text_full(out, frame);
		strbuf_putc(out, '\n');
	}
}

static void json_amount(struct json_writer *w, const char *bytes, const char *objects, bool known,
			struct alloc_amount amount)
{
	if (!known) {
		json_writer_null(w, bytes);
		json_writer_null(w, objects);
		return;
	}
	json_writer_int(w, bytes, amount.bytes);
	json_writer_int(w, objects, amount.objects);
}

/* null before there is an interval */
static void json_rate(const struct alloc_table *t, struct json_writer *w, const char *key,
		      bool known, int64_t amount)
{
	if (known && alloc_table_interval_ns(t))
		json_writer_int(w, key, alloc_table_per_second(t, amount));
	else
		json_writer_null(w, key);
}

void alloc_frame_json(struct json_writer *w, const struct heap_frame *frame)
{
	json_writer_string(w, "function", frame->function);
	if (*frame->file) {
		json_writer_string(w, "file", frame->file);
		json_writer_uint(w, "line", frame->line);
	}
}

static void json_name(const struct alloc_table *t, const struct alloc_row *row,
		      struct json_writer *w)
{
	const struct alloc_options *options = alloc_table_options(t);

	if (options->owner != ALLOC_OWNER_NONE)
		json_writer_uint(w, alloc_owner_key(options->owner), row->owner);
	if (options->by == ALLOC_BY_PACKAGE)
		json_writer_string(w, "package", row->frame.function);
	else
		alloc_frame_json(w, &row->frame);
}

void alloc_row_json(const struct alloc_table *t, const struct alloc_row *row, bool stack,
		    struct json_writer *w)
{
	bool frees = alloc_table_knows_frees(t);
	int survival = frees ? alloc_row_survival(row) : -1;
	const struct heap_frame *frame;

	stack = stack || alloc_table_options(t)->by == ALLOC_BY_STACK;
	json_name(t, row, w);
	json_amount(w, "inuse_bytes", "inuse_objects", frees, row->inuse);
	json_rate(t, w, "alloc_bytes_per_second", true, row->alloc.bytes);
	json_rate(t, w, "alloc_objects_per_second", true, row->alloc.objects);
	json_rate(t, w, "freed_bytes_per_second", frees, row->freed.bytes);
	json_rate(t, w, "freed_objects_per_second", frees, row->freed.objects);
	json_amount(w, "alloc_bytes", "alloc_objects", true, row->alloc);
	json_amount(w, "freed_bytes", "freed_objects", frees, row->freed);
	json_amount(w, "growth_bytes", "growth_objects", frees, row->growth);
	if (survival < 0)
		json_writer_null(w, "survival_percent");
	else
		json_writer_int(w, "survival_percent", (survival + 5) / 10);
	json_amount(w, "since_gc_bytes", "since_gc_objects",
		    !alloc_heap_gaps(alloc_table_heap(t))->since_gc_unknown, row->since_gc);
	json_amount(w, "total_alloc_bytes", "total_alloc_objects", true, row->total);
	json_amount(w, "watched_alloc_bytes", "watched_alloc_objects", true, row->watched);
	if (alloc_heap_estimated(alloc_table_heap(t)))
		json_writer_bool(w, "estimate", true);
	for (uint32_t i = 0; stack && (frame = alloc_row_frame(t, row, i)) != NULL; i++) {
		json_writer_begin_element(w, "stack");
		alloc_frame_json(w, frame);
		json_writer_end_element(w);
	}
}
