#include "app/command_runner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "app/message.h"
#include "app/worker.h"
#include "base/child.h"
#include "base/file.h"
#include "proc/clock.h"

enum stage {
	WAITS,
	STARTS, /* the second thread has it */
	RUNS,
	TERMINATED,
	KILLED,
};

struct job {
	void *link; /* of the worker, then of the list of those that were started */
	struct job *next;
	struct command_runner *runner;
	struct strbuf environment;
	char *what;
	enum stage stage;
	uint64_t deadline_ns; /* of its stage, CLOCK_MONOTONIC; UINT64_MAX: none */
	pid_t pid;
	int pidfd; /* -1: not started */
	int error; /* why not */
};

struct command_runner {
	const char *command;
	struct command_limits limits;
	struct worker *worker;
	int epoll, timer, event;
	char **base; /* our environment, without what begins with the prefix */
	size_t n_base;
	struct job *jobs; /* all, the oldest first */
	size_t n_waiting, n_active;
	uint64_t dropped; /* besides the one that was named */
	bool dropping;
	pthread_mutex_t lock;
	struct job *started; /* under the lock: left by the worker */
};

static uint64_t later_ns(uint64_t ns)
{
	uint64_t now = clock_monotonic_ns();

	return ns > UINT64_MAX - now ? UINT64_MAX : now + ns;
}

/* ---- the second thread: from a job to a process ---- */

/* In the child, which has our memory and stack until it execs. */
static void __attribute__((noreturn))
become(const char *command, char *const *envp, volatile int *error)
{
	char *const argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
			      (char *)(uintptr_t)command, NULL};
	int null = open("/dev/null", O_RDWR);

	setsid();
	/* Where this is refused, the command is still wanted. */
	(void)child_unprotect();
	child_default_signals();
	if (null < 0 || dup2(null, 0) < 0 || dup2(fcntl(2, F_GETFD) < 0 ? null : 2, 1) < 0 ||
	    (fcntl(2, F_GETFD) < 0 && dup2(null, 2) < 0) || close_range(3, UINT_MAX, 0) < 0) {
		*error = errno;
		_exit(127);
	}
	execve("/bin/sh", argv, envp);
	*error = errno;
	_exit(127);
}

