#include "victim/site_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "go/frame_text.h"
#include "output/human.h"
#include "output/table_writer.h"

#define INDENT 2

enum { INUSE, OBJECTS, SHARE, SINCE_GC, ALLOC, ALLOCS, SITE, COLUMNS };

const struct column_about site_columns[] = {
	[INUSE] = {"inuse", "INUSE", "bytes", "in use: allocated and not freed"},
	[OBJECTS] = {"objects", "OBJECTS", "", "in use"},
	[SHARE] = {"share", "%", "%", "of all bytes in use"},
	[SINCE_GC] = {"since-gc", "SINCE-GC", "bytes", "in use, younger than the last collection"},
	[ALLOC] = {"alloc", "ALLOC", "bytes", "allocated since the program began"},
	[ALLOCS] = {"allocs", "ALLOCS", "", "objects allocated since the program began"},
	[SITE] = {"site", "SITE", "", "function that allocates, file and line"},
};
const size_t site_columns_count = COLUMNS;

static const struct table_column looks[] = {
	[INUSE] = {"INUSE", 7, false}, [OBJECTS] = {"OBJECTS", 8, false},
	[SHARE] = {"%", 5, false},     [SINCE_GC] = {"SINCE-GC", 8, false},
	[ALLOC] = {"ALLOC", 7, false}, [ALLOCS] = {"ALLOCS", 9, false},
	[SITE] = {"SITE", 0, true},
};

/* Those that are shown, in their order. */
struct shown {
	struct table_column columns[COLUMNS];
	int which[COLUMNS];
	size_t n;
	const struct site_table_options *options;
	const struct heap_totals *totals;
};

uint64_t site_columns_usual(void)
{
	return 1u << INUSE | 1u << OBJECTS | 1u << SHARE | 1u << SINCE_GC | 1u << SITE;
}

int site_columns_sort(const char *name)
{
	static const int sortable[] = {INUSE, OBJECTS, SINCE_GC, ALLOC, ALLOCS};

	for (size_t i = 0; i < ARRAY_SIZE(sortable); i++)
		if (!strcmp(site_columns[sortable[i]].name, name))
			return sortable[i];
	return -ENOENT;
}

static int64_t sort_value(const struct heap_site *site, int column)
{
	switch (column) {
	case OBJECTS:
		return site->inuse_objects;
	case SINCE_GC:
		return site->since_gc_bytes;
	case ALLOC:
		return site->alloc_bytes;
	case ALLOCS:
		return site->alloc_objects;
	default:
		return site->inuse_bytes;
	}
}

static int compare(const void *a, const void *b, void *column)
{
	int64_t x = sort_value(a, *(const int *)column), y = sort_value(b, *(const int *)column);

	return x < y ? 1 : x > y ? -1 : 0;
}

static void choose(struct shown *s)
{
	uint64_t chosen = s->options->columns ? s->options->columns : site_columns_usual();

	for (int i = 0; i < COLUMNS; i++)
		if (chosen >> i & 1) {
			s->columns[s->n] = looks[i];
			s->which[s->n++] = i;
		}
}

/* Characters that are left of a line for the site, the last column. */
static size_t room_for_site(const struct shown *s)
{
	int before = INDENT;

	for (size_t i = 0; i + 1 < s->n; i++)
		before += s->columns[i].width + 1;
	return s->options->line_width > before ? (size_t)(s->options->line_width - before) : 0;
}

static void put_site(struct strbuf *out, const struct shown *s, const struct heap_frame *frame)
{
	frame_text(out, frame, false);
	if (s->options->line_width && out->length > room_for_site(s)) {
		strbuf_reset(out);
		frame_text(out, frame, true);
	}
}

static void put_cell(const struct shown *s, int column, const struct heap_site *site,
		     struct strbuf *out)
{
	int64_t total = s->totals->inuse_bytes;

	switch (column) {
	case INUSE:
		human_bytes(out, site->inuse_bytes);
		break;
	case OBJECTS:
		strbuf_printf(out, "%" PRId64, site->inuse_objects);
		break;
	case SHARE:
		strbuf_printf(out, "%.1f",
			      total > 0 ? 100.0 * (double)site->inuse_bytes / (double)total : 0.0);
		break;
	case SINCE_GC:
		if (s->totals->since_gc_known)
			human_bytes(out, site->since_gc_bytes);
		else
			strbuf_putc(out, '-');
		break;
	case ALLOC:
		human_bytes(out, site->alloc_bytes);
		break;
	case ALLOCS:
		strbuf_printf(out, "%" PRId64, site->alloc_objects);
		break;
	case SITE:
		put_site(out, s, &site->frame);
		break;
	}
}

static void put_row(const struct shown *s, const struct heap_site *site, struct strbuf *out)
{
	struct strbuf cells[COLUMNS] = {0};
	const char *texts[COLUMNS];

	for (size_t i = 0; i < s->n; i++) {
		put_cell(s, s->which[i], site, &cells[i]);
		texts[i] = strbuf_text(&cells[i]);
	}
	table_writer_row(out, s->columns, s->n, INDENT, s->options->line_width, texts);
	for (size_t i = 0; i < s->n; i++)
		strbuf_free(&cells[i]);
}

void site_table(const struct heap_totals *totals, const struct heap_site *sites, size_t n,
		const struct site_table_options *options, struct strbuf *out)
{
	struct shown shown = {.options = options, .totals = totals};
	_cleanup_free_ struct heap_site *sorted = NULL;
	int column = options->sort;

	choose(&shown);
	if (column == INUSE)
		n = MIN(n, options->rows);
	while (n && sites[n - 1].inuse_bytes <= 0)
		n--; /* all freed again: largest first, so these are last */
	/* Without memory for another order it is the usual one. */
	sorted = n && column != INUSE ? malloc(n * sizeof(*sorted)) : NULL;
	if (sorted) {
		memcpy(sorted, sites, n * sizeof(*sorted));
		qsort_r(sorted, n, sizeof(*sorted), compare, &column);
		sites = sorted;
	}
	n = MIN(n, options->rows);
	if (n)
		table_writer_heads(out, shown.columns, shown.n, INDENT);
	for (size_t i = 0; i < n; i++)
		put_row(&shown, &sites[i], out);
}
