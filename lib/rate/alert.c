#include "rate/alert.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "output/human.h"

#define ENVIRONMENT_TEXT_MOST 32768 /* bytes of one value; execve(2) takes 131,072 */
#define LONGEST_S 9e9		    /* seconds that human_duration() can tell */

static int64_t bytes_of(double value)
{
	return (int64_t)MIN(MAX(value, -9e18), 9e18);
}

static void put_span(struct strbuf *out, double seconds)
{
	if (seconds > LONGEST_S)
		strbuf_puts(out, "never");
	else
		human_duration(out, (uint64_t)(seconds * 1e9));
}

static void put_rate(struct strbuf *out, double bytes_per_second)
{
	human_bytes(out, bytes_of(bytes_per_second));
	strbuf_puts(out, "/s");
}

static void put_growers(const struct alert *a, struct strbuf *out)
{
	for (size_t i = 0; i < a->n_growers; i++) {
		const struct alert_grower *g = &a->growers[i];

		strbuf_puts(out, i ? ", " : "; fastest: ");
		text_display(out, g->comm, strlen(g->comm));
		strbuf_printf(out, " (%d) ", (int)g->pid);
		put_rate(out, g->bytes_per_second);
	}
}

void alert_line(const struct alert *a, struct strbuf *out)
{
	const struct limit *l = a->limit;

	human_time(out, a->time_ns, a->with_date);
	strbuf_puts(out, " ALERT ");
	limit_name(l, out);
	if (l->time.seconds > 0) {
		strbuf_puts(out, ": full in about ");
		put_span(out, l->time.seconds);
		strbuf_puts(out, " (");
		put_span(out, l->time.earliest);
		strbuf_puts(out, " to ");
		put_span(out, l->time.latest);
		strbuf_printf(out, ", confidence %s): ", trend_confidence_name(l->sure));
	} else {
		strbuf_puts(out, ": full: ");
	}
	human_bytes(out, bytes_of((double)limit_room(l)));
	strbuf_puts(out, " of ");
	human_bytes(out, bytes_of((double)l->limit_bytes));
	strbuf_puts(out, " left, grows by ");
	put_rate(out, l->line.per_second);
	if (l->line.shape == TREND_FASTER || l->line.shape == TREND_SLOWER)
		strbuf_printf(out, ", %s and %s", trend_shape_name(l->line.shape),
			      trend_shape_name(l->line.shape));
	put_growers(a, out);
	strbuf_putc(out, '\n');
}

void alert_write_json(const struct alert *a, struct json_writer *w)
{
	_cleanup_strbuf_ struct strbuf time = {0};

	human_time_utc(&time, a->time_ns);
	json_writer_string(w, "event", "alert");
	json_writer_string(w, "time", strbuf_text(&time));
	json_writer_uint(w, "alert", a->limit->alert.count);
	limit_write_json(a->limit, w);
	json_writer_array(w, "processes");
	for (size_t i = 0; i < a->n_growers; i++) {
		const struct alert_grower *g = &a->growers[i];

		json_writer_begin_element(w, "processes");
		json_writer_int(w, "pid", g->pid);
		json_writer_string(w, "comm", g->comm);
		json_writer_string(w, "cgroup", g->cgroup);
		json_writer_int(w, "growth_bytes_per_second", bytes_of(g->bytes_per_second));
		json_writer_end_element(w);
	}
}

static void put(struct strbuf *out, const char *name, const char *format, ...) _printf_(3, 4);
static void put(struct strbuf *out, const char *name, const char *format, ...)
{
	_cleanup_free_ char *value = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&value, format, args);
	va_end(args);
	if (n < 0) {
		value = NULL;
		out->failed = true;
		return;
	}
	strbuf_printf(out, "%s%s=", ALERT_ENVIRONMENT_PREFIX, name);
	strbuf_append(out, value, MIN((size_t)n, (size_t)ENVIRONMENT_TEXT_MOST));
	strbuf_putc(out, '\0');
}

/* Rounded down: who counts on it is not late. */
static void put_seconds(struct strbuf *out, const char *name, double seconds)
{
	if (seconds <= LONGEST_S)
		put(out, name, "%" PRIu64, (uint64_t)seconds);
}

static void put_processes(const struct alert *a, struct strbuf *out)
{
	const struct alert_grower *first = a->growers;
	_cleanup_strbuf_ struct strbuf pids = {0};

	if (!a->n_growers)
		return;
	put(out, "PID", "%d", (int)first->pid);
	put(out, "COMM", "%s", first->comm);
	if (first->cgroup)
		put(out, "PROCESS_CGROUP", "%s", first->cgroup);
	for (size_t i = 0; i < a->n_growers; i++)
		strbuf_printf(&pids, "%s%d", i ? " " : "", (int)a->growers[i].pid);
	put(out, "PIDS", "%s", strbuf_text(&pids));
}

int alert_environment(const struct alert *a, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	const struct limit *l = a->limit;

	put(out, "ALERT", "%u", l->alert.count);
	put(out, "LIMIT", "%s", l->path ? "memcg" : "machine");
	if (l->path)
		put(out, "CGROUP", "%s", l->path[0] ? l->path : "/");
	put(out, "LIMIT_BYTES", "%" PRIu64, l->limit_bytes);
	put(out, "LIMIT_USED_BYTES", "%" PRIu64, l->used_bytes);
	put(out, "LIMIT_ROOM_BYTES", "%" PRIu64, limit_room(l));
	put(out, "LIMIT_CONFIDENCE", "%s", trend_confidence_name(l->sure));
	put(out, "GROWTH_BYTES_PER_SECOND", "%" PRId64, bytes_of(l->line.per_second));
	put_seconds(out, "SECONDS", l->time.seconds);
	put_seconds(out, "SECONDS_EARLIEST", l->time.earliest);
	put_seconds(out, "SECONDS_LATEST", l->time.latest);
	put_processes(a, out);
	alert_line(a, &line);
	put(out, "LINE", "%.*s", (int)MAX(line.length, (size_t)1) - 1, strbuf_text(&line));
	return strbuf_error(out);
}
