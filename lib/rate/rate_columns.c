#include "rate/rate_columns.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "output/human.h"

#define NEVER 9		   /* above every `extra` */
#define PATH_LEAST 20	   /* characters, where the last column is shown */
#define CONTAINER_SHOWN 12 /* digits of an id, as docker ps shows it */

/* Those with the highest `extra` go first where the line is too short. */
static const struct {
	struct table_column head;
	int extra;
	struct column_about about;
} columns[RATE_COLUMN_COUNT] = {
	[RATE_COLUMN_NAME] = {{"PID", 7, false}, 0, {"pid", "PID", "", "the process"}},
	[RATE_COLUMN_COMM] = {{"COMM", 15, true}, 0, {"comm", "COMM", "", "its name"}},
	[RATE_COLUMN_RSS] = {{"RSS", 7, false}, 1, {"rss", "RSS", "bytes", "in memory"}},
	[RATE_COLUMN_GROWTH] = {{"GROW/s", 7, false},
				0,
				{"growth", "GROW/s", "bytes/s", "by how much that grows"}},
	[RATE_COLUMN_ANON] = {{"ANON/s", 7, false},
			      5,
			      {"anon", "ANON/s", "bytes/s", "of that: heaps, stacks"}},
	[RATE_COLUMN_FILE] = {{"FILE/s", 7, false},
			      5,
			      {"file", "FILE/s", "bytes/s", "of that: mapped files"}},
	[RATE_COLUMN_SHMEM] = {{"SHMEM/s", 7, false},
			       6,
			       {"shmem", "SHMEM/s", "bytes/s", "of that: shared memory, tmpfs"}},
	[RATE_COLUMN_SWAP] = {{"SWAP/s", 7, false},
			      6,
			      {"swap", "SWAP/s", "bytes/s", "growth of what is in swap"}},
	[RATE_COLUMN_FAULTS] = {{"FAULT/s", 7, false},
				3,
				{"faults", "FAULT/s", "1/s", "page faults"}},
	[RATE_COLUMN_MAJOR] = {{"MAJOR/s", 7, false},
			       7,
			       {"major", "MAJOR/s", "1/s", "of these with reading from a disk"}},
	[RATE_COLUMN_ALLOC] = {{"ALLOC/s", 7, false},
			       2,
			       {"alloc", "ALLOC/s", "bytes/s", "pages allocated in its context"}},
	[RATE_COLUMN_FREED] = {{"FREE/s", 7, false},
			       6,
			       {"freed", "FREE/s", "bytes/s", "pages freed in its context"}},
	[RATE_COLUMN_SLAB] = {{"SLAB/s", 7, false},
			      3,
			      {"slab", "SLAB/s", "bytes/s", "kmalloc() in its context"}},
	[RATE_COLUMN_KFREES] = {{"KFREE/s", 7, false},
				7,
				{"kfrees", "KFREE/s", "1/s", "kfree() in its context"}},
	[RATE_COLUMN_USED] = {{"USED", 7, false},
			      4,
			      {"used", "USED", "bytes", "used below the limit it meets first"}},
	[RATE_COLUMN_LIMIT] = {{"LIMIT", 7, false},
			       4,
			       {"limit", "LIMIT", "bytes", "that limit; * is the machine's"}},
	[RATE_COLUMN_FULL_IN] = {{"FULL IN", 8, false},
				 0,
				 {"full", "FULL IN", "",
				  "when it is reached at the present trend"}},
	[RATE_COLUMN_SURE] = {{"SURE", 6, true},
			      1,
			      {"sure", "SURE", "", "of that: the trend's confidence"}},
	[RATE_COLUMN_CGROUP] = {{"CGROUP", 0, true},
				8,
				{"cgroup", "CGROUP", "", "the memory cgroup"}},
};

static const struct {
	const char *head;
	int width;
	const char *help;
} names[] = {
	[RATE_BY_PROCESS] = {"PID", 7, "the process"},
	[RATE_BY_CGROUP] = {"CGROUP", 30, "the memory cgroup"},
	[RATE_BY_CONTAINER] = {"CONTAINER", 12, "the container: its id"},
};

