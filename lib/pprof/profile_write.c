/* The message packed and compressed on the way, so that neither stands in memory as a whole. */
#include "pprof/profile_internal.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* the largest window, and a gzip header */

struct sink {
	ProtobufCBuffer base; /* first: protobuf-c hands us this */
	z_stream stream;
	struct strbuf *out;
	size_t held;
	bool failed;
	uint8_t input[8192];
};

static void compress_input(struct sink *s, int flush)
{
	uint8_t output[8192];

	s->stream.next_in = s->input;
	s->stream.avail_in = (uInt)s->held;
	do {
		s->stream.next_out = output;
		s->stream.avail_out = sizeof(output);
		if (deflate(&s->stream, flush) == Z_STREAM_ERROR) {
			s->failed = true;
			return;
		}
		strbuf_append(s->out, output, sizeof(output) - s->stream.avail_out);
	} while (s->stream.avail_out == 0);
	s->held = 0;
}

static void append(ProtobufCBuffer *base, size_t n, const uint8_t *bytes)
{
	struct sink *s = (struct sink *)base;

	while (n) {
		size_t part = MIN(n, sizeof(s->input) - s->held);

		memcpy(s->input + s->held, bytes, part);
		s->held += part;
		bytes += part;
		n -= part;
		if (s->held == sizeof(s->input))
			compress_input(s, Z_NO_FLUSH);
	}
}

int profile_write(struct profile *p, struct strbuf *out)
{
	struct sink s = {.base = {.append = append}, .out = out};

	if (p->error < 0)
		return p->error;
	if (deflateInit2(&s.stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		return -ENOMEM;
	protobuf_c_message_pack_to_buffer(&p->message.base, &s.base);
	compress_input(&s, Z_FINISH);
	deflateEnd(&s.stream);
	return s.failed ? -EIO : strbuf_error(out);
}
