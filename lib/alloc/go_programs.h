/*
 * All Go programs that run, or those that were named: found, kept up to date, and let go of when
 * they end. Who is told of starts and ends by the kernel passes that on; else /proc is looked
 * through at each refresh.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "alloc/go_program.h"

/* All that is given has to be true of a program. */
struct go_selection {
	bool by_pid;	    /* only those that go_programs_add() was called for */
	const char *comm;   /* NULL: any; the kernel keeps the first 15 bytes of a name */
	const char *cgroup; /* in it or below it, as cgroup_memory_resolve() has it; NULL: any */
};

struct go_programs;

/* SELECTION's texts must outlive it. WANT_HEAPS: with all their stacks. 0 or -errno. */
int go_programs_new(const struct go_selection *selection, bool want_heaps,
		    struct go_programs **ret);
void go_programs_free(struct go_programs *g);

/* For all of them; it outlives G. */
void go_programs_set_source(struct go_programs *g, const struct go_program_source *source);

/* One that was named by its PID. 0, or as go_program_open(). */
int go_programs_add(struct go_programs *g, pid_t pid, struct strbuf *why);

/*
 * Others are wanted from now on. With by_pid those of the N at PIDS: one that is not watched yet is
 * looked into, and if that cannot be (as go_programs_add(), the reason in WHY) all stays as it was.
 * Programs that were not watched before come with the next refresh. SELECTION's texts must outlive
 * G or the next call. 0 or -errno.
 */
int go_programs_select(struct go_programs *g, const struct go_selection *selection,
		       const uint64_t *pids, size_t n, struct strbuf *why);

/* With all their stacks, or without, from the next refresh on. */
void go_programs_want_heaps(struct go_programs *g, bool want);

/* Starts and ends are told by the two functions below: look through /proc now and then only. */
void go_programs_are_told(struct go_programs *g, bool told);

/*
 * The process runs another program from now on. 1: it is one of ours; 0: it is a Go program, but
 * none of ours, or it cannot be told; -ENOEXEC: it is no Go program; -ENOMEM.
 */
int go_programs_exec(struct go_programs *g, pid_t pid);
/* The last of its threads has ended. */
void go_programs_exit(struct go_programs *g, pid_t pid);
/* Look through /proc at the next refresh whatever was told. */
void go_programs_look_again(struct go_programs *g);

/* Read the numbers of all of them: the end of an interval. What ended in the one before is let go
 * of. 0, or -ENOMEM, or another -errno when /proc cannot be read. */
int go_programs_refresh(struct go_programs *g);

/*
 * P, one of the list, stays valid while it is held, even when it has ended or runs another program
 * (its state says so then), until another one or NULL is held instead.
 */
void go_programs_hold(struct go_programs *g, struct go_program *p);

/* All stacks of P are wanted from now on: read them now. 0 or -ENOMEM. */
int go_programs_read_heap(struct go_programs *g, struct go_program *p);

/* Those that are to be shown, by PID. Valid until the next call of any function above. */
size_t go_programs_list(struct go_programs *g, struct go_program *const **ret);

/* Is that one of them? */
bool go_programs_is_selected(const struct go_programs *g, pid_t pid);

/* Those that are watched and not to be shown, too. */
size_t go_programs_all(const struct go_programs *g, struct go_program *const **ret);

const struct cgroup_memory *go_programs_cgroup(const struct go_programs *g);
