#include "tools/oomkill_telling.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "oom/kill_json.h"
#include "output/human.h"
#include "proc/clock.h"

/* So long at a time: the ring holds the records of a hundred kills. */
#define SLICE_NS 5000000

static void show(struct oomkill_telling *t, const struct kill *k)
{
	if (!kill_filter_passes(&t->output->options->filter.filter, k))
		return;
	oomkill_output_show(t->output, k);
	t->told++;
}

/* 1: one was told; 0: that was all; -errno. */
static int tell_one_kept(struct oomkill_telling *t)
{
	_cleanup_kill_ struct kill *k = NULL;
	struct kill_kept *kept = &t->output->kept;
	uint64_t first = kill_kept_first(kept);
	int r;

	if (t->resumes)
		t->end = kept->end;
	if (t->next < first) {
		t->dropped += MIN(first, t->end) - t->next;
		t->next = MIN(first, t->end);
	}
	if (t->next >= t->end)
		return 0;
	r = kill_kept_get(kept, t->next++, &k);
	if (r == 0)
		show(t, k);
	return r == -ENOMEM ? r : 1;
}

static int outcome_of_file(struct oomkill_telling *t, int r, struct strbuf *out, struct strbuf *why)
{
	r = replay_close(STEAL(t->replay), r, why);
	if (r == 0) {
		human_things(out, t->told, "kill");
		strbuf_puts(out, " shown\n");
	}
	return r;
}

static int outcome(struct oomkill_telling *t, int r, struct strbuf *out, struct strbuf *why)
{
	if (t->dropped)
		strbuf_printf(out,
			      "%" PRIu64 " kills before these are not kept any more: there were "
			      "more than %d, or more than %u MiB of them\n",
			      t->dropped, KILL_KEPT_MOST, KILL_KEPT_BYTES_MOST >> 20);
	if (t->replay)
		return outcome_of_file(t, r, out, why);
	if (!t->told && !t->resumes)
		strbuf_puts(out, "no kill that is kept passes the filter\n");
	if (r < 0)
		strbuf_printf(why, "cannot read what is kept: %s", strerror(-r));
	return r;
}

static void on_slice(void *user)
{
	struct oomkill_telling *t = user;
	_cleanup_strbuf_ struct strbuf out = {0}, why = {0};
	uint64_t end_ns = clock_monotonic_ns() + SLICE_NS;
	struct loop *loop = console_loop(t->console);
	int r = 1;

	while (r == 1 && !t->output->error && clock_monotonic_ns() < end_ns)
		r = t->replay ? replay_next(t->replay) : tell_one_kept(t);
	if (r == 1 && !t->output->error) {
		(void)loop_change_timer(loop, on_slice, t, 1, 0);
		return;
	}
	loop_remove_timer(loop, on_slice, t);
	if (t->resumes)
		t->output->paused = false;
	r = outcome(t, r < 0 ? r : 0, &out, &why);
	console_finish(t->console, r, &out, &why);
}

static int begin(struct oomkill_telling *t)
{
	int r;

	t->told = t->dropped = 0;
	r = loop_add_timer(console_loop(t->console), 1, 0, on_slice, t);
	return r < 0 ? r : COMMAND_GOES_ON;
}

/* The number of the first of the last N that pass. */
static int first_of_last(struct oomkill_telling *t, uint64_t n, uint64_t *ret)
{
	const struct kill_kept *kept = &t->output->kept;
	uint64_t i = kept->end;

	while (i > kill_kept_first(kept) && n) {
		_cleanup_kill_ struct kill *k = NULL;
		int r = kill_kept_get(kept, --i, &k);

		if (r == -ENOMEM)
			return r;
		n -= r == 0 && kill_filter_passes(&t->output->options->filter.filter, k);
	}
	*ret = i;
	return 0;
}

int oomkill_tell_last(struct oomkill_telling *t, uint64_t n)
{
	int r = first_of_last(t, n, &t->next);

	t->end = t->output->kept.end;
	t->resumes = false;
	return r < 0 ? r : begin(t);
}

int oomkill_tell_and_resume(struct oomkill_telling *t, uint64_t from)
{
	t->next = t->end = from;
	t->resumes = true;
	return begin(t);
}

static int tell_line(void *user, const char *line, size_t n, struct strbuf *why)
{
	_cleanup_kill_ struct kill *k = NULL;
	int r = kill_json_read(line, n, &k, why);

	if (r == 0)
		show(user, k);
	return r;
}

int oomkill_tell_file(struct oomkill_telling *t, const char *path, struct strbuf *why)
{
	const struct replay_config config = {
		.made_by = "oomkill -j or --record",
		.recording = &t->output->recording,
		.line = tell_line,
		.user = t,
	};
	int r = replay_open(path, &config, why, &t->replay);

	t->resumes = false;
	if (r == 0)
		r = begin(t);
	if (r < 0)
		oomkill_telling_close(t);
	return r;
}

void oomkill_telling_close(struct oomkill_telling *t)
{
	_cleanup_strbuf_ struct strbuf unused = {0};

	(void)replay_close(STEAL(t->replay), 0, &unused);
}
