#include "proc/meminfo.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

#define KIB_MOST (UINT64_C(1) << 48) /* 256 PiB: what is made of them must not wrap around */

/* A line "NAME:   123 kB". */
static int find(const char *text, const char *name, uint64_t *ret)
{
	size_t n = strlen(name);
	uint64_t kib;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, n) && line[n] == ':' &&
		    sscanf(line + n + 1, "%" SCNu64 " kB", &kib) == 1 && kib < KIB_MOST) {
			*ret = kib * 1024;
			return 0;
		}
	}
	return -EBADMSG;
}

int meminfo_parse(const char *text, struct meminfo *ret)
{
	struct meminfo m;

	if (find(text, "MemTotal", &m.total_bytes) < 0 ||
	    find(text, "MemAvailable", &m.available_bytes) < 0 ||
	    find(text, "SwapTotal", &m.swap_total_bytes) < 0 ||
	    find(text, "SwapFree", &m.swap_free_bytes) < 0)
		return -EBADMSG;
	*ret = m;
	return 0;
}

int meminfo_read(const char *root, struct meminfo *ret)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[4096];
	int r;

	snprintf(path, sizeof(path), "%s/proc/meminfo", root);
	r = file_read(path, 65536, &text);
	return r < 0 ? r : meminfo_parse(strbuf_text(&text), ret);
}
