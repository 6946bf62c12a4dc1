/* The files that goalloctop writes at its end, and the folded stacks that it prints then. */
#include <errno.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "tools/goalloctop_console.h"

static int set_filter(struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	const char *option = "focus";
	int r = alloc_filter_new(&t->filter);

	if (r == 0)
		r = alloc_filter_focus(t->filter, t->focus, &why);
	if (r == 0) {
		option = "ignore";
		r = alloc_filter_ignore(t->filter, t->ignore, &why);
	}
	if (r == -EINVAL) {
		message_error("--%s: %s", option, strbuf_text(&why));
		return EXIT_USAGE;
	}
	t->alloc.filter = t->filter;
	return r < 0 ? tool_status("cannot begin", r) : -1;
}

bool goalloctop_exports(const struct goalloctop *t)
{
	return t->folded || t->svg || t->pprof;
}

int goalloctop_export_understand(struct goalloctop *t)
{
	bool chosen = t->focus || t->ignore;

	if (t->diff && !goalloctop_exports(t))
		message_error("--diff goes with --pprof, --svg or --folded only");
	else if (t->folded && t->tool.common.json)
		message_error("--folded and --json do not go together: give one of them");
	else if (chosen && t->group == BY_PROGRAM && !goalloctop_exports(t))
		message_error("--%s chooses among allocation sites: name programs by -p, -n or "
			      "--cgroup, or say --by site",
			      t->focus ? "focus" : "ignore");
	else
		return set_filter(t);
	return EXIT_USAGE;
}

int goalloctop_export_begin(struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	const struct alloc_export_options options = {
		.pprof = t->pprof,
		.svg = t->svg,
		.folded = t->folded,
		.since_start = t->diff,
		.one = t->pids.count == 1,
		.owner = t->alloc.owner,
		.filter = t->filter,
	};
	int r;

	if (!goalloctop_exports(t))
		return -1;
	r = alloc_export_new(&options, &t->export);
	if (r < 0)
		return tool_status("cannot begin", r);
	if (alloc_export_try(t->export, &why) < 0) {
		message_error("%s", strbuf_text(&why));
		return EXIT_FAILED;
	}
	return -1;
}

/* Those that have ended are let go of with the next interval. */
int goalloctop_export_interval(struct goalloctop *t)
{
	struct go_program *const *all;
	size_t n = t->export ? go_programs_list(t->programs, &all) : 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (all[i]->state == GO_PROGRAM_EXITED)
			r = alloc_export_add(t->export, all[i]);
	return r;
}

static int add_living(struct goalloctop *t)
{
	struct go_program *const *all;
	size_t n;
	int r = 0;

	/* Stopped between two intervals: as it is now. */
	if (!t->count || t->blocks < t->count) {
		r = goalloctop_refresh(t);
		if (r == 0)
			r = goalloctop_export_interval(t);
	}
	n = go_programs_list(t->programs, &all);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (all[i]->state != GO_PROGRAM_EXITED || !all[i]->exit_shown)
			r = alloc_export_add(t->export, all[i]);
	return r;
}

int goalloctop_export_end(struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf folded = {0}, why = {0};
	int r;

	if (!t->export)
		return EXIT_OK;
	r = add_living(t);
	if (r == 0)
		r = alloc_export_finish(t->export, &folded, &why);
	if (why.length) {
		message_error("%s", strbuf_text(&why));
		return EXIT_FAILED;
	}
	if (r == 0 && alloc_export_is_empty(t->export))
		message_warning("no allocation was recorded%s: heap profiling may be off (see PROF "
				"in the table of programs)%s",
				t->diff ? " meanwhile" : "",
				alloc_filter_is_open(t->filter) ? "" : ", or nothing matches");
	if (r == 0 && t->folded)
		r = tool_print(&folded);
	return tool_status("cannot write what was seen", r);
}

static bool ends_with(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n > m && strcmp(path + n - m, end) == 0;
}

/* What PATH's ending asks for. */
static int understand_ending(const char *path, struct alloc_export_options *options,
			     struct strbuf *why)
{
	if (ends_with(path, ".svg"))
		options->svg = path;
	else if (ends_with(path, ".folded") || ends_with(path, ".txt"))
		options->folded_file = path;
	else if (ends_with(path, ".pb.gz") || ends_with(path, ".pprof") || ends_with(path, ".prof"))
		options->pprof = path;
	else
		strbuf_puts(why, "the file's ending says what to write: .pb.gz (pprof), .svg or "
				 ".folded");
	return why->length ? -EINVAL : 0;
}

/* All that are shown, as they are at the end of the last interval, or now where nobody has asked
 * for their stacks. */
static int add_shown(struct goalloctop *t, struct alloc_export *export)
{
	struct go_program *const *all;
	size_t n = go_programs_list(t->programs, &all);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct go_program *p = all[i];
		bool wanted = p->want_heap;

		if (!p->heap || !wanted)
			r = go_programs_read_heap(t->programs, p);
		p->want_heap = wanted;
		if (r == 0)
			r = alloc_export_add(export, p);
	}
	return r;
}

int goalloctop_export_write(struct goalloctop *t, const char *path, struct strbuf *why)
{
	struct alloc_export_options options = {
		.since_start = t->diff || t->probe.via.value == VIA_REFILL || t->probe.split.given,
		.one = t->pids.count == 1,
		.owner = t->alloc.owner,
		.filter = t->filter,
	};
	_cleanup_alloc_export_ struct alloc_export *export = NULL;
	_cleanup_strbuf_ struct strbuf none = {0};
	int r = understand_ending(path, &options, why);

	if (r == 0)
		r = alloc_export_new(&options, &export);
	if (r == 0)
		r = add_shown(t, export);
	if (r == 0 && alloc_export_is_empty(export)) {
		strbuf_printf(why,
			      "nothing to write: no allocation was recorded: heap profiling may be "
			      "off (see 'programs')%s",
			      alloc_filter_is_open(t->filter) ? "" : ", or nothing matches");
		r = -ENODATA;
	}
	return r < 0 ? r : alloc_export_finish(export, &none, why);
}
