#include "scene_stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/macro.h"
#include "scene_act.h"
#include "scene_file.h"

#define PATIENCE_MS 120000
/* Pages that a cgroup uses and could do without: what CPUs have charged in advance, and caches. */
#define HELD 1024

static int fail(struct scene_stage *stage, const char *what, const char *path, int error)
{
	strbuf_printf(&stage->why, "%s%s%s: %s", what, *path ? " " : "", path, strerror(-error));
	return error;
}

static void nap(void)
{
	nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static uint64_t usage_of(const struct scene_stage *stage, unsigned int group)
{
	return scene_read_number(
		stage->paths[group],
		stage->world->cgroup_version == 1 ? "memory.usage_in_bytes" : "memory.current", "");
}

/* v1: the limit of memory and swap together is reached first, and then nothing is put out. */
static int set_limit_v1(struct scene_stage *stage, unsigned int group, uint64_t bytes)
{
	const char *directory = stage->paths[group];
	uint64_t both = scene_read_number(directory, "memory.memsw.usage_in_bytes", "");
	uint64_t swap = both - MIN(both, usage_of(stage, group));
	int result = scene_write_number(directory, "memory.limit_in_bytes", bytes);

	if (result < 0)
		return fail(stage, directory, "memory.limit_in_bytes", result);
	result = scene_write_number(directory, "memory.memsw.limit_in_bytes", bytes + swap);
	if (stage->plan->no_swap || (result < 0 && stage->world->has_swap))
		scene_write_number(directory, "memory.swappiness", 0);
	return 0;
}

/* Swap that is in use stays, and no more than ROOM can be put out. */
static int set_limit(struct scene_stage *stage, unsigned int group, uint64_t bytes, uint64_t room)
{
	const char *directory = stage->paths[group];
	uint64_t swap = scene_read_number(directory, "memory.swap.current", "");
	int result;

	if (stage->world->cgroup_version == 1)
		return set_limit_v1(stage, group, bytes);
	result = scene_write_number(directory, "memory.swap.max", swap + room);
	if (result < 0 && result != -ENOENT)
		return fail(stage, directory, "memory.swap.max", result);
	result = scene_write_number(directory, "memory.max", bytes);
	return result < 0 ? fail(stage, directory, "memory.max", result) : 0;
}

/* Cpusets: from the top down, as a cgroup has no other nodes than those above it have. */
static int set_nodes(struct scene_stage *stage, const char *parent)
{
	const struct scene_plan *p = stage->plan;
	int result = 0;

	for (unsigned int i = 0; i < p->n_groups && result == 0; i++) {
		/* One with processes hands nothing on. */
		if (p->groups[i].bare)
			continue;
		result = scene_write(i ? stage->paths[p->groups[i].parent] : parent,
				     "cgroup.subtree_control", "+cpuset");
		if (result == 0 && p->groups[i].node >= 0)
			result = scene_write_number(stage->paths[i], "cpuset.mems",
						    (uint64_t)p->groups[i].node);
	}
	return result < 0 ? fail(stage, "cpuset", "", result) : 0;
}

static int make_group(struct scene_stage *stage, unsigned int i, const char *parent)
{
	const struct scene_group *g = &stage->plan->groups[i];
	const char *above = i ? stage->paths[g->parent] : parent;
	char *path = NULL;

	if (asprintf(&path, i ? "%s/g%u" : "%s/oomtools-%u-scene", above,
		     i ? i : (unsigned int)getpid()) < 0)
		return fail(stage, "mkdir", "", -ENOMEM);
	stage->paths[i] = path;
	stage->n_groups = i + 1;
	if (mkdir(path, 0755) < 0)
		return fail(stage, "mkdir", path, -errno);
	if (stage->world->cgroup_version == 2 && i && !g->bare)
		scene_write(stage->paths[g->parent], "cgroup.subtree_control", "+memory");
	return 0;
}

static int make_groups(struct scene_stage *stage, const char *parent)
{
	int result = 0;

	for (unsigned int i = 0; i < stage->plan->n_groups && result == 0; i++)
		result = make_group(stage, i, parent);
	for (unsigned int i = 0; i < stage->plan->n_groups && result == 0; i++)
		if (stage->plan->groups[i].kills_group)
			scene_write(stage->paths[i], "memory.oom.group", "1");
	return result == 0 && stage->plan->trigger == SCENE_CPUSET ? set_nodes(stage, parent)
								   : result;
}

/* Where those are killed that are to be victims of before. */
static int make_apart(struct scene_stage *stage, const char *parent)
{
	if (asprintf(&stage->apart, "%s/oomtools-%u-before", parent, (unsigned int)getpid()) < 0)
		return fail(stage, "mkdir", "", -ENOMEM);
	return mkdir(stage->apart, 0755) < 0 ? fail(stage, "mkdir", stage->apart, -errno) : 0;
}

const char *scene_stage_first_group(const struct scene_stage *stage, const struct scene_actor *a)
{
	return strcmp(a->kind, "victim") ? stage->paths[a->group] : stage->apart;
}

static void become_actor(const struct scene_stage *stage, const struct scene_actor *a, int fd)
{
	const uint64_t values[] = {a->anon, a->shared, a->file, a->swap, a->threads, a->huge};
	static const char *const letters[] = {"-a", "-s", "-f", "-o", "-t", "-u"};
	char numbers[ARRAY_SIZE(values) + 2][24];
	const char *args[32] = {stage->program};
	size_t n = 1;

	/* The adjustment first: as it is from the start. */
	snprintf(numbers[ARRAY_SIZE(values)], sizeof(numbers[0]), "%d", a->adj);
	snprintf(numbers[ARRAY_SIZE(values) + 1], sizeof(numbers[0]), "%d", a->node);
	args[n++] = "-j";
	args[n++] = numbers[ARRAY_SIZE(values)];
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%llu", (unsigned long long)values[i]);
		args[n++] = letters[i];
		args[n++] = numbers[i];
	}
	args[n++] = "-k";
	args[n++] = scene_actor_is_passive(a) ? "plain" : a->kind;
	if (a->file) {
		args[n++] = "-F";
		args[n++] = stage->world->file;
	}
	if (a->locked)
		args[n++] = "-l";
	if (a->node >= 0) {
		args[n++] = "-b";
		args[n++] = numbers[ARRAY_SIZE(values) + 1];
	}
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	if (scene_write(scene_stage_first_group(stage, a), "cgroup.procs", "0") == 0)
		execv(stage->program, (char *const *)args);
	_exit(127);
}

