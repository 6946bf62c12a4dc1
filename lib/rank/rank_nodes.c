#include "rank/rank_nodes.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/macro.h"

#define NODES 64
#define FILE_MOST 65536

static int parse_node(const char **text, unsigned long *ret)
{
	char *end;

	if (**text < '0' || **text > '9')
		return -EINVAL;
	*ret = strtoul(*text, &end, 10);
	*text = end;
	return 0;
}

int rank_nodes_parse(const char *text, uint64_t *ret)
{
	uint64_t nodes = 0;
	unsigned long first, last;
	bool beyond = false;

	do {
		if (parse_node(&text, &first) < 0)
			return -EINVAL;
		last = first;
		if (*text == '-') {
			text++;
			if (parse_node(&text, &last) < 0 || last < first)
				return -EINVAL;
		}
		beyond |= last >= NODES;
		for (unsigned long i = first; i <= last && i < NODES; i++)
			nodes |= UINT64_C(1) << i;
	} while (*text == ',' && *text++);
	if (text[strspn(text, " \n")])
		return -EINVAL;
	if (beyond)
		return -ERANGE;
	*ret = nodes;
	return 0;
}

/* v1: the effective ones (since Linux 4.2), else its own; v2: likewise. */
static int read_nodes(const char *directory, uint64_t *ret)
{
	static const char *const names[] = {"cpuset.effective_mems", "cpuset.mems.effective",
					    "cpuset.mems"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s/%s", directory, names[i]) >= (int)sizeof(path))
			return -ENAMETOOLONG;
		if (file_read(path, FILE_MOST, &text) == 0 &&
		    rank_nodes_parse(strbuf_text(&text), ret) == 0)
			return 0;
	}
	return -ENOENT;
}

int rank_nodes_of_cpuset(const char *root, const char *path, uint64_t *ret, struct strbuf *why)
{
	/* Where Debian mounts them: alone, v1 with cpu and cpuacct, v2. */
	static const char *const mounts[] = {"/sys/fs/cgroup/cpuset", "/sys/fs/cgroup",
					     "/sys/fs/cgroup/unified", ""};

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		char directory[PATH_MAX];

		if (snprintf(directory, sizeof(directory), "%s%s/%s", root, mounts[i],
			     path + strspn(path, "/")) < (int)sizeof(directory) &&
		    read_nodes(directory, ret) == 0)
			return 0;
	}
	strbuf_printf(why,
		      "'%s' is neither a list of NUMA nodes, such as 0-1, nor a cpuset cgroup; "
		      "'cat /proc/PID/cpuset' shows that of a process",
		      path);
	return -ENOENT;
}
