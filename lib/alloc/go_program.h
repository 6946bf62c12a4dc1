/*
 * One living Go program: which process it is, where its Go runtime is, and what the runtime and the
 * kernel say of it, now and an interval ago.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "alloc/alloc_events.h"
#include "alloc/alloc_heap.h"
#include "alloc/alloc_table.h"
#include "alloc/heap_snapshot.h"
#include "go/go_runtime.h"
#include "go/memory_blocks.h"
#include "proc/cgroup_memory.h"
#include "proc/process.h"
#include "victim/known_binaries.h"
#include "victim/process_image.h"

enum go_program_state {
	GO_PROGRAM_RUNNING,
	GO_PROGRAM_STOPPED,    /* by a signal or a debugger; it is read all the same */
	GO_PROGRAM_EXITED,     /* in this interval; gone from the table with the next */
	GO_PROGRAM_UNREADABLE, /* its memory: ERROR says why */
};

/* Of one instant. What is not known is negative. */
struct go_program_numbers {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	int64_t total_alloc_bytes;
	int64_t collections;
	double alloc_objects; /* estimated from the heap profile */
	double alloc_bytes;
	int64_t sample_rate; /* with which these were estimated; 0: it cannot be told */
};

struct go_program;
struct go_program_reader;

/* Another source of a heap's numbers than heap_snapshot.h. */
struct go_program_source {
	/* Make one update of its heap (NULL: nobody wants it) and fill in the numbers of objects. 0
	 * or as heap_snapshot_read(). */
	int (*fill)(struct go_program *p, const struct heap_reader *reader,
		    struct memory_blocks *blocks, void *user);
	/* It ends, or runs another program: nothing of it is valid after that. */
	void (*forget)(struct go_program *p, void *user);
	void *user;
};

struct go_program {
	struct process process; /* comm and all as of now */
	enum go_program_state state;
	int error;
	bool selected;	 /* it is to be shown */
	bool enabling;	 /* whoever refreshes has asked for its profiling to be switched on */
	bool enabled;	 /* and that has been done */
	bool exit_shown; /* it has exited, and a refresh has passed since */

	char *path; /* of what holds the Go runtime */
	struct process_image image;
	bool shared_binary; /* the image's is somebody else's */
	uint64_t bias;
	uint64_t device, inode; /* of the executable */
	uint64_t started_ns; /* CLOCK_MONOTONIC; of this executable: exec starts a program anew */

	struct go_runtime runtime;
	struct cgroup_room cgroup;
	char *cgroup_path; /* NULL: not known */
	struct go_program_numbers now, before;

	uint64_t goroutines_next_ns; /* do not count before */
	struct heap_snapshot *snapshot;
	bool want_heap;		   /* fill in the heap at each refresh */
	struct alloc_heap *heap;   /* NULL until then */
	struct alloc_table *table; /* of the heap, for who shows it; NULL until somebody does */
	const struct go_program_source *source; /* NULL: the snapshot */
	struct alloc_collections collections,
		collections_before; /* the source's, if it times them */
	bool told_of;		    /* the kernel will tell of its end */
	bool not_probed;	    /* its source has given up, and the snapshot is taken */
};

/* What is done where there is no other source. */
int go_program_read_snapshot(struct go_program *p, const struct heap_reader *reader,
			     struct memory_blocks *blocks);

/*
 * Find the Go runtime of a process, as it is now; KNOWN may be full. RET is the caller's. -ENOEXEC:
 * there is none (the reason in WHY), -ESRCH, -EPERM, -ENOMEM.
 */
int go_program_open(pid_t pid, struct known_binaries *known, struct strbuf *why,
		    struct go_program **ret);
void go_program_free(struct go_program *p);
/* It is not read any more, but what was read stays: its source, which knows it by its PID, may go
 * on with another one of that PID. */
void go_program_detach(struct go_program *p);

/* Does it run what it ran? 1 yes; 0: it has begun to run another program; -ESRCH: it has ended.
 * Brings `process` up to date. */
int go_program_look(struct go_program *p);

/* What all refreshes share. */
struct go_program_reader {
	struct memory_blocks *blocks;
	struct cgroup_memory *cgroup;
};

/*
 * Read its numbers now; those from before become `before`. What cannot be read is not known; the
 * state says so. -ENOMEM.
 */
int go_program_refresh(struct go_program *p, const struct go_program_reader *reader);

/* Only its stacks, in the middle of an interval. What cannot be read now is told by the next
 * refresh. 0 or -ENOMEM. */
int go_program_read_heap(struct go_program *p, const struct go_program_reader *reader);

/* Its cgroup, for who selects by it. 0 or -errno. */
int go_program_find_cgroup(struct go_program *p, const struct cgroup_memory *cgroup);

/* Per second since the refresh before. False: not known. */
bool go_program_alloc_rate(const struct go_program *p, double *ret_bytes);
bool go_program_object_rate(const struct go_program *p, double *ret_objects);
/* Collections that ended since the refresh before. */
bool go_program_collections(const struct go_program *p, int64_t *ret);

/* Is heap profiling on? -1: not known. */
int go_program_profiling(const struct go_program *p);
