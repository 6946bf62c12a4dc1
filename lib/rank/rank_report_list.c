/* The list of processes, the largest first: one line each, in columns. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "oom/explain_rows.h"
#include "output/human.h"
#include "rank/rank_report_internal.h"

#define COLUMNS 79
#define NAME_COLUMNS 18
#define PATH_LEAST 12 /* less of a path tells nothing */
#define CUT "..."

struct sized {
	uint64_t bytes;
	size_t process;
};

static int by_size(const void *a, const void *b)
{
	const struct sized *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x->process < y->process ? -1 : x->process > y->process;
}

/* All in the domain that have memory, and are large enough. */
static size_t collect(const struct rank_report *p, struct sized *ret)
{
	const struct machine *m = p->view->machine;
	size_t n = 0;

	for (size_t i = 0; i < m->n_processes; i++) {
		uint64_t bytes = rank_view_held_bytes(p->view, i);

		if (bytes < (p->all ? 1 : RANK_REPORT_BIG_BYTES) ||
		    !domain_has(m, &p->ranking->domain, i))
			continue;
		ret[n++] = (struct sized){bytes, i};
	}
	return n;
}

static size_t characters(const struct strbuf *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->length; i++)
		n += ((unsigned char)text->data[i] & 0xc0) != 0x80;
	return n;
}

static void pad(struct strbuf *out, size_t start, size_t columns)
{
	struct strbuf tail = {.data = out->data + start, .length = out->length - start};

	for (size_t n = characters(&tail); n < columns; n++)
		strbuf_putc(out, ' ');
}

void rank_report_path(const char *path, size_t room, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf shown = {0};
	size_t n, skip = 0;

	text_display(&shown, path, strlen(path));
	n = characters(&shown);
	if (n <= room || strbuf_error(&shown) < 0) {
		strbuf_puts(out, strbuf_text(&shown));
		return;
	}
	if (room < PATH_LEAST)
		return;
	for (n -= room - strlen(CUT); n > 0 || (shown.data[skip] & 0xc0) == 0x80; skip++)
		n -= n && (shown.data[skip + 1] & 0xc0) != 0x80;
	strbuf_printf(out, CUT "%s", shown.data + skip);
}

static void put_line(const struct rank_report *p, const struct sized *s, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf line = {0}, size = {0};
	const struct machine *m = p->view->machine;
	const struct machine_process *process = &m->processes[s->process];
	const struct oomrank_task *t = &process->task;
	size_t start;

	human_bytes(&size, (int64_t)s->bytes);
	strbuf_printf(&line, "OOM:   proc %7" PRIu32 " %8s ", t->pid, strbuf_text(&size));
	start = line.length;
	strbuf_putc(&line, '\'');
	text_display(&line, t->comm, strnlen(t->comm, sizeof(t->comm)));
	strbuf_putc(&line, '\'');
	if (!strbuf_error(&line))
		pad(&line, start, NAME_COLUMNS);
	strbuf_printf(&line, " adj %5" PRId32, t->oom_score_adj);
	strbuf_putc(&line, ' ');
	start = characters(&line);
	if (process->cgroup < m->n_cgroups)
		rank_report_path(m->cgroups[process->cgroup].path,
				 start < COLUMNS ? COLUMNS - start : 0, &line);
	while (line.length && line.data[line.length - 1] == ' ')
		line.data[--line.length] = '\0';
	strbuf_printf(out, "%s\n", strbuf_text(&line));
}

int rank_report_list(struct explain *x, const struct rank_report *p)
{
	_cleanup_free_ struct sized *sorted =
		calloc(p->view->machine->n_processes + 1, sizeof(*sorted));
	size_t n, shown;

	if (!sorted)
		return -ENOMEM;
	n = collect(p, sorted);
	qsort(sorted, n, sizeof(*sorted), by_size);
	shown = p->rows && p->rows < n ? p->rows : n;
	explain_end(x);
	if (n)
		strbuf_printf(x->out,
			      "OOM: Processes%s (anon + file + shmem + swap + page tables):\n",
			      p->all ? "" : " of 8.0M or more");
	else
		strbuf_printf(x->out, "OOM: No process%s.\n", p->all ? "" : " of 8.0M or more");
	for (size_t i = 0; i < shown; i++)
		put_line(p, &sorted[i], x->out);
	if (shown < n)
		strbuf_printf(x->out, "OOM:   ... and %zu more\n", n - shown);
	return 0;
}
