/* The machine's memory, from /proc/meminfo (fs/proc/meminfo.c). */
#pragma once

#include <stdint.h>

struct meminfo {
	uint64_t total_bytes;
	uint64_t available_bytes; /* what programs could still get without swapping */
	uint64_t swap_total_bytes, swap_free_bytes;
};

/* Read it below ROOT ("" for the machine's own). 0, or -errno; -EBADMSG if it looks otherwise. */
int meminfo_read(const char *root, struct meminfo *ret);

/* The same from text already read. */
int meminfo_parse(const char *text, struct meminfo *ret);