/* The thread waits until the child has called exec or has failed to. Its PID, or -errno. */
static pid_t __attribute__((noinline)) spawn(const char *command, char *const *envp)
{
	sigset_t all, before;
	volatile int error = 0; /* the child sets it, behind the compiler's back */
	pid_t pid;

	/* A handler must not run in the child: it would work on our memory. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = vfork();
	if (pid == 0)
		become(command, envp, &error);
	if (pid < 0)
		error = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!error)
		return pid;
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return -error;
}

static int start_job(struct job *j)
{
	const struct command_runner *r = j->runner;
	_cleanup_free_ char **envp = NULL;
	size_t n = r->n_base;
	char *end = j->environment.data + j->environment.length;
	pid_t pid;

	for (const char *s = j->environment.data; s < end; s += strlen(s) + 1)
		n++;
	envp = calloc(n + 1, sizeof(*envp));
	if (!envp)
		return -ENOMEM;
	memcpy(envp, r->base, r->n_base * sizeof(*envp));
	n = r->n_base;
	for (char *s = j->environment.data; s < end; s += strlen(s) + 1)
		envp[n++] = s;
	pid = spawn(r->command, envp);
	if (pid < 0)
		return pid;
	j->pidfd = pidfd_open(pid, 0);
	if (j->pidfd < 0) {
		int error = errno;

		kill(-pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return -error;
	}
	j->pid = pid;
	return 0;
}

static void do_job(void *job, void *user)
{
	struct command_runner *r = user;
	struct job *j = job;

	j->error = start_job(j);
	pthread_mutex_lock(&r->lock);
	j->link = r->started;
	r->started = j;
	pthread_mutex_unlock(&r->lock);
	eventfd_write(r->event, 1);
}

/* ---- the caller's thread ---- */

static void remove_job(struct command_runner *r, struct job *j)
{
	struct job **at = &r->jobs;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	if (j->pidfd >= 0) {
		/* A child between vfork and exec may have a copy, by which it would be still
		 * watched. */
		epoll_ctl(r->epoll, EPOLL_CTL_DEL, j->pidfd, NULL);
		close(j->pidfd);
	}
	strbuf_free(&j->environment);
	free(j->what);
	free(j);
}

static void end_job(struct command_runner *r, struct job *j)
{
	r->n_active--;
	remove_job(r, j);
}

static void say_dropped(struct command_runner *r)
{
	if (r->dropped)
		message_warning("%llu more commands were not run: there were too many at once",
				(unsigned long long)r->dropped);
	r->dropped = 0;
	r->dropping = false;
}

static void start_waiting(struct command_runner *r)
{
	for (struct job *j = r->jobs; j && r->n_active < r->limits.at_once; j = j->next)
		if (j->stage == WAITS) {
			j->stage = STARTS;
			r->n_waiting--;
			r->n_active++;
			worker_push(r->worker, j);
		}
	if (!r->n_waiting)
		say_dropped(r);
}

static int watch(struct command_runner *r, int fd, void *what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

	return epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static void take_started(struct command_runner *r)
{
	struct job *j, *next;
	eventfd_t times;

	(void)eventfd_read(r->event, &times);
	pthread_mutex_lock(&r->lock);
	j = STEAL(r->started);
	pthread_mutex_unlock(&r->lock);
	for (; j; j = next) {
		next = j->link;
		j->stage = RUNS;
		j->deadline_ns = later_ns(r->limits.time_ns);
		if (j->error == 0)
			j->error = watch(r, j->pidfd, j);
		if (j->error == 0)
			continue;
		message_warning("cannot start the command for %s: %s", j->what,
				strerror(-j->error));
		end_job(r, j);
	}
}

static void say_end(const struct command_runner *r, const struct job *j, int status)
{
	if (j->stage != RUNS)
		message_warning("the command for %s was ended: it took longer than %llu s", j->what,
				(unsigned long long)(r->limits.time_ns / 1000000000));
	else if (WIFSIGNALED(status))
		message_warning("the command for %s was ended by signal %d (%s)", j->what,
				WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		message_warning("the command for %s ended with status %d", j->what,
				WEXITSTATUS(status));
}

static void on_end(struct command_runner *r, struct job *j)
{
	int status = 0;

	/* What it has started has its time, too: until then its number must stay theirs. */
	if (j->stage == TERMINATED) {
		epoll_ctl(r->epoll, EPOLL_CTL_DEL, j->pidfd, NULL);
		return;
	}
	if (waitpid(j->pid, &status, WNOHANG) == 0)
		return;
	say_end(r, j, status);
	end_job(r, j);
}

static void on_deadline(struct command_runner *r, struct job *j)
{
	bool first = j->stage == RUNS;

	kill(-j->pid, first ? SIGTERM : SIGKILL);
	j->deadline_ns = first ? later_ns(r->limits.grace_ns) : UINT64_MAX;
	j->stage = first ? TERMINATED : KILLED;
	if (!first)
		(void)watch(r, j->pidfd, j); /* again, if it had ended already */
}

/* Ends what takes too long, and sets the timer to the next that may. */
static void watch_time(struct command_runner *r)
{
	struct itimerspec when = {0};
	uint64_t next = UINT64_MAX, now = clock_monotonic_ns();

	for (struct job *j = r->jobs; j; j = j->next) {
		if (j->deadline_ns <= now)
			on_deadline(r, j);
		next = MIN(next, j->deadline_ns);
	}
	if (next != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(next / 1000000000);
		when.it_value.tv_nsec = (long)(next % 1000000000);
	}
	timerfd_settime(r->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

void command_runner_work(void *runner)
{
	struct command_runner *r = runner;
	struct epoll_event events[16];
	int n = epoll_wait(r->epoll, events, ARRAY_SIZE(events), 0);

	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr == &r->event)
			take_started(r);
		else if (events[i].data.ptr != &r->timer)
			on_end(r, events[i].data.ptr);
	}
	watch_time(r);
	start_waiting(r);
}

static int keep_environment(struct command_runner *r, const char *prefix)
{
	size_t n = 0;

	while (environ && environ[n])
		n++;
	r->base = calloc(n + 1, sizeof(*r->base));
	if (!r->base)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], prefix, strlen(prefix)) != 0)
			r->base[r->n_base++] = environ[i];
	return 0;
}

