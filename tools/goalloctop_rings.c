/* The rings of goalloctop's probe: who starts and ends, what is allocated; and new ones when
 * another text takes over. */
#include <errno.h>
#include <inttypes.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "tools/goalloctop.h"

static enum discovery_verdict on_exec(pid_t pid, void *user)
{
	struct goalloctop *t = user;
	int r = go_programs_exec(t->programs, pid);

	if (r > 0)
		(void)goalloctop_enable(t); /* what fails for want of memory is done at a refresh */
	/* Those that were named by their PIDs are told of in any case, and nobody else matters. */
	if (r == 0 && t->pids.count)
		return DISCOVERY_NOT_GO;
	return r > 0 ? DISCOVERY_WATCH : r == -ENOEXEC ? DISCOVERY_NOT_GO : DISCOVERY_PASS;
}

static void on_exit_of(pid_t pid, void *user)
{
	go_programs_exit(((struct goalloctop *)user)->programs, pid);
}

static void on_lost(uint64_t n, void *user)
{
	message_verbose("%" PRIu64 " starts or ends of programs were lost; looking through /proc",
			n);
	go_programs_look_again(((struct goalloctop *)user)->programs);
}

void goalloctop_take_comings(void *user)
{
	(void)discovery_take(((struct goalloctop *)user)->probe.discovery);
}

void goalloctop_take_events(void *user)
{
	struct goalloctop *t = user;

	(void)alloc_events_take(t->probe.events);
	goalloctop_trace_flush(t);
}

void goalloctop_take_rings(void *user)
{
	struct goalloctop *t = user;

	if (t->probe.discovery)
		goalloctop_take_comings(t);
	if (t->probe.events && t->probe.trace)
		goalloctop_take_events(t);
}

/* Without BPF, /proc is looked through. That matters to who waits for programs. */
int goalloctop_discovery_none(struct goalloctop *t, const char *why)
{
	strbuf_puts(&t->probe.none, why);
	if (t->pids.count)
		message_verbose("not told by the kernel of programs that end: %s", why);
	else
		message_warning("programs that start are found late, and those that end soon not "
				"at all, as the kernel does not tell of them: %s",
				why);
	return -1;
}

int goalloctop_discovery_start(struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	const struct discovery_calls calls = {on_exec, on_exit_of, on_lost, t};
	int r = discovery_open(t->probe.tracer, &calls, &why, &t->probe.discovery);

	if (why.length) {
		message_error("%s", strbuf_text(&why));
		return EXIT_FAILED;
	}
	if (r == 0)
		r = loop_add(t->loop, discovery_fd(t->probe.discovery), goalloctop_take_comings, t);
	if (r == -ENOENT)
		return goalloctop_discovery_none(t, "this BPF text has not the maps for that");
	if (r < 0)
		return tool_status("cannot begin", r);
	go_programs_are_told(t->programs, true);
	return -1;
}

int goalloctop_probe_before(struct tracer *tracer, struct strbuf *why, void *user)
{
	const struct goalloctop_probe *p = &((struct goalloctop *)user)->probe;
	int r = p->discovery ? discovery_check(p->discovery, why) : 0;

	(void)tracer;
	return r == 0 && p->events ? alloc_events_check(p->events, why) : r;
}

/* Another ring instead of this one, if there is one. */
static int renew(struct goalloctop *t, int fd, loop_fn take, int (*renewed)(struct goalloctop *t))
{
	int r;

	if (fd >= 0)
		loop_remove(t->loop, fd);
	fd = renewed(t);
	r = MIN(fd, 0);
	if (r == 0 && take)
		r = loop_add(t->loop, fd, take, t);
	return r;
}

static int renew_comings(struct goalloctop *t)
{
	int r = discovery_renew(t->probe.discovery);

	return r < 0 ? r : discovery_fd(t->probe.discovery);
}

static int renew_events(struct goalloctop *t)
{
	int r = alloc_events_renew(t->probe.events);

	if (r == 0 && t->probe.trace) {
		goalloctop_trace_flush(t);
		r = goalloctop_trace_begin(t);
		t->probe.table.heads_due = true;
	}
	return r < 0 || !t->probe.trace ? r : alloc_events_fd(t->probe.events);
}

int goalloctop_probe_after(struct tracer *tracer, bool swapped, struct strbuf *why, void *user)
{
	struct goalloctop *t = user;
	struct goalloctop_probe *p = &t->probe;
	int r = 0;

	(void)tracer;
	(void)why;
	if (!swapped)
		return 0;
	if (p->discovery)
		r = renew(t, discovery_fd(p->discovery), goalloctop_take_comings, renew_comings);
	if (r == 0 && p->events)
		r = renew(t, alloc_events_fd(p->events), p->trace ? goalloctop_take_events : NULL,
			  renew_events);
	return r;
}
