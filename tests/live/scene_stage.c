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

/* Files of cgroups: v1 and v2 call the same things by other names. */
static int write_to(const char *directory, const char *name, const char *text)
{
	char path[PATH_MAX + 64];
	int result = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		result = -errno;
	close(fd);
	return result;
}

static int write_number(const char *directory, const char *name, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return write_to(directory, name, text);
}

/* A number behind KEY, "" where the file is but a number. 0 where there is none. */
static uint64_t read_number(const char *directory, const char *name, const char *key)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[PATH_MAX + 64];
	const char *at;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (file_read(path, 65536, &text) < 0)
		return 0;
	at = strstr(strbuf_text(&text), key);
	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static uint64_t usage_of(const struct scene_stage *stage, unsigned int group)
{
	return read_number(
		stage->paths[group],
		stage->world->cgroup_version == 1 ? "memory.usage_in_bytes" : "memory.current", "");
}

/* Swap that is in use stays, and no more can be put out: nothing moves when memory runs out. */
static int set_limit(struct scene_stage *stage, unsigned int group, uint64_t bytes)
{
	const char *directory = stage->paths[group];
	uint64_t swap = read_number(directory, "memory.swap.current", "");
	int result;

	if (stage->world->cgroup_version == 2) {
		result = write_number(directory, "memory.swap.max", swap);
		if (result < 0 && result != -ENOENT)
			return fail(stage, directory, "memory.swap.max", result);
		result = write_number(directory, "memory.max", bytes);
		return result < 0 ? fail(stage, directory, "memory.max", result) : 0;
	}
	result = write_number(directory, "memory.limit_in_bytes", bytes);
	if (result < 0)
		return fail(stage, directory, "memory.limit_in_bytes", result);
	if (!stage->world->has_swap)
		write_number(directory, "memory.memsw.limit_in_bytes", bytes);
	return 0;
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
		write_to(stage->paths[g->parent], "cgroup.subtree_control", "+memory");
	return 0;
}

static int make_groups(struct scene_stage *stage, const char *parent)
{
	int result = 0;

	for (unsigned int i = 0; i < stage->plan->n_groups && result == 0; i++)
		result = make_group(stage, i, parent);
	for (unsigned int i = 0; i < stage->plan->n_groups && result == 0; i++)
		if (stage->plan->groups[i].kills_group)
			write_to(stage->paths[i], "memory.oom.group", "1");
	return result;
}

static void become_actor(const struct scene_stage *stage, const struct scene_actor *a, int fd)
{
	char numbers[6][24];
	const uint64_t values[] = {a->anon, a->shared, a->file, a->swap, a->threads};
	bool exits = !strcmp(a->kind, "exiting");
	const char *args[] = {stage->program,
			      "-j",
			      numbers[5],
			      "-a",
			      numbers[0],
			      "-s",
			      numbers[1],
			      "-o",
			      numbers[3],
			      "-t",
			      numbers[4],
			      "-k",
			      exits ? "plain" : a->kind,
			      "-f",
			      numbers[2],
			      "-F",
			      stage->world->file,
			      NULL};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		snprintf(numbers[i], sizeof(numbers[i]), "%llu", (unsigned long long)values[i]);
	snprintf(numbers[5], sizeof(numbers[5]), "%d", a->adj);
	if (!a->file)
		args[13] = NULL;
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	if (write_to(stage->paths[a->group], "cgroup.procs", "0") == 0)
		execv(stage->program, (char *const *)args);
	_exit(127);
}

/* One after the other: they are in their cgroup in the order in which they were started. */
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

/* Does ACTOR say WORD within that time? */
static bool says(const struct scene_actor_run *actor, const char *word, int milliseconds)
{
	struct pollfd poll_fd = {actor->fd, POLLIN, 0};
	char answer[64] = "";

	return poll(&poll_fd, 1, milliseconds) == 1 &&
	       read(actor->fd, answer, sizeof(answer) - 1) > 0 && strstr(answer, word);
}

