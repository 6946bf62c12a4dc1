/*
 * From a BPF C text to running probes: the one public face of lib/bpf. The tracer compiles the text
 * (or takes the image from the cache, or from a file), creates the maps, loads the programs and
 * attaches each where its name says (program_name.h). All of it is gone from the kernel when the
 * tracer is closed or the process ends.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/source_map.h"

struct text_contract;
struct tracer;

/* What a variant cannot do without; where the kernel refuses it, nothing is compiled in vain. */
enum tracer_need {
	TRACER_NEEDS_FENTRY = 1,
	TRACER_NEEDS_KPROBE = 2,
};

/* One way to attach the text. */
struct tracer_variant {
	const char *name;	  /* NULL ends the array */
	const char *const *flags; /* "-DX=1", ..., NULL; or no array at all */
	unsigned int needs;	  /* of enum tracer_need */
};

/* Another size for a map of the text: its max_entries, for a ring buffer the bytes. */
struct tracer_map_size {
	const char *name; /* NULL ends the array; one that the text does not have is ignored */
	uint32_t max_entries;
};

/* It, and all it points to, must last until tracer_start() or tracer_swap() returns. */
struct tracer_config {
	const char *name;    /* of the tool */
	const char *version; /* of the tool, part of the cache key */
	const char *text;
	const struct text_line *lines; /* as embed.sh made them, or NULL */
	const char *file; /* the name of an edited text (--probe), where lines is NULL */
	const struct tracer_variant *variants;	 /* tried in order; NULL: one, without flags */
	const char *const *flags;		 /* besides the variant's; NULL ends it; or NULL */
	const struct tracer_map_size *map_sizes; /* may be NULL */
	const char *image_path; /* load this image instead of compiling (--image) */
	bool kernel_headers;	/* compile with the installed headers */
	bool swappable;		/* tracer_swap() will be wanted: see there */
	bool keep_btf;		/* tracer_btf() will be wanted */
	/*
	 * Of a swap: maps that are always made anew, as what lies in them may be laid out by the
	 * old text (rings: read the old one out after the swap); and maps that the tool holds,
	 * which the new text must have as they are. Both ended by NULL, or NULL.
	 */
	const char *const *renewed_maps;
	const char *const *held_maps;
	const struct text_contract *contract; /* what the tool relies on in any text, or NULL */
	/*
	 * Of a swap: called again and again while the text is compiled, which takes seconds on a
	 * machine that is busy: to read out the rings. May be NULL.
	 */
	void (*meanwhile)(void *data);
	void *meanwhile_data;
	/* After load and before attach: to fill maps. 0 or -errno (tried no further). */
	int (*prepare)(struct tracer *t, void *data);
	/* What was tried, chosen and refused, for -v; lines without the newline. May be NULL. */
	void (*log)(const char *message, void *data);
	void *data; /* for prepare and log */
};

/* 0 or -ENOMEM. Nothing is asked of the kernel yet. */
int tracer_new(const struct tracer_config *config, struct tracer **ret);

/*
 * Try the variants in turn until one is attached. On failure nothing is left attached and
 * tracer_error() says why. -EPERM: no permission for BPF at all; -ENOSYS: no BPF in this kernel;
 * -ENOPKG: nothing to compile with; any other -errno.
 */
int tracer_start(struct tracer *t);

/* Why the last call failed, and what to do: one or more lines, the last without newline. */
const char *tracer_error(const struct tracer *t);

/* The name of the variant that was attached. */
const char *tracer_variant(const struct tracer *t);

/* Owned by the tracer; -ENOENT. A swap closes those of maps that it does not hand over. */
int tracer_map_fd(const struct tracer *t, const char *name);
int tracer_program_fd(const struct tracer *t, const char *name);

/* A new descriptor from which to read what PROGRAM (iter__NAME) writes; the caller closes it. */
int tracer_iterate(struct tracer *t, const char *program);

/*
 * The same of a program iter__bpf_map_elem, which is run for each element of MAP: also for those
 * of an array that nobody has filled. -ENOENT: the text has no such program, or no such map.
 */
int tracer_iterate_map(struct tracer *t, const char *program, const char *map);

/*
 * Attach PROGRAM (uprobe__NAME) to a file offset of an executable, of one process or of all (PID
 * -1). It stays until tracer_detach() with the number in RET, or until the tracer is closed. To
 * attach by descriptor, name /proc/self/fd/N. -ENOENT: the text has no such program; -EOPNOTSUPP:
 * this kernel has no uprobes.
 */
int tracer_attach_uprobe(struct tracer *t, const char *program, const char *path, uint64_t offset,
			 pid_t pid, uint64_t *ret);
void tracer_detach(struct tracer *t, uint64_t attachment);

