#include "rank/machine_text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands behind "NAME:" at the start of a line; NULL: there is no such line. */
static const char *field(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, n) && line[n] == ':')
			return line + n + 1;
	}
	return NULL;
}

static bool number(const char *text, const char *name, uint64_t *ret)
{
	const char *value = field(text, name);

	return value && sscanf(value, " %" SCNu64, ret) == 1;
}

/* Sizes whose bytes fit in 64 bits with room to add some up. */
static bool kib(const char *text, const char *name, uint64_t *ret)
{
	return number(text, name, ret) && *ret < UINT64_MAX >> 16;
}

/* A bitmap as "%*pb" prints it: groups of 32 bits in hex with commas, the highest first. */
static uint64_t bitmap(const char *s)
{
	uint64_t bits = 0;

	s += strspn(s, " \t");
	for (; isxdigit((unsigned char)*s) || *s == ','; s++)
		if (*s != ',')
			bits = bits << 4 |
			       (uint64_t)(isdigit((unsigned char)*s) ? *s - '0'
								     : (*s | 0x20) - 'a' + 10);
	return bits;
}

int status_text_parse(const char *text, struct status_text *ret)
{
	struct status_text s = {0};
	const char *nodes = field(text, "Mems_allowed");
	uint64_t uid, threads;

	if (!number(text, "Uid", &uid) || !number(text, "Threads", &threads))
		return -EBADMSG;
	s.uid = (uint32_t)uid;
	s.threads = (uint32_t)threads;
	/* Without cpusets (CONFIG_CPUSETS) there is no such line: all. */
	s.memory_nodes = nodes ? bitmap(nodes) : UINT64_MAX;
	s.has_memory = field(text, "VmRSS");
	if (s.has_memory &&
	    (!kib(text, "RssAnon", &s.anon_kib) || !kib(text, "RssFile", &s.file_kib) ||
	     !kib(text, "RssShmem", &s.shmem_kib) || !kib(text, "VmSwap", &s.swap_kib) ||
	     !kib(text, "VmPTE", &s.pgtables_kib)))
		return -EBADMSG;
	*ret = s;
	return 0;
}

void zoneinfo_text_parse(const char *text, uint64_t pages[64], uint64_t *nodes)
{
	unsigned int node = UINT32_MAX;
	uint64_t present;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "Node ", 5) && sscanf(line, "Node %u, zone", &node) != 1)
			node = UINT32_MAX;
		else if (node < 64 && !strncmp(line, "        present ", 16) &&
			 sscanf(line + 16, " %" SCNu64, &present) == 1 && present &&
			 present < UINT64_MAX >> 32) {
			pages[node] += present;
			*nodes |= UINT64_C(1) << node;
		}
	}
}

int stat_text_find(const char *text, const char *name, uint64_t *ret)
{
	size_t n = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, n) && line[n] == ' ' &&
		    sscanf(line + n, " %" SCNu64, ret) == 1)
			return 0;
	}
	return -ENOENT;
}

bool limit_text_parse(const char *text, uint64_t *ret)
{
	uint64_t limit;

	if (!isdigit((unsigned char)text[0]) || sscanf(text, "%" SCNu64, &limit) != 1 ||
	    limit >= UINT64_C(1) << 60)
		return false;
	*ret = limit;
	return true;
}

int list_text_parse(const char *text, uint64_t *ret)
{
	uint64_t bits = 0;

	for (const char *s = text; isdigit((unsigned char)*s);) {
		char *end;
		unsigned long from = strtoul(s, &end, 10), to = from;

		if (*end == '-' && isdigit((unsigned char)end[1]))
			to = strtoul(end + 1, &end, 10);
		if (to < from || (*end && !strchr(",\n", *end)))
			return -EBADMSG;
		for (; from <= to && from < 64; from++)
			bits |= UINT64_C(1) << from;
		s = end + (*end == ',');
	}
	*ret = bits;
	return 0;
}
