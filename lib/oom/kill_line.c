#include "oom/kill_line.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "output/human.h"

static void number(struct strbuf *out, uint64_t n)
{
	if (n == KILL_UNKNOWN)
		strbuf_puts(out, "n/a");
	else
		strbuf_printf(out, "%" PRIu64, n);
}

static void text(struct strbuf *out, const char *s)
{
	if (s)
		text_display(out, s, strlen(s));
	else
		strbuf_puts(out, "n/a");
}

static void process(struct strbuf *out, const struct kill_process *p)
{
	strbuf_puts(out, " PID ");
	number(out, p->pid);
	strbuf_puts(out, " (\"");
	text(out, p->comm);
	strbuf_puts(out, "\"), ");
}

int kill_line(const struct kill *k, bool date, const struct kill_columns *columns,
	      struct strbuf *out)
{
	if (k->time_ns == KILL_UNKNOWN)
		strbuf_puts(out, "n/a");
	else
		human_time(out, k->time_ns, date);
	strbuf_puts(out, " Triggered by");
	process(out, &k->trigger);
	strbuf_puts(out, "OOM kill of");
	process(out, &k->victim);
	number(out, k->domain.pages);
	strbuf_puts(out, " pages, loadavg: ");
	text(out, k->machine.loadavg);
	kill_columns_put(columns, k, out);
	strbuf_putc(out, '\n');
	return strbuf_error(out);
}
