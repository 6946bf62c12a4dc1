/*
 * From heap buckets to what people read: the top sites, and a pprof file like the one that the
 * program itself would have written (runtime/pprof, writeHeapProto): same sample types and order,
 * scaled by the true rate, the runtime's own leading frames hidden, inlined calls as lines of one
 * location. heap_profile_add() only copies; all reading of the executable happens in
 * heap_profile_resolve().
 */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"
#include "go/go_binary.h"
#include "go/heap_buckets.h"

struct heap_profile;

struct heap_profile_options {
	enum heap_view view;
	uint64_t bias;	       /* load bias of the process */
	int64_t rate;	       /* its MemProfileRate */
	uint32_t cycle;	       /* its mProfCycle */
	const char *file_name; /* of the executable, for the mapping; may be NULL */
	int64_t time_ns;       /* when, since the epoch */
};

/* A line of code that allocates: function, file and line of the first frame that is shown. */
struct heap_site {
	const char *function; /* as people write it: type arguments as [...] */
	const char *file;     /* "" unknown */
	uint32_t line;	      /* 0 unknown */
	int64_t inuse_bytes;
	int64_t inuse_objects;
	int64_t alloc_bytes;
	int64_t alloc_objects;
	size_t caller_count;
	const struct heap_caller *callers; /* of its largest stack, nearest first */
};

struct heap_caller {
	const char *function;
	const char *file;
	uint32_t line;
};

struct heap_totals {
	uint64_t buckets;
	uint64_t sites;
	int64_t inuse_bytes;
	int64_t inuse_objects;
	int64_t alloc_bytes;
	int64_t alloc_objects;
	uint64_t unresolved; /* addresses without a function */
};

/* BINARY must outlive the profile. */
int heap_profile_new(const struct go_binary *binary, const struct heap_profile_options *options,
		     struct heap_profile **ret);
void heap_profile_free(struct heap_profile *profile);
#define _cleanup_heap_profile_ _cleanup_(heap_profile_freep)
void heap_profile_freep(struct heap_profile **profile);

/* Add a bucket (copied). */
int heap_profile_add(struct heap_profile *profile, const struct heap_bucket *bucket);

/* A line of text for the file's comments. */
int heap_profile_comment(struct heap_profile *profile, const char *text);

/* The rate and cycle become known only with the walk: set them before resolving. */
void heap_profile_set_rate(struct heap_profile *profile, int64_t rate, uint32_t cycle);

/*
 * Name the addresses and sum up; once, after the last bucket. An executable that cannot be read any
 * more is no failure: the frames are then named by address. Fails for want of memory only.
 */
int heap_profile_resolve(struct heap_profile *profile);

/* After resolving. Sites by in-use bytes, largest first; owned by the profile. */
const struct heap_totals *heap_profile_totals(const struct heap_profile *profile);
size_t heap_profile_sites(const struct heap_profile *profile, const struct heap_site **ret);

/* The gzipped pprof file, appended to OUT. */
int heap_profile_write(struct heap_profile *profile, struct strbuf *out);
