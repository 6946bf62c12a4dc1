#include "tools/goalloctop_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc/alloc_columns.h"
#include "app/exit_codes.h"
#include "app/message.h"
#include "base/parse.h"

const char *const goalloctop_by_names[] = {"program", "site", "function", "stack", "package", NULL};

const char *const *goalloctop_sort_names(const struct goalloctop *t)
{
	return t->group == BY_PROGRAM ? program_sort_names : alloc_sort_names;
}

static void set_group(struct goalloctop *t, enum goalloctop_by group)
{
	t->group = group;
	if (group != BY_PROGRAM)
		t->alloc.by = (enum alloc_by)(group - BY_SITE);
}

/* SORT is one of those names. */
static int set_sort(struct goalloctop *t, int sort, struct strbuf *why)
{
	int r;

	if (t->group == BY_PROGRAM) {
		t->sort = (enum program_sort)sort;
		return 0;
	}
	r = goalloctop_probe_check_sort(t, (enum alloc_sort)sort, why);
	if (r == 0)
		t->alloc.sort = (enum alloc_sort)sort;
	return r;
}

/* -1, or the exit status. */
static int check_replay(const struct goalloctop *t)
{
	const char *with = !t->replay			? NULL
			   : tool_has_console(&t->tool) ? "-i, -c and -X: there is 'replay FILE'"
			   : t->record			? "--record: the recording is there"
			   : t->enable.given		? "--enable-profiling"
			   : goalloctop_exports(t)	? "--pprof, --svg and --folded"
							: NULL;

	if (!with)
		return -1;
	message_error("--replay shows a file and ends: it does not go with %s", with);
	return EXIT_USAGE;
}

int goalloctop_understand(struct goalloctop *t, char *const operands[], int n)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int sort, status;

	status = options_interval(t->tool.info, operands, n, &t->interval_ns, &t->count);
	if (status >= 0)
		return status;
	/* Above a prompt they scroll by. */
	if (!t->rows)
		t->rows = t->tool.common.console && isatty(0) ? 10 : 20;
	t->named = t->pids.count || t->comm || t->cgroup;
	set_group(t, t->by.given ? (enum goalloctop_by)t->by.value
		     : t->named	 ? BY_SITE
				 : BY_PROGRAM);
	status = check_replay(t);
	if (status < 0)
		status = goalloctop_probe_understand(t);
	if (status < 0)
		status = goalloctop_export_understand(t);
	if (status >= 0 || !t->sort_name)
		return status;
	sort = options_choose(t->tool.info, "sort", goalloctop_sort_names(t), t->sort_name);
	if (sort < 0)
		return EXIT_USAGE;
	if (set_sort(t, sort, &why) == 0)
		return -1;
	message_error("--sort: %s", strbuf_text(&why));
	return EXIT_USAGE;
}

/* Their tables are made anew, by what is wanted now. */
static void forget_tables(struct goalloctop *t)
{
	struct go_program *const *all;
	size_t n = go_programs_all(t->programs, &all);

	for (size_t i = 0; i < n; i++) {
		alloc_table_free(all[i]->table);
		all[i]->table = NULL;
	}
}

static int check_tables(const struct goalloctop *t, struct strbuf *why)
{
	if (!t->probe.trace)
		return 0;
	strbuf_puts(why, "with --trace there are no tables: start goalloctop without it");
	return -EINVAL;
}

int goalloctop_set_sort(struct goalloctop *t, const char *column, struct strbuf *why)
{
	int r = check_tables(t, why);

	if (r == 0)
		r = options_find(goalloctop_sort_names(t), column, why);
	if (r >= 0)
		r = set_sort(t, r, why);
	if (r == 0)
		forget_tables(t);
	return r;
}

int goalloctop_set_rows(struct goalloctop *t, const char *rows, struct strbuf *why)
{
	return options_set(t->tool.info, "rows", rows, why);
}

int goalloctop_set_by(struct goalloctop *t, const char *what, struct strbuf *why)
{
	int r = check_tables(t, why);

	if (r == 0)
		r = options_find(goalloctop_by_names, what, why);
	if (r < 0)
		return r;
	if (goalloctop_probe_check_by(t, (enum goalloctop_by)r, why) < 0)
		return -EINVAL;
	set_group(t, (enum goalloctop_by)r);
	go_programs_want_heaps(t->programs, goalloctop_wants_heaps(t));
	forget_tables(t);
	return 0;
}

int goalloctop_set_interval(struct goalloctop *t, const char *seconds, struct strbuf *why)
{
	uint64_t ns;

	if (parse_duration(seconds, &ns) < 0) {
		strbuf_printf(why,
			      "'%s' is not an interval: seconds more than 0, such as 10, 0.5 or "
			      "200ms",
			      seconds);
		return -EINVAL;
	}
	t->interval_ns = ns;
	return loop_change_timer(t->loop, goalloctop_interval, t, ns, ns);
}

void goalloctop_set_full(struct goalloctop *t, bool on)
{
	t->full_stacks = on;
}

static int set_expression(struct goalloctop *t, const char *regex,
			  int (*set)(struct alloc_filter *f, const char *regex, struct strbuf *why),
			  const char **shown, char **own, struct strbuf *why)
{
	char *copy = regex ? strdup(regex) : NULL;
	int r = regex && !copy ? -ENOMEM : set(t->filter, regex, why);

	if (r == 0) {
		*shown = copy;
		SWAP(*own, copy);
		forget_tables(t);
	}
	free(copy);
	return r;
}

int goalloctop_set_focus(struct goalloctop *t, const char *regex, struct strbuf *why)
{
	return set_expression(t, regex, alloc_filter_focus, &t->focus, &t->own_focus, why);
}

int goalloctop_set_ignore(struct goalloctop *t, const char *regex, struct strbuf *why)
{
	return set_expression(t, regex, alloc_filter_ignore, &t->ignore, &t->own_ignore, why);
}

void goalloctop_columns(struct goalloctop *t, struct goalloctop_columns *ret)
{
	bool frees = t->probe.via.value != VIA_REFILL && t->alloc.owner == ALLOC_OWNER_NONE;
	int width = tool_line_width();

	if (t->probe.trace) {
		goalloctop_trace_columns(t, ret);
	} else if (t->group == BY_PROGRAM) {
		*ret = (struct goalloctop_columns){program_column_abouts, PROGRAM_COLUMNS,
						   program_columns_shown(t->program_columns, width),
						   &t->program_columns};
	} else {
		*ret = (struct goalloctop_columns){
			alloc_column_abouts, ALLOC_COLUMN_COUNT,
			alloc_columns_shown(&t->alloc, frees, t->site_columns, width),
			&t->site_columns};
	}
}

int goalloctop_set_columns(struct goalloctop *t, const char *names, struct strbuf *why)
{
	struct goalloctop_columns c;

	goalloctop_columns(t, &c);
	return column_choice_parse(c.abouts, c.n, names, c.shown, c.chosen, why);
}
