/*
 * Which Go programs start and end, told by the probe bpf-src/goalloctop.bpf.c as it happens. A
 * process that has forked and not called exec runs its parent's image and is not told of: a later
 * look through /proc finds it. PIDs are those of the initial namespace, which the caller has to be
 * in (process_in_initial_pid_namespace()).
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "bpf/tracer.h"

enum discovery_verdict {
	DISCOVERY_WATCH,  /* its end is to be told */
	DISCOVERY_PASS,	  /* of no interest, or not known yet what it is */
	DISCOVERY_NOT_GO, /* nobody who runs this very executable is of interest: no more of it, but
			     when somebody whose end is to be told begins to run it */
};

struct discovery_calls {
	/* The process runs another program from now on: what it ran before, if that was watched,
	 * has ended. */
	enum discovery_verdict (*on_exec)(pid_t pid, void *user);
	/* A watched process has ended: its last thread. */
	void (*on_exit)(pid_t pid, void *user);
	/* N events were lost: look through all processes again. */
	void (*on_lost)(uint64_t n, void *user);
	void *user;
};

struct discovery;

/* TRACER runs the probe, and outlives it. 0; -ENOENT: its text has no such maps; -EINVAL: its
 * events cannot be read, the reason is in WHY (may be NULL); or -errno. */
int discovery_open(struct tracer *tracer, const struct discovery_calls *calls, struct strbuf *why,
		   struct discovery **ret);

/* Polls readable while there is something to take. Owned by it. */
int discovery_fd(const struct discovery *discovery);

/* Make the calls for all that is on the ring, without waiting. 0 or -errno. */
int discovery_take(struct discovery *discovery);

/*
 * Was anything lost since the last time? Then on_lost() is called. To be asked once an interval:
 * what the ring had no place for, and what the kernel did not even run the probe for
 * (tracer_missed()), makes nothing readable. 0 or -errno.
 */
int discovery_ask_lost(struct discovery *discovery);

/*
 * Tell of the end of this process, too: of one that was found otherwise. Say so before looking into
 * it: what ends between would not be missed then. 0, or -E2BIG: too many are watched.
 */
int discovery_watch(struct discovery *discovery, pid_t pid);
void discovery_unwatch(struct discovery *discovery, pid_t pid);

/* Those of whom it was said that they are not of interest are told of again. */
void discovery_forget(struct discovery *discovery);

/*
 * Around a swap of the tracer's text (tracer_swap()). Check, when the new maps are there: can its
 * events be read? 0, or -errno with the reason in WHY. Renew, after it: what is in the old ring is
 * taken first; discovery_fd() is another one from here on. 0 or -errno.
 */
int discovery_check(const struct discovery *discovery, struct strbuf *why);
int discovery_renew(struct discovery *discovery);

/* Starts and ends lost by then. */
uint64_t discovery_lost(const struct discovery *discovery);

/* NULL is fine. */
void discovery_close(struct discovery *discovery);
