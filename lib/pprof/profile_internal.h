/* What the files of profile share. */
#pragma once

#include "base/hash_index.h"
#include "pprof/profile.h"
#include "pprof/profile.pb-c.h"

struct chunk;
struct sink;

struct profile {
	Pprof__Profile message; /* its arrays of pointers are from malloc, what they point to is in
				   chunks */
	struct chunk *chunks;
	struct hash_index string_index, function_index, location_index;
	struct sink *sink;
	size_t sample_count; /* they are in the sink, not in the message: there can be a million */
	int error;
};

/* Packs and compresses what it is given, so that it stands in memory only when it is small. */
int sink_open(struct sink **ret);
void sink_free(struct sink *sink);
/* A sample as one field of the message. */
void sink_put_sample(struct sink *sink, const Pprof__Sample *sample);
/* The rest of the message; then append the file to OUT. 0, -ENOMEM or -EIO. */
int sink_finish(struct sink *sink, const Pprof__Profile *message, struct strbuf *out);
