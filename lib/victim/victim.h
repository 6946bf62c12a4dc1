/*
 * One Go program whose heap profile is being taken: killed just now, or living (oomprof -p). Its
 * buckets are collected, then named and written to a file; what became of it is in the outcome.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf-src/oomprof.h"
#include "base/named_value.h"
#include "go/go_runtime.h"
#include "go/heap_profile.h"
#include "proc/loadavg.h"
#include "victim/known_binaries.h"
#include "victim/output_directory.h"

enum victim_outcome {
	VICTIM_WRITTEN,
	VICTIM_NOT_GO,
	VICTIM_UNKNOWN,	   /* it was gone before its executable could be looked into */
	VICTIM_NOT_FOUND,  /* Go, but its heap profile cannot be found: obfuscated, too old... */
	VICTIM_OFF_LINKER, /* Go, profiling switched off by the linker */
	VICTIM_OFF_RATE,   /* Go, the program has set MemProfileRate to 0 */
	VICTIM_MISSED,	   /* it ended without its memory having been read */
	VICTIM_SWAPPED,	   /* where its profile begins was swapped out */
	VICTIM_FAILED,	   /* the profile or its file could not be made: error says why */
};

/* How much of the heap profile there is. */
struct victim_buckets {
	uint64_t read;
	uint64_t cut;	       /* stack shortened */
	uint64_t unreadable;   /* known by its address, but its page was not in memory */
	uint64_t lost;	       /* the ring was full */
	uint64_t damaged;      /* made no sense */
	uint64_t heads_unread; /* entries of the hash table that were needed and not readable */
	bool more;	       /* part of the list was not reached: nobody knows how many */
};

/* What the walk cost the victim. */
struct victim_walk {
	uint64_t threads;	       /* of the victim that took part; 0: it lives */
	uint64_t longest_ns, total_ns; /* for which they held their CPUs: one of them, all */
	uint64_t began_ns;	       /* CLOCK_MONOTONIC, as the next */
	uint64_t changed_ns;	       /* when a thread was heard of last */
	bool others;		       /* some were still walking then */
	bool broken; /* what lies behind an unreadable bucket was not looked for */
};

/* Heap profiling that was switched on from outside while the program ran. */
struct victim_enabled {
	uint64_t at_ns;	   /* CLOCK_MONOTONIC; 0: it was not */
	uint64_t after_ns; /* the program's start */
};

struct victim {
	struct victim *next; /* of those that are complete and wait; see app/worker.h */
	struct oomprof_process process;
	char comm[64];
	const struct known_binary *binary; /* NULL: not a Go program, or not known */
	bool not_go;
	/* What the kernel side has told so far. */
	bool killed;   /* by whom: SENT; what is known of it: KILL */
	bool faceless; /* its executable was not told of with the kill: its first thread had exited
			*/
	bool begun, ended, exited;
	bool start_unreadable; /* no walk was begun, as the start of the list was not in memory */
	enum oomprof_sent sent;
	struct oomkill_event kill; /* its trigger is the sender, if that was not the OOM killer */
	struct loadavg load;	   /* as it was read then */
	uint64_t seen_ns;	   /* when we first heard of it; CLOCK_MONOTONIC, as killed_ns */
	uint64_t killed_ns;	   /* when SIGKILL was sent; 0: it lives */
	int64_t rate;
	struct oomprof_runtime runtime_bytes; /* what else the runtime knows, not decoded */
	uint32_t cycle;			      /* value of runtime.mProfCycle */
	uint64_t address_space_bytes;	      /* 0: not known */
	/* What its cgroup allows, or for a kill the cgroup that ran out; 0: no limit, or not known.
	 */
	uint64_t cgroup_limit_bytes;
	struct go_runtime runtime;     /* what else the runtime knows; known once finished */
	struct victim_enabled enabled; /* by this tool */
	struct named_values more;      /* what an edited probe tells besides */
	struct heap_profile *profile;
	struct victim_sites *kept; /* in the place of the profile: victim_sites.h */
	struct victim_buckets buckets;
	struct victim_walk walk;

	enum victim_outcome outcome;
	bool summed; /* what was collected has names and sums: the profile can be reported */
	int error;   /* -errno; set before the end: VICTIM_FAILED in the end */
	uint64_t written_ns;	       /* CLOCK_MONOTONIC */
	struct strbuf file_name;       /* with the directory */
	struct output_removed removed; /* for it, or because of it */
};

/* Killed by the OOM killer, not by somebody's SIGKILL. */
static inline bool victim_of_oom(const struct victim *v)
{
	return v->killed && v->sent == OOMPROF_SENT_BY_OOM;
}

/* Its memory had been taken back by the kernel before it was read. */
bool victim_reaped(const struct victim *v);

/* Where its profile begins was not in memory, and no bucket was found by other ways. */
bool victim_start_unreadable(const struct victim *v);

struct victim *victim_new(const struct oomprof_process *process);
void victim_free(struct victim *v);

/* Add copies of values that an edited probe has sent (NULL: none); those that are there under the
 * same name are replaced. Without memory it goes on without them. */
void victim_add_more(struct victim *v, const struct named_values *more);

/* Begin to collect: BINARY is known and can be read, RUNTIME_BYTES and CYCLE are read. 0 or
 * -ENOMEM. */
int victim_begin(struct victim *v, uint64_t bias, int64_t rate);

/* Name, sum up and write what was collected; sets the outcome. Nothing else may touch V meanwhile.
 */
void victim_finish(struct victim *v, struct output_directory *directory);
