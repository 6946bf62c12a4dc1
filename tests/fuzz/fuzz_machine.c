/* What a captured machine may hold: texts of processes, zones and cgroups. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "proc/process.h"
#include "rank/machine_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_status(const char *text)
{
	struct status_text s;

	if (status_text_parse(text, &s) < 0)
		return;
	if (!s.has_memory &&
	    (s.anon_kib || s.file_kib || s.shmem_kib || s.swap_kib || s.pgtables_kib))
		abort();
	/* What is added up and made bytes of must not wrap around. */
	if (s.anon_kib >= UINT64_MAX >> 16 || s.pgtables_kib >= UINT64_MAX >> 16)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = malloc(size + 1);
	uint64_t pages[64] = {0}, nodes = 0, value, sum = 0;
	struct process process;

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	parse_status(text);
	zoneinfo_text_parse(text, pages, &nodes);
	for (unsigned int i = 0; i < 64; i++) {
		if (!pages[i] != !(nodes >> i & 1))
			abort();
		sum += pages[i];
	}
	if (sum && !nodes)
		abort();
	(void)stat_text_find(text, "total_cache", &value);
	if (limit_text_parse(text, &value) && value >= UINT64_C(1) << 60)
		abort();
	(void)list_text_parse(text, &value);
	if (process_parse_stat(text, size, &process) == 0 && strlen(process.comm) >= 64)
		abort();
	return 0;
}