static int start_actor(struct scene_stage *stage, const struct scene_actor *a)
{
	struct scene_actor_run *run = &stage->actors[stage->n_actors];
	int started[2], fds[2];
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return fail(stage, "socketpair", "", -errno);
	run->fd = fds[0];
	if (pipe2(started, O_CLOEXEC) < 0) {
		close(fds[1]);
		return fail(stage, "pipe", "", -errno);
	}
	run->pid = fork();
	if (run->pid == 0)
		become_actor(stage, a, fds[1]);
	stage->n_actors++;
	close(fds[1]);
	close(started[1]);
	if (run->pid > 0 && read(started[0], &byte, 1) < 0)
		run->pid = -1;
	close(started[0]);
	return run->pid < 0 ? fail(stage, "fork", "", -errno) : 0;
}

bool scene_actor_says(const struct scene_actor_run *actor, const char *word, int milliseconds)
{
	struct pollfd poll_fd = {actor->fd, POLLIN, 0};
	char answer[64] = "";

	return poll(&poll_fd, 1, milliseconds) == 1 &&
	       read(actor->fd, answer, sizeof(answer) - 1) > 0 && strstr(answer, word);
}

int scene_actor_order(const struct scene_actor_run *actor, const char *text)
{
	return send(actor->fd, text, strlen(text), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void scene_stage_warm(const struct scene_world *world, const char *program)
{
	const char *args[] = {program,	   "-f", "100000", world->file ? "-F" : NULL,
			      world->file, NULL};
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open("/dev/null", O_RDWR);

		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		execv(program, (char *const *)args);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

/*
 * Out of the cgroup and into it again, with what it has charged there: of a cgroup's processes it
 * is then the last one that the OOM killer looks at, however old it is.
 */
static int rejoin(struct scene_stage *stage, unsigned int i)
{
	const char *outside =
		stage->world->cgroup_version == 1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
	const char *group = scene_stage_first_group(stage, &stage->plan->actors[i]);
	uint64_t pid = (uint64_t)stage->actors[i].pid;
	int result = scene_write_number(outside, "cgroup.procs", pid);

	if (result == 0)
		result = scene_write_number(group, "cgroup.procs", pid);
	return result < 0 ? fail(stage, "a move to another cgroup", "", result) : 0;
}

int scene_stage_start(struct scene_stage *stage, const char *parent)
{
	const struct scene_plan *p = stage->plan;
	int result = make_groups(stage, parent);

	if (result == 0)
		result = make_apart(stage, parent);
	for (unsigned int i = 0; i < p->n_actors && result == 0; i++)
		result = start_actor(stage, &p->actors[i]);
	for (unsigned int i = 0; i < p->n_actors && result == 0; i++)
		if (!scene_actor_says(&stage->actors[i], "ready", PATIENCE_MS))
			result = fail(stage, "a process is not ready:", p->actors[i].kind, -EIO);
	/* The youngest first. */
	for (unsigned int i = p->n_actors; i-- > 0 && result == 0;)
		if (p->actors[i].rejoins)
			result = rejoin(stage, i);
	return result == 0 ? scene_act_on_all(stage) : result;
}

static bool is_of_node(const struct scene_plan *p)
{
	return p->trigger == SCENE_CPUSET || p->trigger == SCENE_POLICY;
}

static bool is_of_cgroup(const struct scene_plan *p)
{
	return p->trigger != SCENE_SYSRQ && !is_of_node(p);
}

/* The limit that is going to be reached. */
static int set_domain_limit(struct scene_stage *stage)
{
	const struct scene_plan *p = stage->plan;
	uint64_t page = stage->world->page_bytes;
	uint64_t pages = usage_of(stage, p->domain) / page;
	uint64_t bytes = (pages + p->room_pages) * page;
	int result = set_limit(stage, p->domain, bytes, p->swap_room_pages * page);

	stage->limit_bytes = bytes;
	if (p->trigger == SCENE_LOWERS)
		stage->limit_bytes = (pages - MIN(pages / 2, HELD)) * page;
	return result;
}

int scene_stage_limit(struct scene_stage *stage)
{
	const struct scene_plan *p = stage->plan;
	uint64_t page = stage->world->page_bytes;
	int result = 0;

	for (unsigned int i = 0; i < p->n_groups && result == 0; i++) {
		uint64_t room = p->groups[i].room_pages;

		if (p->groups[i].bare)
			continue;
		if (is_of_cgroup(p) && i == p->domain)
			result = set_domain_limit(stage);
		else if (room && !is_of_node(p))
			/* Nothing that is reached before the domain's. */
			result = set_limit(stage, i,
					   (2 * (usage_of(stage, i) / page) + room + 32768) * page,
					   p->swap_room_pages * page);
	}
	/* What fills a node stays there. */
	if (is_of_node(p))
		scene_write_number(stage->paths[0], "memory.swap.max", 0);
	return result == 0 ? scene_act_on_victims(stage) : result;
}

int scene_stage_provoke(struct scene_stage *stage)
{
	const struct scene_plan *p = stage->plan;
	/* Of a node all, which may be much. */
	const uint64_t most = is_of_cgroup(p) ? 65536 : 1 << 20;
	char text[32];

	switch (p->trigger) {
	case SCENE_SYSRQ:
		return scene_write("/proc", "sysrq-trigger", "f");
	case SCENE_LOWERS:
		return scene_write_number(stage->paths[p->domain], "memory.max",
					  stage->limit_bytes);
	default:
		snprintf(text, sizeof(text), "%c %llu", p->trigger == SCENE_GROWS ? 'g' : 'w',
			 (unsigned long long)(p->room_pages + most));
		return scene_actor_order(&stage->actors[0], text);
	}
}

void scene_stage_calm(struct scene_stage *stage)
{
	if (scene_trigger_is_process(stage->plan->trigger))
		kill(stage->actors[0].pid, SIGKILL);
}

bool scene_stage_failed(struct scene_stage *stage)
{
	return scene_actor_says(&stage->actors[0], "failed", 0);
}

bool scene_stage_ran_out(const struct scene_stage *stage)
{
	const unsigned int domain = stage->plan->domain;

	if (stage->world->cgroup_version == 2)
		return scene_read_number(stage->paths[domain], "memory.events", "oom ") > 0;
	/* A CPU charges 64 pages at once, or one if they are not to be had. */
	return usage_of(stage, domain) >= stage->limit_bytes ||
	       scene_read_number(stage->paths[domain], "memory.memsw.usage_in_bytes", "") >=
		       scene_read_number(stage->paths[domain], "memory.memsw.limit_in_bytes", "");
}

uint64_t scene_stage_kills(const struct scene_stage *stage)
{
	uint64_t count = 0;

	if (stage->world->cgroup_version == 2)
		return scene_read_number(stage->paths[0], "memory.events", "oom_kill ");
	for (unsigned int i = 0; i < stage->n_groups; i++)
		count += scene_read_number(stage->paths[i], "memory.oom_control", "oom_kill ");
	return count;
}

/* Those that were left by their parents are ours, too: we are their subreaper. */
static void reap(void)
{
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
}

static void kill_group(const char *directory)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[PATH_MAX + 64];
	char *end;

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	if (file_read(path, 65536, &text) < 0)
		return;
	for (const char *at = strbuf_text(&text); *at; at = end + (*end == '\n')) {
		pid_t pid = (pid_t)strtol(at, &end, 10);

		if (end == at)
			break;
		if (pid > 0)
			kill(pid, SIGKILL);
	}
}

static void remove_group(char *path)
{
	for (int try = 0; path && try < 5000 && rmdir(path) < 0 && errno == EBUSY; try++)
		nap();
	free(path);
}

void scene_stage_end(struct scene_stage *stage)
{
	for (unsigned int i = 0; i < stage->n_actors; i++) {
		if (stage->actors[i].pid > 0) {
			kill(stage->actors[i].pid, SIGKILL);
			ptrace(PTRACE_DETACH, stage->actors[i].pid, NULL, NULL);
		}
		close(stage->actors[i].fd);
	}
	for (unsigned int i = 0; i < stage->n_groups; i++)
		kill_group(stage->paths[i]);
	if (stage->apart)
		kill_group(stage->apart);
	reap();
	remove_group(stage->apart);
	for (unsigned int i = stage->n_groups; i-- > 0;)
		remove_group(stage->paths[i]);
	strbuf_free(&stage->why);
}

pid_t scene_stage_dead(void)
{
	siginfo_t info = {0};

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return 0;
	return info.si_pid;
}
