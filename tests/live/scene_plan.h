/*
 * What a scene is to be, made from a seed: memory cgroups below each other, processes of all kinds
 * in them, and how memory is to run out.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SCENE_GROUPS 10
#define SCENE_ACTORS 10

/* What can be had here. */
struct scene_world {
	int cgroup_version;
	bool has_swap, may_sysrq, may_lock;
	unsigned int nodes; /* of NUMA that can be told apart by cpusets and policies; 1: none */
	int least_adj;	    /* of oom_score_adj: -1000, or 0 without CAP_SYS_RESOURCE */
	const char *file;   /* one to map, or NULL */
	uint64_t page_bytes;
};

enum scene_trigger {
	SCENE_WRITES, /* a file in memory: no process changes */
	SCENE_LOWERS, /* v2: the limit goes below the usage: likewise */
	SCENE_SYSRQ,  /* the whole machine: likewise */
	SCENE_CPUSET, /* a file fills the NUMA node that the first process's cpuset has: likewise */
	SCENE_POLICY, /* the one of its memory policy: likewise */
	SCENE_GROWS,  /* one of the processes */
};

struct scene_group {
	unsigned int parent; /* of the first, which is all of the scene's: itself */
	bool kills_group;    /* memory.oom.group */
	bool bare;	     /* v2: without the memory controller, so part of its parent */
	uint64_t room_pages; /* 0: no limit; else so much more than it uses: it is not reached */
	int node;	     /* of its cpuset; -1: it has none */
};

struct scene_actor {
	unsigned int group;
	/*
	 * As tests/workloads/scene has them, or what is done to it: exiting: its exit is held up;
	 * stopped; traced: stopped by a tracer; victim: it is killed as the only one of another
	 * cgroup, before all else, and its exit is held up.
	 */
	const char *kind;
	uint64_t anon, shared, file, swap, huge;
	unsigned int threads;
	int adj;
	bool rejoins;	  /* leaves its group once it is ready, and comes back: as the last one */
	bool changes_adj; /* to late_adj, by its last thread's file, once all stand */
	int late_adj;
	bool locked;
	int node; /* of its memory policy; -1: it has none */
};

struct scene_plan {
	enum scene_trigger trigger;
	unsigned int domain; /* the group whose limit is reached */
	uint64_t room_pages; /* what is free before it is; SCENE_LOWERS: how much too low it is */
	/* So much may still be put out to swap. What processes have is locked then. v1: nothing is
	 * put out because of this domain (memory.swappiness 0). */
	uint64_t swap_room_pages;
	bool no_swap;
	/* It happens before the memory of the victim of before has been reaped: all wait for that,
	 * but for sysrq. */
	bool waits;
	struct scene_group groups[SCENE_GROUPS];
	unsigned int n_groups;
	struct scene_actor actors[SCENE_ACTORS]; /* the first is the one that asks for memory */
	unsigned int n_actors;
};

/* The scene of that number; the same each time in the same world. */
void scene_plan_make(const struct scene_world *world, uint64_t seed, unsigned int number,
		     struct scene_plan *ret);

const char *scene_trigger_name(enum scene_trigger trigger);

/* Is it the first process that asks? */
static inline bool scene_trigger_is_process(enum scene_trigger trigger)
{
	return trigger != SCENE_LOWERS && trigger != SCENE_SYSRQ;
}

/* May a process be in that group? v2: not where there are others below with the controller. */
bool scene_plan_holds(const struct scene_world *world, const struct scene_plan *p,
		      unsigned int group);

/* Is it a plain process, which others make what it is? It does nothing any more then. */
bool scene_actor_is_passive(const struct scene_actor *a);
