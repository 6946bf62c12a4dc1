#include "rate/rate_replay.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "rate/rate_json.h"

#define ROWS_MOST (1u << 20) /* of one time */

struct rate_replay {
	struct rate_replay_options options;
	char *time; /* of the rows; NULL: there are none */
	struct rate_interval interval;
	enum rate_by by;
	struct rate_row *rows;
	size_t n, capacity;
	struct rate_names names; /* further members */
	bool some;		 /* were shown */
};

int rate_replay_open(const struct rate_replay_options *options, struct rate_replay **ret)
{
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	(*ret)->options = *options;
	return 0;
}

static void forget_rows(struct rate_replay *r)
{
	for (size_t i = 0; i < r->n; i++)
		rate_row_clear(&r->rows[i]);
	r->n = 0;
	free(r->time);
	r->time = NULL;
}

void rate_replay_close(struct rate_replay *r)
{
	if (!r)
		return;
	forget_rows(r);
	rate_names_clear(&r->names);
	free(r->rows);
	free(r);
}

static int show_table(struct rate_replay *r)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct rate_table table = {.by = r->by,
				   .more = (const char *const *)r->names.list,
				   .n_more = r->names.n,
				   .width = r->options.like.width};
	int result;

	if (!r->time)
		return 0;
	if (r->by == r->options.like.by)
		table.chosen = rate_table_chosen_as(&r->options.like, &table);
	if (r->some)
		strbuf_putc(&out, '\n');
	r->some = true;
	text_display(&out, r->time, strlen(r->time));
	if (isfinite(r->interval.one_in))
		strbuf_printf(&out, ", allocations counted in 1 of %.0f",
			      round(r->interval.one_in));
	strbuf_putc(&out, '\n');
	rate_rows_sort(&table, r->options.sort, r->rows, r->n);
	result = rate_table_text(&table, r->rows, MIN(r->n, (size_t)r->options.rows), &out);
	forget_rows(r);
	return result < 0 ? result : r->options.show(r->options.user, &out);
}

static int add_row(struct rate_replay *r, char *time, enum rate_by by,
		   const struct rate_interval *interval, struct rate_row *row, struct strbuf *why)
{
	int result = 0;

	if (r->time && (strcmp(r->time, time) != 0 || r->by != by))
		result = show_table(r);
	if (result == 0 && r->n >= ROWS_MOST) {
		strbuf_puts(why, "too many rows of one time");
		result = -EBADMSG;
	}
	if (result == 0)
		result = array_reserve(&r->rows, &r->capacity, r->n, 1, sizeof(*r->rows));
	if (result < 0) {
		rate_row_clear(row);
		free(time);
		return result;
	}
	r->rows[r->n++] = *row;
	r->by = by;
	r->interval = *interval;
	free(r->time);
	r->time = time;
	return 0;
}

static int show_line(struct rate_replay *r, const char *line, size_t n)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	int result;

	strbuf_append(&out, line, n);
	strbuf_putc(&out, '\n');
	result = strbuf_error(&out);
	return result < 0 ? result : r->options.show(r->options.user, &out);
}

int rate_replay_line(struct rate_replay *r, const char *line, size_t n, struct strbuf *why)
{
	struct rate_interval interval = {0};
	struct rate_row row = {0};
	char *time = NULL;
	enum rate_by by;
	int result = rate_row_parse(line, n, &by, &time, &interval, &row, &r->names, why);

	if (result == -ENOMSG)
		return r->options.json ? show_line(r, line, n) : 0;
	if (result < 0)
		return result;
	if (!r->options.json)
		return add_row(r, time, by, &interval, &row, why);
	free(time);
	rate_row_clear(&row);
	return show_line(r, line, n);
}

int rate_replay_end(struct rate_replay *r)
{
	return show_table(r);
}