static int open_descriptors(struct command_runner *r)
{
	int result;

	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	r->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->epoll < 0 || r->timer < 0 || r->event < 0)
		return -errno;
	result = watch(r, r->timer, &r->timer);
	return result < 0 ? result : watch(r, r->event, &r->event);
}

int command_runner_open(const char *command, const char *prefix,
			const struct command_limits *limits, struct command_runner **ret)
{
	struct command_runner *r = calloc(1, sizeof(*r));
	int result;

	if (!r)
		return -ENOMEM;
	*r = (struct command_runner){
		.command = command, .limits = *limits, .epoll = -1, .timer = -1, .event = -1};
	pthread_mutex_init(&r->lock, NULL);
	result = keep_environment(r, prefix);
	if (result == 0)
		result = open_descriptors(r);
	if (result == 0)
		result = worker_open(do_job, r, offsetof(struct job, link), &r->worker);
	if (result < 0) {
		command_runner_close(r);
		return result;
	}
	/* Where whoever started us ignores SIGCHLD, there would be no status. */
	signal(SIGCHLD, SIG_DFL);
	*ret = r;
	return 0;
}

int command_runner_fd(const struct command_runner *r)
{
	return r->epoll;
}

static void drop(struct command_runner *r, const char *what)
{
	/* The first is named; how many more there were is said when it is over. */
	if (r->dropping)
		r->dropped++;
	else
		message_warning("the command for %s is not run: %zu run and %zu wait already", what,
				r->n_active, r->n_waiting);
	r->dropping = true;
}

int command_runner_add(struct command_runner *r, const char *what, struct strbuf *environment)
{
	struct job *j, **end = &r->jobs;

	if (r->n_active >= r->limits.at_once && r->n_waiting >= r->limits.waiting) {
		drop(r, what);
		return 0;
	}
	j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	j->what = strdup(what);
	if (!j->what || strbuf_error(environment) < 0) {
		free(j->what);
		free(j);
		return -ENOMEM;
	}
	j->runner = r;
	j->environment = *environment;
	*environment = (struct strbuf){0};
	j->stage = WAITS;
	j->deadline_ns = UINT64_MAX;
	j->pidfd = -1;
	while (*end)
		end = &(*end)->next;
	*end = j;
	r->n_waiting++;
	start_waiting(r);
	return 0;
}

bool command_runner_wait(struct command_runner *r, bool ended, uint64_t patience_ns)
{
	uint64_t end = later_ns(patience_ns);
	struct pollfd p = {.fd = r->epoll, .events = POLLIN};

	while (r->n_waiting || (ended && r->n_active)) {
		uint64_t now = clock_monotonic_ns();

		if (now >= end)
			return false;
		if (poll(&p, 1, (int)MIN((end - now) / 1000000 + 1, (uint64_t)1000)) > 0)
			command_runner_work(r);
	}
	return true;
}

void command_runner_close(struct command_runner *r)
{
	if (!r)
		return;
	say_dropped(r);
	if (r->n_waiting)
		message_warning("%zu commands were not run: others took too long", r->n_waiting);
	worker_close(r->worker);
	while (r->jobs)
		remove_job(r, r->jobs);
	pthread_mutex_destroy(&r->lock);
	if (r->epoll >= 0)
		close(r->epoll);
	if (r->timer >= 0)
		close(r->timer);
	if (r->event >= 0)
		close(r->event);
	free(r->base);
	free(r);
}
