/* What goalloctop's console tells of itself: its settings, the programs it watches, its state. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "console/command_words.h"
#include "output/human.h"
#include "tools/goalloctop_console.h"
#include "tools/goalloctop_settings.h"

static void put_columns(struct goalloctop *t, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf list = {0};
	struct goalloctop_columns c;

	goalloctop_columns(t, &c);
	column_choice_text(c.abouts, c.n, *c.chosen ? c.shown : 0, &list);
	command_put(out, "columns", strbuf_text(&list));
}

int goalloctop_show_settings(struct command_call *call)
{
	struct goalloctop *t = call->user;
	const struct goalloctop_probe *p = &t->probe;
	struct strbuf *out = call->out;
	int sort = t->group == BY_PROGRAM ? (int)t->sort : (int)t->alloc.sort;

	command_put(out, "sort", goalloctop_sort_names(t)[sort]);
	strbuf_printf(out, "set rows %" PRIu64 "\n", t->rows);
	command_put(out, "by", goalloctop_by_names[t->group]);
	strbuf_printf(out, "set interval %g\n", (double)t->interval_ns / 1e9);
	command_put(out, "focus", t->focus);
	command_put(out, "ignore", t->ignore);
	command_put_switch(out, "full", t->full_stacks);
	put_columns(t, out);
	command_put(out, "filter name", t->comm);
	command_put(out, "filter cgroup", t->cgroup);
	command_put_numbers(out, "filter pid", &t->pids);
	command_put_switch(out, "json", t->tool.common.json);
	command_put_switch(out, "time", t->tool.common.time);
	strbuf_printf(out, "# at the start only: --via %s, --split %s, --trace %s, --gc %s\n",
		      goalloctop_via_names[p->via.value],
		      p->split.given ? goalloctop_split_names[p->split.value] : "off",
		      p->trace ? "on" : "off", p->collections ? "on" : "off");
	return 0;
}

/* What is to be said of how it is watched, and of what is missing. */
static void put_watched(const struct goalloctop *t, const struct go_program *p, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf note = {0};

	if (!p->selected)
		strbuf_puts(&note, ", not shown: another name or cgroup was asked for");
	program_table_note(p, &note);
	if (p->not_probed)
		strbuf_puts(&note, t->probe.via.value == VIA_EVENTS
					   ? ", no probe there: its heap profile is read"
					   : ", no probe there");
	strbuf_puts(out, note.length > 2 ? strbuf_text(&note) + 2 : "-");
}

int goalloctop_show_programs(struct command_call *call)
{
	static const struct table_column heads[] = {
		{"PID", 7, false}, {"COMM", 15, true}, {"GO", 8, true}, {"NOTE", 0, true}};
	const struct goalloctop *t = call->user;
	struct go_program *const *all;
	size_t n = go_programs_all(t->programs, &all);

	if (!n) {
		strbuf_printf(call->out, "No %sGo program runs now.\n", t->named ? "such " : "");
		return 0;
	}
	table_writer_heads(call->out, heads, ARRAY_SIZE(heads), 0);
	for (size_t i = 0; i < n; i++) {
		_cleanup_strbuf_ struct strbuf pid = {0}, comm = {0}, version = {0}, note = {0};
		const struct go_program *p = all[i];
		const char *go = p->image.binary->version;

		strbuf_printf(&pid, "%d", (int)p->process.pid);
		text_display(&comm, p->process.comm, strlen(p->process.comm));
		text_display(&version, *go ? go : "-", *go ? strcspn(go, " ") : 1);
		put_watched(t, p, &note);
		table_writer_row(call->out, heads, ARRAY_SIZE(heads), 0, 0,
				 (const char *const[]){strbuf_text(&pid), strbuf_text(&comm),
						       strbuf_text(&version), strbuf_text(&note)});
	}
	return 0;
}

/* PID 0: the first as they are sorted now. */
static struct go_program *find_program(const struct goalloctop *t, uint64_t pid)
{
	struct go_program *const *all;
	size_t n = pid ? go_programs_all(t->programs, &all) : go_programs_list(t->programs, &all);
	struct go_program *first = NULL;

	for (size_t i = 0; i < n; i++) {
		struct go_program *both[] = {first, all[i]};

		if ((uint64_t)all[i]->process.pid == pid)
			return all[i];
		if (first)
			program_table_sort(both, 2, t->sort);
		if (!pid)
			first = first ? both[0] : all[i];
	}
	return first;
}

static void put_cell(size_t column, void *user, struct strbuf *out)
{
	struct table_column heads[PROGRAM_COLUMNS];
	int ids[PROGRAM_COLUMNS];

	program_table_columns((UINT64_C(1) << PROGRAM_COLUMNS) - 1, 0, heads, ids);
	program_table_cell(user, ids[column], out);
}

int goalloctop_explain(struct command_call *call)
{
	struct goalloctop *t = call->user;
	struct go_program *p;
	uint64_t pid;
	int r = command_pid_or_last(call, &pid);

	if (r < 0)
		return r;
	p = find_program(t, pid);
	if (!p) {
		strbuf_puts(call->why, pid ? "no Go program with that PID is watched: 'programs' "
					     "lists all"
					   : "no Go program is shown");
		return -ENOENT;
	}
	program_table_title(p, call->out);
	strbuf_puts(call->out, "\nnote: ");
	put_watched(t, p, call->out);
	strbuf_puts(call->out, "\n\n");
	return column_choice_explain(program_column_abouts, PROGRAM_COLUMNS, put_cell, p,
				     call->out);
}

void goalloctop_put_status(struct strbuf *out, void *user)
{
	struct goalloctop *t = user;
	const struct goalloctop_console *c = t->console;
	struct go_program *const *all;
	size_t shown = go_programs_list(t->programs, &all), n = go_programs_all(t->programs, &all);

	strbuf_printf(out, "programs: %zu watched, %zu shown; numbers from: %s\n", n, shown,
		      goalloctop_via_names[t->probe.via.value]);
	strbuf_printf(out, "tables: %" PRIu64 " by now, every %g s, by %s%s\n", t->blocks,
		      (double)t->interval_ns / 1e9, goalloctop_by_names[t->group],
		      c->blocks.paused ? "; paused" : "");
	if (t->probe.trace)
		strbuf_printf(out, "allocations not told: %" PRIu64 "\n",
			      alloc_events_untold(t->probe.events));
	goalloctop_probe_lost(t, out);
	recording_status(&t->recording, out);
}
