/*
 * The one poll loop of a tool. Signals come as events too: SIGINT, SIGTERM and SIGHUP stop the loop
 * with status 0; SIGPIPE is ignored, and a reader of our stdout that goes away stops the loop.
 * After a stop every source is called once more, so that nothing already there is lost.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct loop;

typedef void (*loop_fn)(void *user);

/* From here on those signals are blocked in this thread. 0 or -errno. */
int loop_open(struct loop **ret);

/* Call READY whenever the descriptor is readable; it stays the caller's. 0 or -errno. */
int loop_add(struct loop *loop, int fd, loop_fn ready, void *user);

/* Call FIRE after FIRST_NS, then every EVERY_NS (0: just once). 0 or -errno. */
int loop_add_timer(struct loop *loop, uint64_t first_ns, uint64_t every_ns, loop_fn fire,
		   void *user);

/* The timer that fires FIRE for USER fires at other times from now on. 0; -ENOENT: no such one. */
int loop_change_timer(struct loop *loop, loop_fn fire, void *user, uint64_t first_ns,
		      uint64_t every_ns);

/* The loop forgets a descriptor of loop_add(); also from a callback, its own or another's. */
void loop_remove(struct loop *loop, int fd);

/* Likewise the timer that fires FIRE for USER. */
void loop_remove_timer(struct loop *loop, loop_fn fire, void *user);

/*
 * Call CAUGHT for each signal of that number: SIGINT, which then does not stop the loop, or another
 * that is blocked from here on. Before any thread is started. NULL: as it was. 0 or -errno.
 */
int loop_on_signal(struct loop *loop, int number, loop_fn caught, void *user);

/* Make loop_run() return STATUS once the present callback is done. */
void loop_stop(struct loop *loop, int status);

/* Has it been stopped? */
bool loop_stopped(const struct loop *loop);

/* Until a stop; returns its status, or -errno. */
int loop_run(struct loop *loop);

void loop_close(struct loop *loop);
