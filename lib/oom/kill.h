/*
 * One OOM kill with all that is known of it: the facts, and nothing of how they are shown. Made
 * from the kernel's records and what was read around them, or read back from a file; line, block,
 * JSON, environment and recording are all made from this alone.
 *
 * What is not known (this kernel does not tell, it was gone already, there is none) has the value
 * KILL_UNKNOWN, KILL_UNKNOWN_INT, NaN or NULL, and is shown as n/a or null: never as 0.
 */
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/named_value.h"

#define KILL_UNKNOWN UINT64_MAX
#define KILL_UNKNOWN_INT INT64_MIN
#define KILL_UNKNOWN_SHARE NAN

/* Bytes that are not text may hold any but NUL. All strings are owned. */

/* Whose a memory cgroup is: proc/container.h. */
struct kill_container {
	char *id, *runtime, *name, *outer_id;
	char *pod_uid, *pod_name, *pod_namespace, *pod_qos;
	char *unit;
};

/* A process as it was at the kill; of the trigger less is known. */
struct kill_process {
	uint64_t pid, tid, pid_in_namespace, uid; /* PIDs as seen from the initial namespace */
	char *comm;
	char *command_line; /* arguments with blanks between; the end may be missing */
	bool command_line_cut;
	uint64_t parent_pid;
	char *parent_comm;
	uint64_t age_ns, threads;
	int64_t oom_score_adj;
	uint64_t rss_bytes; /* anon, file and shmem */
	uint64_t anon_bytes, file_bytes, shmem_bytes, swap_bytes, pgtables_bytes;
	uint64_t peak_rss_bytes, locked_bytes, virtual_bytes;
	char *memcg_path; /* below its hierarchy's mount point */
	uint64_t memcg_inode;
	struct kill_container container;
};

/* One that died with the victim. */
struct kill_member {
	struct kill_process process;
	char *why; /* "memory.oom.group" or "shares memory" */
	struct named_values extras;
};

struct kill_domain {
	char *kind;	       /* "machine", "cpuset", "mempolicy", "memcg"; "unknown" */
	uint64_t pages, bytes; /* its size: RAM and swap, or the limit */
	char *memcg_path;
	uint64_t memcg_inode, memcg_version;
	uint64_t memcg_limit_bytes; /* without swap; unknown: no limit, too */
	uint64_t memcg_usage_bytes, memcg_failcnt;
	uint64_t memcg_swap_usage_bytes, memcg_swap_limit_bytes; /* v1: memory and swap together */
	uint64_t memcg_oom_events, memcg_oom_kill_events;
	char *nodes; /* NUMA nodes, as cpuset.mems words them: "0-1,4" */
	struct kill_container container;
};

/* The machine just after the kill, from /proc. */
struct kill_machine {
	char *loadavg; /* /proc/loadavg, or "n/a" */
	double pressure_some_avg10, pressure_some_avg60, pressure_some_avg300; /* percent */
	double pressure_full_avg10, pressure_full_avg60, pressure_full_avg300;
	uint64_t total_bytes, available_bytes, swap_total_bytes, swap_free_bytes;
	char *kernel_release, *hostname;
};

/* How its end went, in nanoseconds after the kill. */
struct kill_course {
	uint64_t signalled_ns, reaped_ns, exited_ns, freed_ns;
	uint64_t reaped_bytes;	    /* what the OOM reaper freed */
	uint64_t freed_bytes;	    /* what its address space held at the kill and not at the end */
	uint64_t memcg_usage_bytes; /* of the domain once it was freed */
	bool complete;		    /* false: not over when this was written */
};

/* A stack: frames, the innermost first; lib/stack/stack_names.h has their forms. */
struct kill_stack {
	char **frames;
	size_t count, capacity;
	uint64_t tid; /* of the thread; 0 or KILL_UNKNOWN: not known */
	bool cut;     /* deeper than could be read */
	char *error;  /* why there is none; NULL: there is one */
};

struct kill {
	uint64_t time_ns;	 /* CLOCK_REALTIME */
	uint64_t kernel_time_ns; /* CLOCK_MONOTONIC */
	struct kill_process trigger, victim;
	bool was_dying; /* the victim, already: it was only let end faster, and the kernel logs no
			   kill */
	int64_t points; /* badness of the chosen, in pages */
	uint64_t gfp_mask;
	char *gfp_flags; /* as the kernel log words them: "GFP_KERNEL|__GFP_ACCOUNT" */
	int64_t order;	 /* -1: asked for by sysrq */
	struct kill_domain domain;
	struct kill_machine machine;
	struct kill_course course;
	struct kill_member *members;
	size_t n_members, members_capacity;
	struct kill_stack victim_stack, trigger_user_stack, trigger_kernel_stack;
	struct named_values extras; /* what an edited probe tells besides: kill_extras.h */
};

/* A kill of which nothing is known yet. NULL: no memory. */
struct kill *kill_new(void);
void kill_free(struct kill *k);
#define _cleanup_kill_ _cleanup_(kill_freep)
void kill_freep(struct kill **k);

/* A member more, of which nothing is known yet; valid until the next. NULL: no memory. */
struct kill_member *kill_add_member(struct kill *k);

/*
 * The tables from which everything that goes over all facts is made: JSON and its reader, the
 * environment of --exec, the check that the man page has each.
 */
enum kill_type {
	KILL_TEXT,  /* char * */
	KILL_UINT,  /* uint64_t */
	KILL_INT,   /* int64_t */
	KILL_SHARE, /* double, percent */
	KILL_BOOL,  /* bool; never unknown */
	KILL_TIME,  /* uint64_t, CLOCK_REALTIME; in JSON RFC 3339 */
};

struct kill_field {
	const char *key; /* in JSON, behind the table's prefix */
	enum kill_type type;
	size_t offset;
};

/* A group of fields of one struct; PREFIX ("victim_") stands before each key. */
struct kill_table {
	const char *prefix;
	const struct kill_field *fields;
	size_t count;
	size_t offset; /* of the struct those fields are in */
};

extern const struct kill_table kill_tables[]; /* of struct kill */
extern const size_t kill_tables_count;
extern const struct kill_table kill_process_tables[]; /* of any struct kill_process */
extern const size_t kill_process_tables_count;
extern const struct kill_table kill_container_table; /* its container alone: all texts */
extern const struct kill_table kill_member_tables[]; /* of struct kill_member */
extern const size_t kill_member_tables_count;

/* The fact of that JSON key, and in RET where it is in struct kill. NULL: there is none. */
const struct kill_field *kill_find_field(const char *key, size_t *ret);

/* Is the field, which is at AT, known? */
bool kill_is_known(enum kill_type type, const void *at);
