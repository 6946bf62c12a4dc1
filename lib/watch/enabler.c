#include "watch/enabler.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "app/message.h"
#include "app/privilege.h"
#include "go/go_rate.h"
#include "output/human.h"
#include "proc/clock.h"
#include "proc/process.h"

#define FIRST_LOOK_NS 200000ull	   /* 0.2 ms: a runtime is up 1 ms after its exec, or later */
#define LAST_LOOK_NS 1000000000ull /* 1 s: a process that is stopped may never get there */
#define SWEEP_NS 5000000000ull	   /* 5 s: a look for those that have ended */
#define REMEMBER_NS 60000000000ull /* 60 s: a victim may be told of some time after its end */

enum state {
	STATE_WAITING, /* for its runtime */
	STATE_ON,
	STATE_OVER, /* it has ended, or is left alone */
};

struct entry {
	struct entry *next;
	struct enabler_program program; /* without its binary where that was borrowed */
	char version[64];
	/* Of the thread. What others look at is changed under the lock. */
	struct go_rate *rate;
	enum state state;
	uint64_t added_ns;
	uint64_t opened_ns; /* 0: not yet */
	uint64_t next_ns;   /* to be looked at again */
	struct victim_enabled enabled;
};

struct enabler {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct entry *entries; /* newest first; all may add, the thread alone removes */
	bool closing;
	int64_t value;
};

/* PID 4242 ("comm"), go1.24.4: heap profiling ... */
static void say(const struct entry *e, void (*message)(const char *format, ...),
		const struct strbuf *text)
{
	struct process p = {.comm = "?"};

	(void)process_read((pid_t)e->program.process.pid, &p);
	message("PID %u (\"%s\"), %s: heap profiling %s", e->program.process.pid, p.comm,
		e->version, strbuf_text(text));
}

static void say_on(const struct enabler *en, const struct entry *e)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	strbuf_puts(&text, "switched on, one sample each ");
	human_bytes(&text, en->value);
	strbuf_puts(&text, ", ");
	human_duration(&text, e->enabled.after_ns);
	strbuf_puts(&text, " after its start; what it allocated before will not be in its profile");
	say(e, message_error, &text);
}

static void say_on_already(const struct entry *e)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	int64_t rate = 0;

	if (go_rate_get(e->rate, &rate) < 0)
		return;
	strbuf_puts(&text, "is on already, one sample each ");
	human_bytes(&text, rate);
	strbuf_puts(&text, "; left as it is");
	say(e, message_error, &text);
}

/* A program that has ended meanwhile is nothing to tell of. */
static void say_not_on(const struct entry *e, int error, const char *why)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	strbuf_printf(&text, "NOT switched on: %s", why);
	say(e, error == -ESRCH ? message_verbose : message_warning, &text);
}

static void over(struct enabler *en, struct entry *e)
{
	go_rate_close(e->rate);
	e->rate = NULL;
	pthread_mutex_lock(&en->lock);
	e->state = STATE_OVER;
	e->next_ns = clock_monotonic_ns() + REMEMBER_NS;
	pthread_mutex_unlock(&en->lock);
}

static void switched_on(struct enabler *en, struct entry *e)
{
	uint64_t now = clock_monotonic_ns();

	pthread_mutex_lock(&en->lock);
	e->state = STATE_ON;
	e->next_ns = now + SWEEP_NS;
	e->enabled.at_ns = now;
	e->enabled.after_ns = e->program.exec_ns
				      ? now - e->program.exec_ns
				      : clock_boottime_ns() - e->program.process.start_ns;
	pthread_mutex_unlock(&en->lock);
	say_on(en, e);
}

static int open_process(struct entry *e, struct strbuf *why)
{
	const struct enabler_program *p = &e->program;

	return go_rate_open((pid_t)p->process.pid, p->binary, p->in_library ? &p->bias : NULL, why,
			    &e->rate);
}

