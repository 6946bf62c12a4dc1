/* What a captured machine may hold in files that are not a process's: memory, pressure, load, the
 * cgroups of a process; and lists of nodes, of a cpuset or from the command line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "proc/cgroup.h"
#include "proc/loadavg.h"
#include "proc/meminfo.h"
#include "proc/pressure.h"
#include "rank/machine_text.h"
#include "rank/rank_nodes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_nodes(const char *text)
{
	uint64_t nodes, lenient;

	if (rank_nodes_parse(text, &nodes) < 0 || strchr(text, ' '))
		return;
	/* What is a list of nodes is a list. */
	if (!nodes || list_text_parse(text, &lenient) < 0 || nodes != lenient)
		abort();
}

static void parse_cgroup(const char *text)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	int version = cgroup_parse_memory(text, &path);

	if (version > 2 || (version > 0 && strchr(strbuf_text(&path), '\n')))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = malloc(size + 1);
	struct pressure pressure;
	struct meminfo memory;
	struct loadavg load;

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	/* What is added up must not wrap around. */
	if (meminfo_parse(text, &memory) == 0 &&
	    (memory.total_bytes > UINT64_MAX / 4 || memory.swap_total_bytes > UINT64_MAX / 4))
		abort();
	if (pressure_parse(text, &pressure) == 0 &&
	    !(pressure.some.avg10 <= 100 && pressure.full.avg300 >= 0))
		abort();
	if (loadavg_parse(text, &load) == 0 && strlen(load.text) >= sizeof(load.text))
		abort();
	parse_cgroup(text);
	parse_nodes(text);
	return 0;
}
