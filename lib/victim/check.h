/*
 * What would become of a program at a kill, found out without one (oomprof --check). Executables
 * are looked into by what looks into victims, so that the verdict is what a kill would give. No
 * BPF; root only for what belongs to others.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proc/process.h"
#include "victim/process_image.h"

enum check_verdict {
	CHECK_WRITTEN,	  /* a profile would be written */
	CHECK_OFF_LINKER, /* Go, profiling switched off by the linker */
	CHECK_OFF_RATE,	  /* Go, the process has set MemProfileRate to 0 */
	CHECK_NOT_FOUND,  /* Go, but the profile cannot be found in it */
	CHECK_NOT_GO,
	CHECK_OTHER_MACHINE, /* for a machine whose programs oomprof cannot read */
	CHECK_CORRUPT,
	CHECK_NO_VICTIM, /* a kernel thread, or a process that has ended */
	CHECK_UNKNOWN,	 /* it could not be looked at: error says why */
};

struct check {
	const char *argument;
	pid_t pid;		/* 0: a file */
	struct process process; /* of a PID */
	struct known_binary known;
	struct process_image image; /* of a PID; its binary is that of KNOWN */
	uint16_t machine;	    /* e_machine; 0: not an ELF file */
	bool position_independent;

	enum check_verdict verdict;
	int error;	   /* of UNKNOWN: -errno; -EPERM means not allowed to look */
	struct strbuf why; /* the reason, and what to do, if it is not WRITTEN; one line */

	int64_t rate; /* MemProfileRate: of a process now, of a file when it starts; if it is Go */
	bool live;    /* the process's memory was read: what follows is set */
	uint64_t bias;
	uint64_t buckets;	/* how many it has now */
	uint64_t unreadable;	/* not 0: some cannot be read now */
	uint64_t profile_bytes; /* estimated size of the profile's file; 0 none */
};

/*
 * ARGUMENT (kept by reference) is a PID if it consists of digits, else the name of a file. 0, also
 * where the verdict is UNKNOWN; -ENOMEM. Released by check_clear().
 */
int check_argument(const char *argument, struct check *ret);
void check_clear(struct check *c);

/* The machine that it was built for, as Go calls it. */
const char *check_machine_name(const struct check *c);

/* Go, as far as could be found out? */
bool check_is_go(const struct check *c);
