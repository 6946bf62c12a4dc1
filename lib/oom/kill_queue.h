/*
 * From the kernel's records to kills in their order. A kill's records come one by one: the choice,
 * others that die with the victim, how they end. It waits here until nothing more is to come, or
 * for its time; those behind it wait with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oom/kill.h"

struct oomkill_event;
struct oomkill_stack;
struct flag_names;

#define KILL_QUEUE_MOST 1024	      /* kills that wait; one more, and the oldest goes out */
#define KILL_QUEUE_MEMBERS_MOST 16384 /* processes that died with those that wait, likewise */

enum kill_wait {
	KILL_AT_ONCE,	   /* members are not waited for, nor told of */
	KILL_MEMBERS_TOLD, /* until all that die with the victim are known */
	KILL_OVER,	   /* until all of them have given their memory back */
};

struct kill_queue_config {
	enum kill_wait wait;
	uint64_t patience_ns; /* at most so long from when a kill was heard of; 0: 3 s */
	const char *root;     /* before every path that is read: "" but in tests */
	const struct flag_names *gfp_names; /* of this kernel; NULL: not known */
	/* A kill, in the order of the kills, valid during the call. */
	void (*out)(const struct kill *k, void *user);
	/* What becomes of a stack, at once; NULL: nothing. 0 or -ENOMEM. */
	int (*stack)(struct kill *k, const struct oomkill_stack *s, void *user);
	void *user;
};

struct kill_queue;

/* 0 or -ENOMEM. */
int kill_queue_open(const struct kill_queue_config *config, struct kill_queue **ret);

/*
 * A record as the ring has it (bpf-src/oomkill.h); NOW_NS as of clock_monotonic_ns(). 0; -EBADMSG:
 * not one of ours, or too short; -ENOMEM: it is lost.
 */
int kill_queue_feed(struct kill_queue *q, const void *record, size_t size, uint64_t now_ns);

/* The same for the record of a victim or member, with what an edited probe tells besides. */
int kill_queue_feed_event(struct kill_queue *q, const struct oomkill_event *e,
			  const struct named_values *extras, uint64_t now_ns);

/* How many wait. */
size_t kill_queue_waiting(const struct kill_queue *q);

/* Let those go out whose time has come. When all that there was has been fed, and when it is due.
 */
void kill_queue_advance(struct kill_queue *q, uint64_t now_ns);

/* When to do that next, if nothing comes; UINT64_MAX: nothing waits. */
uint64_t kill_queue_due_ns(const struct kill_queue *q);

/* Let all go out as they are. */
void kill_queue_flush(struct kill_queue *q);

/* Processes told of when the kill they belong to was not waiting any more. */
uint64_t kill_queue_late_members(const struct kill_queue *q);

/* Those that wait are forgotten. NULL is fine. */
void kill_queue_close(struct kill_queue *q);