/* 1: settled, 0: to be looked at again, or -errno. */
static int settled(struct enabler *en, struct entry *e, struct strbuf *why)
{
	int r = 0;

	if (!e->rate) {
		pthread_mutex_lock(&en->lock);
		e->opened_ns = clock_monotonic_ns();
		pthread_mutex_unlock(&en->lock);
		r = open_process(e, why);
	}
	return r < 0 ? r : go_rate_settled(e->rate, why);
}

static void try_to_switch_on(struct enabler *en, struct entry *e)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	uint64_t now = clock_monotonic_ns();
	int r = settled(en, e, &why);

	if (r == 0) {
		e->next_ns = now + MIN(MAX((now - e->added_ns) / 8, FIRST_LOOK_NS), LAST_LOOK_NS);
		return;
	}
	if (r > 0) {
		r = go_rate_change(e->rate, 0, en->value);
		if (r < 0)
			strbuf_puts(&why, strerror(-r));
	}
	if (r == 0) {
		switched_on(en, e);
		return;
	}
	if (r == -EBUSY)
		say_on_already(e);
	else
		say_not_on(e, r, strbuf_text(&why));
	over(en, e);
}

static void look_at(struct enabler *en, struct entry *e)
{
	int64_t rate;

	if (e->state == STATE_WAITING)
		try_to_switch_on(en, e);
	else if (go_rate_get(e->rate, &rate) == -ESRCH)
		over(en, e);
	else
		e->next_ns = clock_monotonic_ns() + SWEEP_NS;
}

static void free_entry(struct entry *e)
{
	go_rate_close(e->rate);
	free(e);
}

/* Under the lock, which is released for each look. */
static void look_at_all(struct enabler *en)
{
	for (struct entry **link = &en->entries, *e; (e = *link) && !en->closing;) {
		if (e->next_ns <= clock_monotonic_ns()) {
			if (e->state == STATE_OVER) {
				*link = e->next;
				free_entry(e);
				continue;
			}
			pthread_mutex_unlock(&en->lock);
			look_at(en, e);
			pthread_mutex_lock(&en->lock);
		}
		link = &e->next;
	}
}

static uint64_t next_look(const struct enabler *en)
{
	uint64_t next = UINT64_MAX;

	for (const struct entry *e = en->entries; e; e = e->next)
		next = MIN(next, e->next_ns);
	return next;
}

/* 1: it is off again. */
static int restore(const struct enabler *en, const struct entry *e)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	int r;

	if (e->state != STATE_ON)
		return 0;
	r = go_rate_change(e->rate, en->value, 0);
	if (r == -EBUSY)
		strbuf_puts(&text, "has another rate by now; left as it is");
	else if (r < 0)
		strbuf_printf(&text, "could NOT be switched off again: %s", strerror(-r));
	else
		strbuf_puts(&text, "switched off again");
	if (r != -ESRCH)
		say(e, r == 0 ? message_verbose : message_warning, &text);
	return r == 0;
}

static void restore_all(const struct enabler *en)
{
	_cleanup_strbuf_ struct strbuf programs = {0};
	uint64_t n = 0;

	for (const struct entry *e = en->entries; e; e = e->next)
		n += restore(en, e);
	human_things(&programs, n, "program");
	if (n)
		message_error("heap profiling switched off again in %s", strbuf_text(&programs));
}

static void *run(void *p)
{
	struct enabler *en = p;

	pthread_mutex_lock(&en->lock);
	while (!en->closing) {
		struct timespec until;
		uint64_t next;

		look_at_all(en);
		if (en->closing)
			break;
		next = next_look(en);
		until = (struct timespec){(time_t)(next / 1000000000), (long)(next % 1000000000)};
		if (next == UINT64_MAX)
			pthread_cond_wait(&en->changed, &en->lock);
		else
			pthread_cond_timedwait(&en->changed, &en->lock, &until);
	}
	pthread_mutex_unlock(&en->lock);
	restore_all(en);
	return NULL;
}

