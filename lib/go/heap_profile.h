/*
 * From heap buckets to what people read: the top sites, and a pprof file like the one that the
 * program itself would have written (runtime/pprof, writeHeapProto): same sample types and order,
 * scaled by the true rate, the runtime's own leading frames hidden, inlined calls as lines of one
 * location. heap_profile_add() only copies; all reading of the executable happens in
 * heap_profile_resolve().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "go/go_binary.h"
#include "go/heap_buckets.h"

struct heap_profile;

struct heap_profile_options {
	enum heap_view view;
	uint64_t bias;	       /* load bias of the process */
	int64_t rate;	       /* its MemProfileRate; may be set later */
	uint32_t cycle;	       /* its mProfCycle */
	bool cycle_known;      /* else nothing is said of what is new since the last collection */
	const char *file_name; /* of the executable, for the mapping; may be NULL */
	int64_t time_ns;       /* when, since the epoch */
};

/* A frame as people write it: type arguments as [...]. Owned by the profile. */
struct heap_frame {
	const char *function; /* "0x..." where it has no name */
	const char *file;     /* "" unknown */
	uint32_t line;	      /* 0 unknown */
};

/* A line of code that allocates: the first frame that is shown, of all stacks where it is the same.
 */
struct heap_site {
	struct heap_frame frame;
	int64_t inuse_bytes;
	int64_t inuse_objects;
	int64_t alloc_bytes;
	int64_t alloc_objects;
	int64_t since_gc_bytes; /* of those in use, allocated since the last collection */
	int64_t since_gc_objects;
	uint32_t largest; /* the bucket with most bytes in use, for heap_profile_callers() */
};

struct heap_totals {
	uint64_t buckets;
	uint64_t sites;
	int64_t inuse_bytes;
	int64_t inuse_objects;
	int64_t alloc_bytes;
	int64_t alloc_objects;
	bool since_gc_known; /* if not, the two are 0 here and in each site */
	int64_t since_gc_bytes;
	int64_t since_gc_objects;
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

/* Before resolving, where it was not known at the start. */
void heap_profile_set_rate(struct heap_profile *profile, int64_t rate);

/* Before resolving: a collection ended while the buckets were read, so nobody knows what is new. */
void heap_profile_forget_cycle(struct heap_profile *profile);

/*
 * Name the addresses and sum up; once, after the last bucket. An executable that cannot be read any
 * more is no failure: the frames are then named by address. Fails for want of memory only.
 */
int heap_profile_resolve(struct heap_profile *profile);

/* After resolving. Sites by in-use bytes, largest first; owned by the profile. */
const struct heap_totals *heap_profile_totals(const struct heap_profile *profile);
size_t heap_profile_sites(const struct heap_profile *profile, const struct heap_site **ret);

/*
 * Who called the site, in its largest stack, nearest first, up to MOST frames into RET. Returns how
 * many.
 */
size_t heap_profile_callers(const struct heap_profile *profile, const struct heap_site *site,
			    struct heap_frame *ret, size_t most);

/* The gzipped pprof file, appended to OUT. */
int heap_profile_write(struct heap_profile *profile, struct strbuf *out);