static size_t n_more(const struct rate_table *t)
{
	return MIN(t->n_more, (size_t)RATE_COLUMNS_MORE);
}

/* Which of ours stands at PLACE, or RATE_COLUMN_COUNT and in RET which of the text's. */
static enum rate_column column_at(const struct rate_table *t, size_t place, size_t *ret)
{
	size_t more = n_more(t);

	if (place < RATE_COLUMN_USED)
		return (enum rate_column)place;
	if (place < RATE_COLUMN_USED + more) {
		*ret = place - RATE_COLUMN_USED;
		return RATE_COLUMN_COUNT;
	}
	return (enum rate_column)(place - more);
}

static struct table_column head_at(const struct rate_table *t, size_t place)
{
	size_t more = 0;
	enum rate_column c = column_at(t, place, &more);
	struct table_column head;

	if (c == RATE_COLUMN_COUNT)
		return (struct table_column){t->more[more], 8, false};
	head = columns[c].head;
	if (c == RATE_COLUMN_NAME)
		head = (struct table_column){names[t->by].head, names[t->by].width,
					     t->by != RATE_BY_PROCESS};
	if (c == RATE_COLUMN_COMM && t->by != RATE_BY_PROCESS)
		head = (struct table_column){"PROCS", 5, false};
	return head;
}

size_t rate_table_abouts(const struct rate_table *t, struct column_about *ret)
{
	size_t n = RATE_COLUMN_COUNT + n_more(t), more = 0;

	for (size_t i = 0; i < n; i++) {
		enum rate_column c = column_at(t, i, &more);

		if (c == RATE_COLUMN_COUNT) {
			ret[i] = (struct column_about){t->more[more], NULL, "1/s",
						       "told by the edited text"};
			continue;
		}
		ret[i] = columns[c].about;
		if (c == RATE_COLUMN_NAME && t->by != RATE_BY_PROCESS)
			ret[i] = (struct column_about){t->by == RATE_BY_CGROUP ? "name"
									       : "container",
						       names[t->by].head, "", names[t->by].help};
		if (c == RATE_COLUMN_COMM && t->by != RATE_BY_PROCESS)
			ret[i] = (struct column_about){"procs", "PROCS", "", "processes in it"};
	}
	return n;
}

/* The path of a cgroup is long: of these rows it stands in the last column. */
static int extra_at(const struct rate_table *t, size_t place)
{
	size_t more;
	enum rate_column c = column_at(t, place, &more);

	if (t->by == RATE_BY_CGROUP && (c == RATE_COLUMN_NAME || c == RATE_COLUMN_CGROUP))
		return c == RATE_COLUMN_NAME ? NEVER : 0;
	return c == RATE_COLUMN_COUNT ? 0 : columns[c].extra;
}

static uint64_t with_extra(const struct rate_table *t, int most, int *ret_width)
{
	size_t n = RATE_COLUMN_COUNT + n_more(t);
	uint64_t shown = 0;
	int width = -1;

	for (size_t i = 0; i < n; i++) {
		if (extra_at(t, i) > most)
			continue;
		shown |= UINT64_C(1) << i;
		width += 1 + (i + 1 == n ? PATH_LEAST : head_at(t, i).width);
	}
	*ret_width = width;
	return shown;
}

uint64_t rate_table_shown(const struct rate_table *t)
{
	uint64_t shown = 0;
	int width;

	if (t->chosen)
		return t->chosen;
	for (int extra = NEVER - 1; extra >= 0; extra--) {
		shown = with_extra(t, extra, &width);
		if (!t->width || width <= t->width)
			break;
	}
	return shown;
}

/* Is it the same column, at another place perhaps? */
static bool is_same(const struct rate_table *a, size_t i, const struct rate_table *b, size_t j)
{
	size_t x = 0, y = 0;
	enum rate_column c = column_at(a, i, &x);

	if (c != column_at(b, j, &y))
		return false;
	return c != RATE_COLUMN_COUNT || !strcmp(a->more[x], b->more[y]);
}

