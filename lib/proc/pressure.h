/*
 * Pressure stall information (kernel/sched/psi.c): in how much of the time tasks waited for a
 * resource. Not every kernel has it, nor has it switched on (psi=1).
 */
#pragma once

#include <stdint.h>

struct pressure_line {
	double avg10, avg60, avg300; /* percent of the last so many seconds */
	uint64_t total_us;	     /* since the start */
};

struct pressure {
	struct pressure_line some; /* at least one task waited */
	struct pressure_line full; /* all that had something to do */
};

/*
 * RESOURCE is "memory", "io" or "cpu"; below ROOT ("" for the machine's own). 0; -ENOENT or
 * -EOPNOTSUPP: this kernel does not tell; -EBADMSG if it looks otherwise; or another -errno.
 */
int pressure_read(const char *root, const char *resource, struct pressure *ret);

/* The same from text already read. */
int pressure_parse(const char *text, struct pressure *ret);
