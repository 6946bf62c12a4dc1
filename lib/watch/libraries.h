/*
 * Programs that hold a Go runtime in a library: found as they load it, or by looking through those
 * that run already, and told to the probe (its map `places`).
 */
#pragma once

#include <sys/types.h>

#include "app/loop.h"
#include "bpf/tracer.h"
#include "victim/known_binaries.h"

struct libraries;

struct libraries_config {
	struct tracer *tracer;	      /* must outlive it, as what follows */
	struct known_binaries *known; /* libraries are added to it */
	struct loop *loop;
	/* Take in what the probe has told so far: which executables are Go. */
	void (*catch_up)(void *user);
	/* Look through all programs that run: libraries_look_through() for each. */
	void (*look_again)(void *user);
	/* A process holds B at that load bias. */
	void (*on_library)(const struct oomprof_process *process, const struct known_binary *b,
			   uint64_t bias, void *user);
	void *user;
};

/*
 * 0 or -ENOMEM. Where the kernel does not tell of mappings, programs are looked through every ten
 * seconds, and a message says so.
 */
int libraries_open(const struct libraries_config *config, struct libraries **ret);

/* Look through what this process has mapped. */
void libraries_look_through(struct libraries *libraries, pid_t pid);

/* NULL is fine. */
void libraries_close(struct libraries *libraries);