uint64_t rate_table_chosen_as(const struct rate_table *from, const struct rate_table *to)
{
	uint64_t chosen = 0;

	for (size_t i = 0; i < RATE_COLUMN_COUNT + n_more(from); i++)
		for (size_t j = 0; j < RATE_COLUMN_COUNT + n_more(to); j++)
			if (from->chosen & UINT64_C(1) << i && is_same(from, i, to, j))
				chosen |= UINT64_C(1) << j;
	return chosen;
}

static void put_rate(double value, bool bytes, struct strbuf *out)
{
	if (isnan(value))
		strbuf_puts(out, "n/a");
	else if (bytes)
		human_bytes(out, llrint(value));
	else
		human_count(out, llrint(value));
}

static void put_name(const struct rate_table *t, const struct rate_row *row, struct strbuf *out)
{
	if (t->by == RATE_BY_PROCESS)
		strbuf_printf(out, "%d", (int)row->pid);
	else if (t->by == RATE_BY_CGROUP && row->cgroup)
		text_display(out, row->cgroup, strlen(row->cgroup));
	else if (t->by == RATE_BY_CONTAINER && row->container)
		text_display(out, row->container,
			     MIN(strlen(row->container), (size_t)CONTAINER_SHOWN));
	else
		strbuf_putc(out, '-');
}

static void put_comm(const struct rate_table *t, const struct rate_row *row, struct strbuf *out)
{
	if (t->by == RATE_BY_PROCESS)
		text_display(out, row->comm, strlen(row->comm));
	else
		strbuf_printf(out, "%" PRIu64, row->processes);
}

static void put_limit(const struct rate_limit *l, enum rate_column c, struct strbuf *out)
{
	bool never = l->name && isinf(l->until.seconds);

	if (!l->name) {
		strbuf_putc(out, '-');
	} else if (c == RATE_COLUMN_USED) {
		human_bytes(out, (int64_t)l->used_bytes);
	} else if (c == RATE_COLUMN_LIMIT) {
		human_bytes(out, (int64_t)l->limit_bytes);
		strbuf_puts(out, *l->name ? "" : "*");
	} else if (c == RATE_COLUMN_SURE) {
		strbuf_puts(out, never || l->confidence == TREND_NONE
					 ? "-"
					 : trend_confidence_name(l->confidence));
	} else if (never || l->confidence == TREND_NONE) {
		strbuf_putc(out, '-');
	} else if (l->until.seconds > 1e9) {
		strbuf_puts(out, "years");
	} else {
		human_duration(out, (uint64_t)(l->until.seconds * 1e9));
	}
}

static void put_ours(const struct rate_table *t, const struct rate_row *row, enum rate_column c,
		     struct strbuf *out)
{
	switch (c) {
	case RATE_COLUMN_NAME:
		put_name(t, row, out);
		break;
	case RATE_COLUMN_COMM:
		put_comm(t, row, out);
		break;
	case RATE_COLUMN_RSS:
		human_bytes(out, rate_row_resident(row));
		break;
	case RATE_COLUMN_GROWTH:
		put_rate(rate_row_growth(row), true, out);
		break;
	case RATE_COLUMN_ANON:
	case RATE_COLUMN_FILE:
	case RATE_COLUMN_SHMEM:
	case RATE_COLUMN_SWAP:
		put_rate(row->growth[RATE_ANON + (int)(c - RATE_COLUMN_ANON)], true, out);
		break;
	case RATE_COLUMN_FAULTS:
		put_rate(row->faults, false, out);
		break;
	case RATE_COLUMN_MAJOR:
		put_rate(row->major_faults, false, out);
		break;
	case RATE_COLUMN_ALLOC:
		put_rate(row->page_bytes, true, out);
		break;
	case RATE_COLUMN_FREED:
		put_rate(row->freed_bytes, true, out);
		break;
	case RATE_COLUMN_SLAB:
		put_rate(row->slab_bytes, true, out);
		break;
	case RATE_COLUMN_KFREES:
		put_rate(row->slab_frees, false, out);
		break;
	case RATE_COLUMN_CGROUP:
		if (row->cgroup)
			text_display(out, row->cgroup, strlen(row->cgroup));
		else
			strbuf_putc(out, '-');
		break;
	default:
		put_limit(&row->limit, c, out);
	}
}

