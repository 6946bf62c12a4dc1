#include "app/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include "base/macro.h"

enum source_kind { SOURCE_FD, SOURCE_TIMER, SOURCE_SIGNAL, SOURCE_STDOUT, SOURCE_GONE };

struct source {
	struct source *next;
	struct loop *loop;
	enum source_kind kind;
	int fd;
	loop_fn call;
	void *user;
};

struct catcher {
	loop_fn call;
	void *user;
};

struct loop {
	int epoll;
	int signals;
	sigset_t caught;
	struct catcher catchers[NSIG];
	bool stopped, any_gone;
	int status;
	struct source *sources;
};

static int add_source(struct loop *loop, enum source_kind kind, int fd, uint32_t events,
		      loop_fn call, void *user)
{
	struct source *s = calloc(1, sizeof(*s));
	struct epoll_event event = {.events = events, .data.ptr = s};

	if (!s)
		return -ENOMEM;
	*s = (struct source){loop->sources, loop, kind, fd, call, user};
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		int r = -errno;

		free(s);
		return r;
	}
	loop->sources = s;
	return 0;
}

static int add_signals(struct loop *loop)
{
	int fd, r;

	sigemptyset(&loop->caught);
	sigaddset(&loop->caught, SIGINT);
	sigaddset(&loop->caught, SIGTERM);
	sigaddset(&loop->caught, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &loop->caught, NULL) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &loop->caught, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = add_source(loop, SOURCE_SIGNAL, fd, EPOLLIN, NULL, NULL);
	if (r < 0)
		close(fd);
	else
		loop->signals = fd;
	return r;
}

int loop_on_signal(struct loop *loop, int number, loop_fn caught, void *user)
{
	bool stops = number == SIGINT || number == SIGTERM || number == SIGHUP;
	sigset_t set;

	loop->catchers[number] = (struct catcher){caught, user};
	if (stops)
		return 0;
	sigemptyset(&set);
	sigaddset(&set, number);
	if (caught)
		sigaddset(&loop->caught, number);
	else
		sigdelset(&loop->caught, number);
	if (sigprocmask(caught ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL) < 0 ||
	    signalfd(loop->signals, &loop->caught, 0) < 0)
		return -errno;
	return 0;
}

/* A pipe or socket whose other end closes reports EPOLLERR or EPOLLHUP, even with no events asked.
 */
static void watch_stdout(struct loop *loop)
{
	struct stat st;

	if (fstat(1, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		(void)add_source(loop, SOURCE_STDOUT, 1, 0, NULL, NULL);
}

int loop_open(struct loop **ret)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int r;

	if (!loop)
		return -ENOMEM;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		r = -errno;
		free(loop);
		return r;
	}
	r = add_signals(loop);
	if (r < 0) {
		loop_close(loop);
		return r;
	}
	watch_stdout(loop);
	*ret = loop;
	return 0;
}

int loop_add(struct loop *loop, int fd, loop_fn ready, void *user)
{
	return add_source(loop, SOURCE_FD, fd, EPOLLIN, ready, user);
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
}

static int set_timer(int fd, uint64_t first_ns, uint64_t every_ns)
{
	struct itimerspec when = {timespec_of(every_ns), timespec_of(MAX(first_ns, (uint64_t)1))};

	return timerfd_settime(fd, 0, &when, NULL) < 0 ? -errno : 0;
}

int loop_add_timer(struct loop *loop, uint64_t first_ns, uint64_t every_ns, loop_fn fire,
		   void *user)
{
	int r, fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	r = set_timer(fd, first_ns, every_ns);
	if (r == 0)
		r = add_source(loop, SOURCE_TIMER, fd, EPOLLIN, fire, user);
	if (r < 0)
		close(fd);
	return r;
}

int loop_change_timer(struct loop *loop, loop_fn fire, void *user, uint64_t first_ns,
		      uint64_t every_ns)
{
	for (struct source *s = loop->sources; s; s = s->next)
		if (s->kind == SOURCE_TIMER && s->call == fire && s->user == user)
			return set_timer(s->fd, first_ns, every_ns);
	return -ENOENT;
}

/* What epoll_wait() has reported already may still point to it. */
static void remove_source(struct loop *loop, struct source *s)
{
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, s->fd, NULL);
	if (s->kind == SOURCE_TIMER)
		close(s->fd);
	s->kind = SOURCE_GONE;
	loop->any_gone = true;
}

void loop_remove(struct loop *loop, int fd)
{
	for (struct source *s = loop->sources; s; s = s->next)
		if (s->kind == SOURCE_FD && s->fd == fd)
			remove_source(loop, s);
}

void loop_remove_timer(struct loop *loop, loop_fn fire, void *user)
{
	for (struct source *s = loop->sources; s; s = s->next)
		if (s->kind == SOURCE_TIMER && s->call == fire && s->user == user)
			remove_source(loop, s);
}

static void free_gone(struct loop *loop)
{
	struct source **at = &loop->sources, *s;

	while ((s = *at)) {
		if (s->kind == SOURCE_GONE) {
			*at = s->next;
			free(s);
		} else {
			at = &s->next;
		}
	}
	loop->any_gone = false;
}

void loop_stop(struct loop *loop, int status)
{
	if (loop->stopped)
		return;
	loop->stopped = true;
	loop->status = status;
}

static void on_signals(struct source *s)
{
	struct loop *loop = s->loop;
	struct signalfd_siginfo info;

	while (!loop->stopped && read(s->fd, &info, sizeof(info)) == sizeof(info)) {
		const struct catcher *c = &loop->catchers[info.ssi_signo % NSIG];

		if (c->call)
			c->call(c->user);
		else
			loop_stop(loop, 0);
	}
}

static void dispatch(struct source *s)
{
	uint64_t times;

	switch (s->kind) {
	case SOURCE_FD:
		s->call(s->user);
		break;
	case SOURCE_TIMER:
		if (read(s->fd, &times, sizeof(times)) == sizeof(times))
			s->call(s->user);
		break;
	case SOURCE_SIGNAL:
		on_signals(s);
		break;
	case SOURCE_STDOUT:
		loop_stop(s->loop, 0);
		break;
	case SOURCE_GONE:
		break;
	}
}

bool loop_stopped(const struct loop *loop)
{
	return loop->stopped;
}

int loop_run(struct loop *loop)
{
	while (!loop->stopped) {
		struct epoll_event events[16];
		int n = epoll_wait(loop->epoll, events, ARRAY_SIZE(events), -1);

		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n && !loop->stopped; i++)
			dispatch(events[i].data.ptr);
		if (loop->any_gone)
			free_gone(loop);
	}
	for (struct source *s = loop->sources; s; s = s->next)
		if (s->kind == SOURCE_FD)
			s->call(s->user);
	return loop->status;
}

void loop_close(struct loop *loop)
{
	struct source *s, *next;

	if (!loop)
		return;
	for (s = loop->sources; s; s = next) {
		next = s->next;
		if (s->kind == SOURCE_TIMER || s->kind == SOURCE_SIGNAL)
			close(s->fd);
		free(s);
	}
	if (loop->epoll >= 0)
		close(loop->epoll);
	free(loop);
}
