/* Recordings of oomprof: lines of any bytes become reports, or are refused. */
#include <stdint.h>
#include <stdlib.h>

#include "tests/fuzz/lines.h"
#include "victim/victim_recorded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void play(const char *line, size_t n)
{
	static const struct victim_report_options forms[] = {
		{.rows = 1000},
		{.date = true, .rows = 2, .columns = 0x7f, .sort = 5, .line_width = 40},
	};
	_cleanup_victim_recorded_ struct victim_recorded *recorded = NULL;
	_cleanup_strbuf_ struct strbuf why = {0};
	int r = victim_recorded_read(line, n, &recorded, &why);

	if (r < 0 && !why.length)
		abort();
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(forms); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};

		if (victim_recorded_text(recorded, &forms[i], &out) < 0)
			abort();
		fuzz_check_plain(&out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t at = 0, n; at < size; at += n) {
		n = fuzz_line((const char *)data + at, size - at);
		play((const char *)data + at, n);
	}
	return 0;
}
