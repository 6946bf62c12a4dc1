#include "alloc/system_lines.h"

#include "output/human.h"
#include "proc/loadavg.h"
#include "proc/meminfo.h"
#include "proc/pressure.h"

static void put_memory(const char *root, struct strbuf *out)
{
	struct pressure pressure;
	struct meminfo m;

	if (meminfo_read(root, &m) < 0)
		return;
	strbuf_puts(out, "mem ");
	human_bytes(out, (int64_t)m.available_bytes);
	strbuf_puts(out, " of ");
	human_bytes(out, (int64_t)m.total_bytes);
	strbuf_puts(out, " available, swap ");
	human_bytes(out,
		    (int64_t)(m.swap_total_bytes - MIN(m.swap_total_bytes, m.swap_free_bytes)));
	strbuf_puts(out, " of ");
	human_bytes(out, (int64_t)m.swap_total_bytes);
	strbuf_puts(out, " used");
	if (pressure_read(root, "memory", &pressure) == 0)
		strbuf_printf(out, ", PSI some %.2f%% full %.2f%%", pressure.some.avg10,
			      pressure.full.avg10);
	strbuf_putc(out, '\n');
}

int system_lines(const char *root, uint64_t realtime_ns, int date, struct strbuf *out)
{
	struct loadavg load;

	human_time(out, realtime_ns, date);
	if (loadavg_read(root, &load) == 0)
		strbuf_printf(out, " loadavg: %s", load.text);
	strbuf_putc(out, '\n');
	put_memory(root, out);
	return strbuf_error(out);
}
