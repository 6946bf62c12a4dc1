/* The message packed and compressed on the way, so that neither stands in memory as a whole. */
#include "pprof/profile_internal.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* the largest window, and a gzip header */

#define SAMPLE_TAG (2 << 3 | 2) /* profile.proto: Profile.sample, of known length */

struct sink {
	ProtobufCBuffer base; /* first: protobuf-c hands us this */
	z_stream stream;
	struct strbuf out;
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
		strbuf_append(&s->out, output, sizeof(output) - s->stream.avail_out);
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

int sink_open(struct sink **ret)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->base.append = append;
	if (deflateInit2(&s->stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

void sink_free(struct sink *s)
{
	if (!s)
		return;
	deflateEnd(&s->stream);
	strbuf_free(&s->out);
	free(s);
}

void sink_put_sample(struct sink *s, const Pprof__Sample *sample)
{
	size_t length = protobuf_c_message_get_packed_size(&sample->base);
	uint8_t head[11] = {SAMPLE_TAG};
	size_t n = 1;

	for (; length > 0x7f; length >>= 7)
		head[n++] = (uint8_t)(length | 0x80);
	head[n++] = (uint8_t)length;
	append(&s->base, n, head);
	protobuf_c_message_pack_to_buffer(&sample->base, &s->base);
}

int sink_finish(struct sink *s, const Pprof__Profile *message, struct strbuf *out)
{
	protobuf_c_message_pack_to_buffer(&message->base, &s->base);
	compress_input(s, Z_FINISH);
	if (s->failed || strbuf_error(&s->out) < 0)
		return s->failed ? -EIO : strbuf_error(&s->out);
	if (!out->length) {
		strbuf_free(out);
		*out = s->out;
		s->out = (struct strbuf){0};
	} else {
		strbuf_append(out, s->out.data, s->out.length);
	}
	return strbuf_error(out);
}
