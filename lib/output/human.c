#include "output/human.h"

#include <inttypes.h>
#include <time.h>

#define NS_PER_S 1000000000ull

void human_bytes(struct strbuf *out, int64_t bytes)
{
	static const char units[] = "KMGTPE";
	double value = (double)bytes;
	int unit = -1;

	while ((value >= 1023.95 || value <= -1023.95) && unit < (int)sizeof(units) - 2) {
		value /= 1024;
		unit++;
	}
	if (unit < 0)
		strbuf_printf(out, "%" PRId64 "B", bytes);
	else
		strbuf_printf(out, "%.1f%c", value, units[unit]);
}

void human_count(struct strbuf *out, int64_t count)
{
	static const char units[] = "kMGTPE";
	double value = (double)count / 1000;
	int unit = 0;

	if (count < 100000 && count > -100000) {
		strbuf_printf(out, "%" PRId64, count);
		return;
	}
	for (; (value >= 999.95 || value <= -999.95) && units[unit + 1]; unit++)
		value /= 1000;
	strbuf_printf(out, "%.1f%c", value, units[unit]);
}

void human_things(struct strbuf *out, uint64_t n, const char *what)
{
	strbuf_printf(out, "%" PRIu64 " %s%s", n, what, n == 1 ? "" : "s");
}

void human_duration(struct strbuf *out, uint64_t ns)
{
	double seconds = (double)ns / NS_PER_S;

	if (ns < NS_PER_S)
		strbuf_printf(out, "%" PRIu64 " ms", ns / 1000000);
	else if (seconds < 120)
		strbuf_printf(out, "%.1f s", seconds);
	else if (seconds < 2 * 3600)
		strbuf_printf(out, "%.0f min", seconds / 60);
	else if (seconds < 2 * 86400)
		strbuf_printf(out, "%.1f h", seconds / 3600);
	else
		strbuf_printf(out, "%.1f days", seconds / 86400);
}

void human_time(struct strbuf *out, uint64_t realtime_ns, int date)
{
	time_t seconds = (time_t)(realtime_ns / NS_PER_S);
	unsigned int ms = (unsigned int)(realtime_ns % NS_PER_S / 1000000);
	char text[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(text, sizeof(text), date ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &tm);
	strbuf_puts(out, text);
	if (date)
		strbuf_printf(out, ".%03u", ms);
}

void human_time_utc(struct strbuf *out, uint64_t realtime_ns)
{
	time_t seconds = (time_t)(realtime_ns / NS_PER_S);
	unsigned int ms = (unsigned int)(realtime_ns % NS_PER_S / 1000000);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	strbuf_printf(out, "%s.%03uZ", text, ms);
}