/*
 * Run another text in the place of this one, of a tracer that is `swappable`. Maps that keep name,
 * type, sizes and flags are handed over with their contents and their descriptors, but for program
 * arrays and `renewed_maps`. Each attach point goes over at one instant: every event is seen by the
 * old program or by the new one, never by both or neither. (Such a tracer attaches a small program
 * that tail-calls the real one; a swap changes the slot.)
 *
 * Attach points go over one after the other, within microseconds: for that time some run the old
 * text and some the new one. An attach point that only one of the two has comes or goes, so what a
 * text moves from one to another (fentry to kprobe, say) may be seen twice in that moment.
 *
 * What is attached by tracer_attach_uprobe() stays attached; if the new text lacks the program it
 * does nothing, until a text has it again. Iterators that are open go on with the old program.
 *
 * The variant that runs is tried first. If the text itself is at fault there, no other is tried.
 * PREPARE is called with the new maps and BTF in place of the running ones; what it changes in maps
 * that are handed over stays changed if the swap fails later.
 *
 * On failure the old text runs on as it was, and nothing of the new one has run. On success no
 * program of the old text runs any more: what it had to tell is in its maps, which go away with
 * their last descriptor.
 */
int tracer_swap(struct tracer *t, const struct tracer_config *config);

/*
 * Detach for a while all that is attached by its name, so that it costs nothing, and attach it
 * again: about a millisecond each for some programs. Iterators and what tracer_attach_uprobe()
 * attached go on. After a swap meanwhile, pause again. The second: 0 or -errno, tracer_error() says
 * why.
 */
void tracer_pause(struct tracer *t);
int tracer_resume(struct tracer *t);

/*
 * A swap will be asked for with such a configuration. `text`: compile it already, so that the swap
 * finds it done; NULL: it is not there yet, but have the compiler ready. Another text than last
 * time ends what was done for that. All of it ends with the next swap or with the tracer; what
 * fails here the swap will do, or tell.
 */
void tracer_swap_ahead(struct tracer *t, const struct tracer_config *config);

/* How far that is. A descriptor that is readable when it has ended, or -1, in RET_FD: the tracer's,
 * until the next of these calls. */
enum tracer_ahead {
	TRACER_AHEAD_NOTHING, /* nothing is to be compiled, or there is no text yet */
	TRACER_AHEAD_COMPILES,
	TRACER_AHEAD_COMPILED,
	TRACER_AHEAD_FAILED, /* tracer_swap() will tell why */
};
enum tracer_ahead tracer_swap_ahead_state(struct tracer *t, int *ret_fd);

/* End it. */
void tracer_swap_ahead_end(struct tracer *t);

/* A program that is attached, at one place; or an iterator, which is run when it is read. */
struct tracer_program {
	const char *name; /* of the function: "fentry__oom_kill_process" */
	char where[192];  /* "fentry oom_kill_process", "uprobe /path+0x1234" */
	unsigned int id;  /* the kernel's, of what is attached */
	/* Only counted while somebody has it switched on (BPF_ENABLE_STATS, or the sysctl). */
	uint64_t runs, run_ns;
	/*
	 * How often the kernel did not run it, as a run of it had been interrupted on that CPU
	 * (since Linux 5.12; where tracepoints can be preempted, that may happen to any). Always
	 * counted.
	 */
	uint64_t missed;
};

struct tracer_map {
	const char *name;
	int fd; /* the tracer's */
	unsigned int id, type, key_size, value_size, max_entries;
};

/*
 * Each of what is attached, or each map. A return of VISIT that is not 0 ends it and is returned.
 * Where the tracer is `swappable`, the numbers of a program are those of its attach point: they go
 * on through swaps. WHERE holds foreign text, a path.
 */
int tracer_each_program(const struct tracer *t,
			int (*visit)(const struct tracer_program *program, void *user), void *user);
int tracer_each_map(const struct tracer *t, int (*visit)(const struct tracer_map *map, void *user),
		    void *user);

/*
 * How often programs that are attached were not run (struct tracer_program.missed): those of that
 * name, or with NULL all together.
 */
uint64_t tracer_missed(const struct tracer *t, const char *program);

/*
 * The BTF of the text that runs, or during `prepare` of the one that will; needs `keep_btf`. Valid
 * until a swap, or the end of `prepare`. NULL: it has none.
 */
const void *tracer_btf(const struct tracer *t, size_t *ret_size);

/* Where the images of this tracer came from so far. */
struct tracer_supply {
	unsigned int from_cache, compiled;
};
struct tracer_supply tracer_supplied(const struct tracer *t);

/*
 * Where the last start or swap failed: a line of the text that was given (from 1; not of the file
 * that it was joined from), or 0: at none.
 */
unsigned int tracer_error_line(const struct tracer *t);

/* Detach and unload. NULL is fine. */
void tracer_close(struct tracer *t);
void tracer_closep(struct tracer **t);
