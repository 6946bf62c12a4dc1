/* Recordings of oomrank: lines of any bytes become tables, or are passed by. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "rank/rank_replay.h"
#include "tests/fuzz/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int show(void *user, const struct strbuf *text)
{
	(void)user;
	fuzz_check_plain(text);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rank_replay_options options = {.rows = 3, .width = 80, .show = show};
	const char *text = (const char *)data;
	struct rank_replay *replay;
	int r = 0;

	if (rank_replay_open(&options, &replay) < 0)
		abort();
	for (size_t at = 0, n; r == 0 && at < size; at += n) {
		_cleanup_strbuf_ struct strbuf why = {0};

		n = fuzz_line(text + at, size - at);
		r = rank_replay_line(replay, text + at, n, &why);
		if (r == -EBADMSG && why.length)
			r = 0;
	}
	if (r < 0 || rank_replay_end(replay) < 0)
		abort();
	rank_replay_close(replay);
	return 0;
}
