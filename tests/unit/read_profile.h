/* For tests: a pprof file, as it is read again. */
#pragma once

#include <zlib.h>

#include "base/strbuf.h"
#include "pprof/profile.pb-c.h"
#include "unit/unit.h"

/* The caller frees it by pprof__profile__free_unpacked(). */
static inline Pprof__Profile *read_profile(const struct strbuf *file)
{
	z_stream z = {.next_in = (Bytef *)file->data, .avail_in = (uInt)file->length};
	static uint8_t bytes[4 << 20];
	Pprof__Profile *p;

	z.next_out = bytes;
	z.avail_out = sizeof(bytes);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	p = pprof__profile__unpack(NULL, z.total_out, bytes);
	assert_non_null(p);
	inflateEnd(&z);
	return p;
}

static inline const char *profile_text(const Pprof__Profile *p, int64_t index)
{
	assert_true(index >= 0 && (size_t)index < p->n_string_table);
	return p->string_table[index];
}