static int order(const struct scene_actor_run *actor, const char *text)
{
	return send(actor->fd, text, strlen(text), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* It stands in the middle of its exit, with its memory, as one does whose exit takes long. */
static int let_exit(struct scene_stage *stage, const struct scene_actor_run *actor)
{
	siginfo_t info = {0};

	if (ptrace(PTRACE_SEIZE, actor->pid, NULL, PTRACE_O_TRACEEXIT) < 0)
		return fail(stage, "ptrace", "", -errno);
	order(actor, "x");
	if (waitid(P_PID, actor->pid, &info, WSTOPPED | WEXITED) < 0 ||
	    info.si_status >> 8 != PTRACE_EVENT_EXIT)
		return fail(stage, "a stop in exit", "", -ECHILD);
	return 0;
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

int scene_stage_start(struct scene_stage *stage, const char *parent)
{
	const struct scene_plan *p = stage->plan;
	int result = make_groups(stage, parent);

	for (unsigned int i = 0; i < p->n_actors && result == 0; i++)
		result = start_actor(stage, &p->actors[i]);
	for (unsigned int i = 0; i < p->n_actors && result == 0; i++)
		if (!says(&stage->actors[i], "ready", PATIENCE_MS))
			result = fail(stage, "a process is not ready:", p->actors[i].kind, -EIO);
	for (unsigned int i = 0; i < p->n_actors && result == 0; i++)
		if (!strcmp(p->actors[i].kind, "exiting"))
			result = let_exit(stage, &stage->actors[i]);
	return result;
}

int scene_stage_limit(struct scene_stage *stage)
{
	const struct scene_plan *p = stage->plan;
	uint64_t page = stage->world->page_bytes;
	int result = 0;

	for (unsigned int i = 0; i < p->n_groups && result == 0; i++) {
		uint64_t room = p->groups[i].room_pages;
		uint64_t pages = usage_of(stage, i) / page;

		if (p->groups[i].bare)
			continue;
		if (i != p->domain || p->trigger == SCENE_SYSRQ) {
			/* Nothing that is reached before the domain's. */
			if (room)
				result = set_limit(stage, i, (2 * pages + room + 32768) * page);
			continue;
		}
		stage->limit_bytes = (pages + p->room_pages) * page;
		if (p->trigger == SCENE_LOWERS) {
			result = set_limit(stage, i, stage->limit_bytes);
			stage->limit_bytes = (pages - MIN(pages / 2, HELD)) * page;
		} else {
			result = set_limit(stage, i, stage->limit_bytes);
		}
	}
	return result;
}

int scene_stage_provoke(struct scene_stage *stage)
{
	const struct scene_plan *p = stage->plan;
	char text[32];

	switch (p->trigger) {
	case SCENE_SYSRQ:
		return write_to("/proc", "sysrq-trigger", "f");
	case SCENE_LOWERS:
		return write_number(stage->paths[p->domain], "memory.max", stage->limit_bytes);
	default:
		snprintf(text, sizeof(text), "%c %llu", p->trigger == SCENE_GROWS ? 'g' : 'w',
			 (unsigned long long)p->room_pages + 65536);
		return order(&stage->actors[0], text);
	}
}

void scene_stage_calm(struct scene_stage *stage)
{
	if (stage->plan->trigger == SCENE_WRITES || stage->plan->trigger == SCENE_GROWS)
		kill(stage->actors[0].pid, SIGKILL);
}

bool scene_stage_failed(struct scene_stage *stage)
{
	return says(&stage->actors[0], "failed", 0);
}

uint64_t scene_stage_kills(const struct scene_stage *stage)
{
	uint64_t count = 0;

	if (stage->world->cgroup_version == 2)
		return read_number(stage->paths[0], "memory.events", "oom_kill ");
	for (unsigned int i = 0; i < stage->n_groups; i++)
		count += read_number(stage->paths[i], "memory.oom_control", "oom_kill ");
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
	reap();
	for (unsigned int i = stage->n_groups; i-- > 0; free(stage->paths[i]))
		for (int try = 0; try < 5000 && rmdir(stage->paths[i]) < 0 && errno == EBUSY; try++)
			nap();
	strbuf_free(&stage->why);
}

pid_t scene_stage_dead(void)
{
	siginfo_t info = {0};

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return 0;
	return info.si_pid;
}
