/*
 * A scene on this machine: its memory cgroups and processes. All are made below one cgroup and are
 * gone at the end, also if this process dies: they end when nobody talks to them any more.
 */
#pragma once

#include <sys/types.h>

#include "base/strbuf.h"
#include "scene_plan.h"

struct scene_actor_run {
	pid_t pid;
	int fd; /* orders go in, answers come out */
};

struct scene_stage {
	const struct scene_world *world;
	const struct scene_plan *plan;
	const char *program; /* tests/workloads/scene */
	char *paths[SCENE_GROUPS];
	char *apart;	       /* the cgroup in which victims of before were killed */
	unsigned int n_groups; /* that exist */
	struct scene_actor_run actors[SCENE_ACTORS];
	unsigned int n_actors;
	uint64_t limit_bytes; /* that the domain is to have when it runs out; 0: the machine */
	struct strbuf why;    /* what went wrong */
};

/*
 * Once, before the first: what the processes map of files belongs to our own cgroup then. In that
 * of a scene it could be taken from them when memory runs out.
 */
void scene_stage_warm(const struct scene_world *world, const char *program);

/*
 * Make it below the cgroup at PARENT and wait until each process has said that it stands still.
 * 0 or -errno, why in stage->why. Call scene_stage_end() in any case.
 */
int scene_stage_start(struct scene_stage *stage, const char *parent);

/* The limits, by what is in use now: nothing has run out yet; then victims die. 0 or -errno. */
int scene_stage_limit(struct scene_stage *stage);

/* Where that one starts. */
const char *scene_stage_first_group(const struct scene_stage *stage, const struct scene_actor *a);

/* Does ACTOR say WORD within that time? */
bool scene_actor_says(const struct scene_actor_run *actor, const char *word, int milliseconds);

/* What it does: tests/workloads/scene.c. 0 or -errno. */
int scene_actor_order(const struct scene_actor_run *actor, const char *text);

/* Let memory run out. 0 or -errno. */
int scene_stage_provoke(struct scene_stage *stage);

/* Nobody asks for more, as far as that is still possible. */
void scene_stage_calm(struct scene_stage *stage);

/* Has the one that asks for memory been told that there is none? */
bool scene_stage_failed(struct scene_stage *stage);

/* Has the domain's memory run out? */
bool scene_stage_ran_out(const struct scene_stage *stage);

/* How many kills the cgroups have counted; on v1 each counts its own victims. */
uint64_t scene_stage_kills(const struct scene_stage *stage);

/* Kill what still lives, remove the cgroups. */
void scene_stage_end(struct scene_stage *stage);

/* The end of a child, if one has ended: without waiting for it. Its PID, or 0. */
pid_t scene_stage_dead(void);