/* A descriptor is held for each program: more than the 1024 that are common. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int enabler_open(int64_t rate, struct enabler **ret)
{
	struct enabler *en = calloc(1, sizeof(*en));
	_cleanup_strbuf_ struct strbuf why = {0};
	pthread_condattr_t attributes;
	int r;

	if (!en)
		return -ENOMEM;
	if (privilege_check_ptrace(&why) < 0)
		message_warning("--enable-profiling: %s", strbuf_text(&why));
	allow_descriptors();
	en->value = rate;
	pthread_mutex_init(&en->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&en->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	r = pthread_create(&en->thread, NULL, run, en);
	if (r) {
		pthread_cond_destroy(&en->changed);
		pthread_mutex_destroy(&en->lock);
		free(en);
		return -r;
	}
	*ret = en;
	return 0;
}

static bool same_process(const struct oomprof_process *a, const struct oomprof_process *b)
{
	return a->pid == b->pid && a->start_ns / OOMPROF_TICK_NS == b->start_ns / OOMPROF_TICK_NS;
}

/* The newest of its entries; a process can execute one program after the other. */
static struct entry *find(const struct enabler *en, const struct oomprof_process *process,
			  const struct go_binary *binary)
{
	struct entry *e = en->entries;

	while (e && !(e->program.binary == binary && same_process(&e->program.process, process)))
		e = e->next;
	return e;
}

/* Is that start of a program what this entry was made for, or what its memory was opened after? */
static bool covers(const struct entry *e, const struct enabler_program *p)
{
	return !e->opened_ns || (!p->in_library && p->exec_ns <= e->opened_ns);
}

/* What was borrowed is given back. False: nothing can be switched on there, and it has been said.
 */
static bool use_borrowed(struct entry *e)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int r = open_process(e, &why);

	e->program.binary = NULL;
	e->opened_ns = e->added_ns;
	if (r < 0)
		say_not_on(e, r, strbuf_text(&why));
	return r == 0;
}

int enabler_add(struct enabler *en, const struct enabler_program *program)
{
	struct entry *e = calloc(1, sizeof(*e)), *known;

	if (!e)
		return -ENOMEM;
	e->program = *program;
	snprintf(e->version, sizeof(e->version), "%s", program->binary->version);
	e->added_ns = clock_monotonic_ns();
	if (program->borrowed && !use_borrowed(e)) {
		free(e);
		return 0;
	}
	pthread_mutex_lock(&en->lock);
	known = program->borrowed ? NULL : find(en, &program->process, program->binary);
	if (!known || !covers(known, program)) {
		e->next = en->entries;
		en->entries = STEAL(e);
		pthread_cond_signal(&en->changed);
	}
	pthread_mutex_unlock(&en->lock);
	free(e);
	return 0;
}

bool enabler_find(struct enabler *en, const struct oomprof_process *process,
		  const struct go_binary *binary, struct victim_enabled *ret)
{
	const struct entry *e;
	bool found;

	pthread_mutex_lock(&en->lock);
	e = find(en, process, binary);
	found = e && e->enabled.at_ns;
	if (found)
		*ret = e->enabled;
	pthread_mutex_unlock(&en->lock);
	return found;
}

void enabler_stop(struct enabler *en)
{
	if (!en || en->closing)
		return;
	pthread_mutex_lock(&en->lock);
	en->closing = true;
	pthread_cond_signal(&en->changed);
	pthread_mutex_unlock(&en->lock);
	pthread_join(en->thread, NULL);
}

void enabler_close(struct enabler *en)
{
	struct entry *e, *next;

	if (!en)
		return;
	enabler_stop(en);
	pthread_cond_destroy(&en->changed);
	pthread_mutex_destroy(&en->lock);
	for (e = en->entries; e; e = next) {
		next = e->next;
		free_entry(e);
	}
	free(en);
}
