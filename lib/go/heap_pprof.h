/*
 * A pprof file of heap samples, like the one that a Go program itself would have written
 * (runtime/pprof, writeHeapProto): same sample types and order, inlined calls as lines of one
 * location, the size of the objects as a label. It may hold several programs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "go/go_binary.h"
#include "go/heap_symbols.h"

struct heap_pprof;

/* In the order of the sample types. */
enum { HEAP_ALLOC_OBJECTS, HEAP_ALLOC_BYTES, HEAP_INUSE_OBJECTS, HEAP_INUSE_BYTES, HEAP_VALUES };

int heap_pprof_new(struct heap_pprof **ret);
void heap_pprof_free(struct heap_pprof *w);
#define _cleanup_heap_pprof_ _cleanup_(heap_pprof_freep)
void heap_pprof_freep(struct heap_pprof **w);

/* TIME_NS: when, since the epoch. DURATION_NS: 0, or how long before that it begins. */
void heap_pprof_time(struct heap_pprof *w, int64_t time_ns, int64_t duration_ns);
void heap_pprof_comment(struct heap_pprof *w, const char *text);

/* What the samples that follow are of. */
struct heap_pprof_program {
	const struct go_binary *binary;
	uint64_t bias;
	int64_t rate;	       /* MemProfileRate */
	const char *file_name; /* of the executable; "" not known */
	const char *label;     /* tells its samples from those of other programs, or NULL; must
				  outlive them */
	bool named;	       /* all its addresses have names */
};
void heap_pprof_program(struct heap_pprof *w, const struct heap_pprof_program *program);

/* Whose the samples that follow are, as a label: "goroutine", 17. NULL: nobody's. */
void heap_pprof_owner(struct heap_pprof *w, const char *key, uint64_t number);

/*
 * N frames, innermost first; SIZE bytes an object. EMPTY: no object was allocated, where the
 * runtime leaves the label with the size out. 0 or -ENOMEM.
 */
int heap_pprof_sample(struct heap_pprof *w, const struct heap_symbol *const *frames, size_t n,
		      uint64_t size, const int64_t values[HEAP_VALUES], bool empty);

/* Append the gzipped file to OUT; once. 0, -ENOMEM or -EINVAL. */
int heap_pprof_write(struct heap_pprof *w, struct strbuf *out);