const char *const rate_sort_names[RATE_SORTS + 1] = {"growth", "rss",	 "anon",  "file",  "shmem",
						     "swap",   "faults", "alloc", "freed", "slab",
						     "kfrees", "full",	 "pid",	  NULL};

void rate_table_sorts(const struct rate_table *t,
		      const char *ret[RATE_SORTS + RATE_COLUMNS_MORE + 1])
{
	memcpy(ret, rate_sort_names, RATE_SORTS * sizeof(*ret));
	for (size_t i = 0; i < n_more(t); i++)
		ret[RATE_SORTS + i] = t->more[i];
	ret[RATE_SORTS + n_more(t)] = NULL;
}

/* SORT: index in rate_table_sorts(). */
static double sort_key(const struct rate_row *row, size_t sort)
{
	const double keys[RATE_SORTS] = {
		rate_row_growth(row),
		(double)rate_row_resident(row),
		row->growth[RATE_ANON],
		row->growth[RATE_FILE],
		row->growth[RATE_SHMEM],
		row->growth[RATE_SWAP],
		row->faults,
		row->page_bytes,
		row->freed_bytes,
		row->slab_bytes,
		row->slab_frees,
		row->limit.name && row->limit.confidence != TREND_NONE ? -row->limit.until.seconds
								       : NAN,
		-(double)row->pid,
	};

	if (sort < RATE_SORTS)
		return keys[sort];
	return row->more ? row->more[sort - RATE_SORTS] : NAN;
}

/* What is not known comes last. */
static double known_key(const struct rate_row *row, size_t sort)
{
	double key = sort_key(row, sort);

	return isnan(key) ? -INFINITY : key;
}

static int compare(const void *a, const void *b, void *sort)
{
	const struct rate_row *x = a, *y = b;
	double kx = known_key(x, *(size_t *)sort), ky = known_key(y, *(size_t *)sort);

	if (kx != ky)
		return kx < ky ? 1 : -1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

void rate_rows_sort(const struct rate_table *t, const char *sort, struct rate_row *rows, size_t n)
{
	const char *sorts[RATE_SORTS + RATE_COLUMNS_MORE + 1];
	size_t at = 0;

	rate_table_sorts(t, sorts);
	while (sort && sorts[at] && strcmp(sorts[at], sort) != 0)
		at++;
	if (!sorts[at])
		at = 0;
	if (n)
		qsort_r(rows, n, sizeof(*rows), compare, &at);
}

static size_t pick(const struct rate_table *t, struct table_column *heads, size_t *places)
{
	size_t n = RATE_COLUMN_COUNT + n_more(t), k = 0;
	uint64_t shown = rate_table_shown(t);

	for (size_t i = 0; i < n; i++)
		if (shown & UINT64_C(1) << i) {
			heads[k] = head_at(t, i);
			places[k++] = i;
		}
	return k;
}

void rate_table_cell(const struct rate_table *t, const struct rate_row *row, size_t i,
		     struct strbuf *out)
{
	size_t more = 0;
	enum rate_column c = column_at(t, i, &more);

	if (c == RATE_COLUMN_COUNT)
		put_rate(row->more ? row->more[more] : NAN, false, out);
	else
		put_ours(t, row, c, out);
}

int rate_table_text(const struct rate_table *t, const struct rate_row *rows, size_t n,
		    struct strbuf *out)
{
	struct table_column heads[COLUMN_CHOICE_MOST];
	struct strbuf cells[COLUMN_CHOICE_MOST] = {{0}};
	const char *texts[COLUMN_CHOICE_MOST];
	size_t places[COLUMN_CHOICE_MOST], k = pick(t, heads, places);
	int r = 0;

	table_writer_heads(out, heads, k, 0);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < k; j++) {
			strbuf_reset(&cells[j]);
			rate_table_cell(t, &rows[i], places[j], &cells[j]);
			texts[j] = strbuf_text(&cells[j]);
			r = strbuf_error(&cells[j]) < 0 ? -ENOMEM : r;
		}
		table_writer_row(out, heads, k, 0, t->width, texts);
	}
	for (size_t j = 0; j < k; j++)
		strbuf_free(&cells[j]);
	return r < 0 ? r : strbuf_error(out);
}
