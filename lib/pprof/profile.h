/*
 * Builds a profile in the format of pprof: strings, functions, locations and samples are given once
 * each, numbered from 1 in the order of their first use. A failed allocation, or a reference to
 * what was never added, is remembered: ids are then 0, and profile_write() says so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct profile;

struct profile_mapping {
	uint64_t start;
	uint64_t limit;
	uint64_t offset;
	const char *file_name;
	const char *build_id; /* hex; "" unknown */
	bool has_functions, has_filenames, has_line_numbers, has_inline_frames;
};

struct profile_line {
	uint64_t function;
	int64_t line;
};

/* TEXT or, where that is NULL, NUMBER in UNIT (may be NULL). */
struct profile_label {
	const char *key;
	const char *text;
	int64_t number;
	const char *unit;
};

int profile_new(struct profile **ret);
void profile_free(struct profile *profile);
#define _cleanup_profile_ _cleanup_(profile_freep)
void profile_freep(struct profile **profile);

/* All sample types before the first sample. The default one is named by its type. */
void profile_add_sample_type(struct profile *profile, const char *type, const char *unit);
void profile_set_default_sample_type(struct profile *profile, const char *type);
void profile_set_period(struct profile *profile, const char *type, const char *unit,
			int64_t period);
void profile_set_time(struct profile *profile, int64_t time_ns, int64_t duration_ns);
void profile_add_comment(struct profile *profile, const char *text);

/* Each returns an id, 0 on failure. The same function or location given again has the same id. */
uint64_t profile_add_mapping(struct profile *profile, const struct profile_mapping *mapping);
uint64_t profile_add_function(struct profile *profile, const char *name, const char *file,
			      int64_t start_line);
/* LINES: innermost inlined call first, N at least 1 unless nothing is known. MAPPING may be 0. */
uint64_t profile_add_location(struct profile *profile, uint64_t mapping, uint64_t address,
			      const struct profile_line *lines, size_t n);

/* LOCATIONS: leaf first. VALUES: one for each sample type. At most 8 labels. It is compressed at
 * once. */
void profile_add_sample(struct profile *profile, const uint64_t *locations, size_t location_count,
			const int64_t *values, const struct profile_label *labels,
			size_t label_count);

/* Append the gzipped file to OUT; once. 0, -ENOMEM, or -EINVAL for a profile that contradicts
 * itself. */
int profile_write(struct profile *profile, struct strbuf *out);
