#include "victim/victim_line.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "oom/kill_extras.h"
#include "output/human.h"

static const char *const outcome_names[] = {
	[VICTIM_WRITTEN] = "written",
	[VICTIM_NOT_GO] = "not_go",
	[VICTIM_UNKNOWN] = "unknown_program",
	[VICTIM_NOT_FOUND] = "profile_not_found",
	[VICTIM_OFF_LINKER] = "profiling_off_by_linker",
	[VICTIM_OFF_RATE] = "profiling_off_by_program",
	[VICTIM_MISSED] = "missed",
	[VICTIM_SWAPPED] = "swapped_out",
	[VICTIM_FAILED] = "write_failed",
};

const char *victim_outcome_name(enum victim_outcome outcome)
{
	return outcome_names[outcome];
}

int victim_outcome_parse(const char *name, enum victim_outcome *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(outcome_names); i++)
		if (!strcmp(outcome_names[i], name)) {
			*ret = (enum victim_outcome)i;
			return 0;
		}
	return -ENOENT;
}

static void put_text(struct strbuf *out, const char *text)
{
	text_display(out, text, strlen(text));
}

static void put_numbers(const struct victim_line *l, struct strbuf *out)
{
	const struct victim_buckets *b = &l->buckets;

	strbuf_puts(out, ", ");
	human_bytes(out, l->inuse_bytes);
	strbuf_printf(out, " in %" PRId64 " objects in use, %" PRIu64 " sites", l->inuse_objects,
		      l->sites);
	strbuf_printf(out,
		      ", buckets %" PRIu64 " read %" PRIu64 " cut %" PRIu64 " unreadable %" PRIu64
		      " lost",
		      b->read, b->cut, b->unreadable, b->lost);
	if (b->damaged)
		strbuf_printf(out, " %" PRIu64 " damaged", b->damaged);
	if (b->more)
		strbuf_puts(out, " and more not reached");
	else if (b->unreadable && b->heads_unread)
		strbuf_puts(out, " and perhaps more not reached");
	if (l->enabled) {
		strbuf_puts(out, ", its first ");
		human_duration(out, l->enabled_after_ms * 1000000);
		strbuf_puts(out, " missing");
	} else if (l->beginning_missing) {
		strbuf_puts(out, ", its beginning missing");
	}
}

static void put_who(const struct victim_line *l, struct strbuf *out)
{
	strbuf_printf(out, "%s PID %u", l->by_oom ? " OOM kill of" : "", l->pid);
	if (l->pid_in_namespace)
		strbuf_printf(out, " (%u in its PID namespace)", l->pid_in_namespace);
	strbuf_puts(out, " (\"");
	put_text(out, l->comm);
	strbuf_puts(out, "\")");
	if (!l->killer_comm)
		return;
	strbuf_printf(out, " killed by PID %u (\"", l->killer_pid);
	text_display(out, l->killer_comm, l->killer_size);
	strbuf_puts(out, "\")");
}

/* What the probe's text has added: a line each. */
static void put_more(const struct named_values *more, struct strbuf *out)
{
	for (size_t i = 0; i < more->count; i++) {
		strbuf_printf(out, "  %s ", more->list[i].name);
		kill_extra_display(&more->list[i], out);
		strbuf_putc(out, '\n');
	}
}

/* Behind the name and the version. */
static void put_file(const struct victim_line *l, struct strbuf *out)
{
	bool failed = l->outcome == VICTIM_FAILED;

	if (l->summed)
		put_numbers(l, out);
	if (l->timed)
		strbuf_printf(out, ", %" PRIu64 " ms", l->ms);
	if (l->removed_files)
		strbuf_printf(out, ", %" PRIu64 " older removed", l->removed_files);
	strbuf_puts(out, failed ? ", NOT written: " : ", ");
	put_text(out, l->file_name);
	if (failed && *l->file_name)
		strbuf_puts(out, ": ");
}

void victim_line_text(const struct victim_line *l, bool date, struct strbuf *out)
{
	human_time(out, l->time_ns, date);
	put_who(l, out);
	if (l->version) {
		strbuf_puts(out, ", ");
		put_text(out, l->version);
	}
	if (victim_line_has_file(l->outcome))
		put_file(l, out);
	else
		strbuf_puts(out, ", ");
	if (l->reason)
		put_text(out, l->reason);
	strbuf_putc(out, '\n');
	put_more(l->more, out);
}
