/* What the files of profile share. */
#pragma once

#include "base/hash_index.h"
#include "pprof/profile.h"
#include "pprof/profile.pb-c.h"

struct chunk;

struct profile {
	Pprof__Profile message; /* its arrays of pointers are from malloc, what they point to is in
				   chunks */
	struct chunk *chunks;
	struct hash_index string_index, function_index, location_index;
	int error;
};
