/* Recordings of goalloctop: lines of any bytes become tables, or are passed by. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "alloc/alloc_replay.h"
#include "tests/fuzz/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int show(void *user, const struct strbuf *text)
{
	size_t *n = user;

	fuzz_check_plain(text);
	*n += text->length;
	return 0;
}

static void play(const char *text, size_t size, struct alloc_replay_options *options)
{
	struct alloc_replay *replay;
	size_t shown = 0;
	int r = 0;

	options->show = show;
	options->user = &shown;
	if (alloc_replay_open(options, &replay) < 0)
		abort();
	for (size_t at = 0, n; r == 0 && at < size; at += n) {
		_cleanup_strbuf_ struct strbuf why = {0};

		n = fuzz_line(text + at, size - at);
		r = alloc_replay_line(replay, text + at, n, &why);
		if (r == -EBADMSG && why.length)
			r = 0;
	}
	if (r < 0 || alloc_replay_end(replay) < 0)
		abort();
	alloc_replay_close(replay);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct alloc_replay_options plain = {.rows = 20};
	struct alloc_replay_options chosen = {.rows = 2,
					      .program_columns = 0x3001,
					      .site_columns = 0x201,
					      .program_sort = PROGRAM_SORT_PID,
					      .site_sort = ALLOC_SORT_NEW,
					      .stacks = true,
					      .width = 80};

	play((const char *)data, size, &plain);
	play((const char *)data, size, &chosen);
	return 0;
}
