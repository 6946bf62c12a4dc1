/* Recordings of memrate: lines of any bytes become tables, or are passed by. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "rate/rate_replay.h"
#include "tests/fuzz/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int show(void *user, const struct strbuf *text)
{
	size_t *n = user;

	fuzz_check_plain(text);
	*n += text->length;
	return 0;
}

static void play(const char *text, size_t size, struct rate_replay_options *options)
{
	struct rate_replay *replay;
	size_t shown = 0;
	int r = 0;

	options->show = show;
	options->user = &shown;
	if (rate_replay_open(options, &replay) < 0)
		abort();
	for (size_t at = 0, n; r == 0 && at < size; at += n) {
		_cleanup_strbuf_ struct strbuf why = {0};

		n = fuzz_line(text + at, size - at);
		r = rate_replay_line(replay, text + at, n, &why);
		if (r == -EBADMSG && why.length)
			r = 0;
	}
	if (r < 0 || rate_replay_end(replay) < 0)
		abort();
	rate_replay_close(replay);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const more[] = {"large"};
	struct rate_replay_options plain = {.rows = 20, .sort = "full"};
	struct rate_replay_options chosen = {
		.like = {.more = more, .n_more = 1, .chosen = UINT64_C(0xfffff), .width = 80},
		.rows = 2,
		.sort = "large",
	};

	play((const char *)data, size, &plain);
	play((const char *)data, size, &chosen);
	return 0;
}
