#include "scene_act.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "base/macro.h"
#include "scene_file.h"

#define REAPED_MS 30000 /* the reaper waits 2 s (OOM_REAPER_DELAY), and tries for 1 s */

static int fail(struct scene_stage *stage, const char *what, int error)
{
	strbuf_printf(&stage->why, "%s: %s", what, strerror(-error));
	return error;
}

/* By its last thread: the adjustment is the process's. */
static int change_adj(struct scene_stage *stage, const struct scene_actor *a, pid_t pid)
{
	char path[64], text[16];
	struct dirent *entry;
	long last = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && (entry = readdir(d)))
		last = MAX(last, strtol(entry->d_name, NULL, 10));
	if (d)
		closedir(d);
	snprintf(path, sizeof(path), "/proc/%d/task/%ld", pid, last);
	snprintf(text, sizeof(text), "%d", a->late_adj);
	if (scene_write(path, "oom_score_adj", text) < 0)
		return fail(stage, "oom_score_adj", -EIO);
	return 0;
}

/* It stands in the middle of its exit, with its memory, as one does whose exit takes long. */
static int wait_for_exit(struct scene_stage *stage, pid_t pid)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED) < 0 ||
	    info.si_status >> 8 != PTRACE_EVENT_EXIT)
		return fail(stage, "a stop in exit", -ECHILD);
	return 0;
}

static int seize(struct scene_stage *stage, pid_t pid, long options)
{
	return ptrace(PTRACE_SEIZE, pid, NULL, options) < 0 ? fail(stage, "ptrace", -errno) : 0;
}

static int let_exit(struct scene_stage *stage, const struct scene_actor_run *actor)
{
	int result = seize(stage, actor->pid, PTRACE_O_TRACEEXIT);

	if (result == 0)
		result = scene_actor_order(actor, "x");
	return result == 0 ? wait_for_exit(stage, actor->pid) : result;
}

static int stop(struct scene_stage *stage, pid_t pid, bool by_tracer)
{
	siginfo_t info;
	int result = by_tracer ? seize(stage, pid, 0) : 0;

	if (result < 0)
		return result;
	if (by_tracer ? ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0 : kill(pid, SIGSTOP) < 0)
		return fail(stage, "a stop", -errno);
	return waitid(P_PID, (id_t)pid, &info, WSTOPPED) < 0 ? fail(stage, "a stop", -errno) : 0;
}

int scene_act_on_all(struct scene_stage *stage)
{
	const struct scene_plan *p = stage->plan;
	int result = 0;

	for (unsigned int i = 0; i < p->n_actors && result == 0; i++)
		if (p->actors[i].changes_adj)
			result = change_adj(stage, &p->actors[i], stage->actors[i].pid);
	for (unsigned int i = 0; i < p->n_actors && result == 0; i++) {
		const char *kind = p->actors[i].kind;

		if (!strcmp(kind, "exiting"))
			result = let_exit(stage, &stage->actors[i]);
		else if (!strcmp(kind, "stopped") || !strcmp(kind, "traced"))
			result = stop(stage, stage->actors[i].pid, !strcmp(kind, "traced"));
	}
	return result;
}

/* Its score is 0 then, as nobody counts it any more. */
static int wait_until_reaped(struct scene_stage *stage, pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	for (int i = 0; i < REAPED_MS / 10; i++) {
		if (!scene_read_number(path, "oom_score", ""))
			return 0;
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	}
	return fail(stage, "a victim that is never reaped", -ETIMEDOUT);
}

/* The one that is alone in its cgroup writes more than that may have. */
static int kill_victim(struct scene_stage *stage, unsigned int i)
{
	const char *limit =
		stage->world->cgroup_version == 1 ? "memory.limit_in_bytes" : "memory.max";
	const char *swap = stage->world->cgroup_version == 1 ? "memory.memsw.limit_in_bytes"
							     : "memory.swap.max";
	const struct scene_actor_run *run = &stage->actors[i];
	const uint64_t page = stage->world->page_bytes;
	const struct scene_actor *a = &stage->plan->actors[i];
	uint64_t pages = a->anon + a->shared + a->file + a->swap + 8192;
	int result = scene_write_number(stage->apart, limit, pages * page);

	if (result < 0)
		return fail(stage, limit, result);
	scene_write_number(stage->apart, swap,
			   stage->world->cgroup_version == 1 ? pages * page : 0);
	result = seize(stage, run->pid, PTRACE_O_TRACEEXIT);
	if (result == 0)
		result = scene_actor_order(run, "w 65536");
	if (result == 0)
		result = wait_for_exit(stage, run->pid);
	if (result == 0 &&
	    scene_write_number(stage->paths[a->group], "cgroup.procs", (uint64_t)run->pid) < 0)
		result = fail(stage, "moving a victim", -EIO);
	scene_write_number(stage->apart, swap, UINT64_MAX >> 1);
	scene_write_number(stage->apart, limit, UINT64_MAX >> 1);
	return result;
}

int scene_act_on_victims(struct scene_stage *stage)
{
	const struct scene_plan *p = stage->plan;
	int result = 0;

	for (unsigned int i = 0; i < p->n_actors && result == 0; i++)
		if (!strcmp(p->actors[i].kind, "victim"))
			result = kill_victim(stage, i);
	for (unsigned int i = 0; i < p->n_actors && result == 0 && !p->waits; i++)
		if (!strcmp(p->actors[i].kind, "victim"))
			result = wait_until_reaped(stage, stage->actors[i].pid);
	return result;
}
