/* Where oomrank's snapshots come from: its probe, an iterator over all processes, or files. */
#include <errno.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "base/file.h"
#include "bpf/kernel_map.h"
#include "rank/counting.h"
#include "rank/rank_columns.h"
#include "tools/oomrank.h"

#define ITERATOR "iter__task"
#define RECORDS_MOST (1u << 30) /* bytes: of 4 million processes some 600 MiB */

#define UNTOLD                                                                         \
	"it does not tell who shares another's memory, was reaped already, runs in a " \
	"vfork or switches swap off, and sizes may be some pages behind"

/* Does somebody want the probe, and not just the result? */
static bool wants_probe(const struct common_options *c)
{
	return c->probe || c->edit || c->image || c->kernel_headers;
}

/* All processes as the probe has them; RECORDS is the caller's to free. */
static int read_records(struct oomrank *o, struct rank_view *view, struct oomrank_task **records,
			size_t *ret_n, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	_cleanup_close_ int fd = tracer_iterate(o->tracer, ITERATOR);
	int r;

	if (fd < 0) {
		strbuf_printf(why, "the probe has no program " ITERATOR ", or it does not run: %s",
			      strerror(-fd));
		return fd;
	}
	r = file_read_fd(fd, RECORDS_MOST, &bytes);
	if (r < 0) {
		strbuf_printf(why, "cannot read from the probe: %s", strerror(-r));
		return r;
	}
	r = rank_layout_parse(o->layout, strbuf_text(&bytes), bytes.length, records, ret_n, view);
	if (r == -EBADMSG)
		strbuf_puts(why, "the probe sends records that are not known here: was its text "
				 "made by another oomrank? This one's begins with --ebpf");
	return r;
}

static int read_probe(struct oomrank *o, struct rank_view *ret, struct strbuf *why)
{
	_cleanup_free_ struct oomrank_task *records = NULL;
	size_t n = 0;
	int r = read_records(o, ret, &records, &n, why);

	return r < 0 ? r : machine_from_records(records, n, &ret->machine, why);
}

/* Which of its numbers the probe is to read: those that the kernel goes by. */
static int set_exact(const struct oomrank *o, bool exactly)
{
	const uint32_t zero = 0, exact = exactly;
	int fd = tracer_map_fd(o->tracer, "pages_exact");

	return fd < 0 ? fd : kernel_map_update(fd, &zero, &exact);
}

static int read_counters(bool exactly, pid_t pid, struct oomrank_task *ret, void *user)
{
	_cleanup_free_ struct oomrank_task *records = NULL;
	_cleanup_strbuf_ struct strbuf why = {0};
	struct rank_view view = {.root = ""};
	struct oomrank *o = user;
	size_t n = 0;
	int r = set_exact(o, exactly);

	if (r == 0)
		r = read_records(o, &view, &records, &n, &why);
	rank_view_clear(&view);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (records[i].pid == (uint32_t)pid) {
			*ret = records[i];
			return 0;
		}
	return r < 0 ? r : -ESRCH;
}

/* Before Linux 6.2 (and in an edited text that reads neither) there is nothing to choose. */
static void find_counters(struct oomrank *o)
{
	struct meminfo memory;
	struct machine m = {.page_bytes = (uint64_t)sysconf(_SC_PAGESIZE)};
	struct domain all;
	bool exact = false;
	int r;

	if (tracer_map_fd(o->tracer, "pages_cpu") < 0 || meminfo_read("", &memory) < 0)
		return;
	m.memory = memory;
	domain_of_machine(&m, &all);
	r = counting_find(read_counters, o, all.total_pages, &exact);
	(void)set_exact(o, r == 0 && exact);
	message_verbose("this kernel compares processes %s what each CPU has not added up yet%s",
			exact ? "with" : "without", r == 0 ? "" : " (taken for granted)");
}

static int open_layout(struct oomrank *o)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int r = rank_layout_read(o->tracer, &o->layout, &why);

	if (r == 0) {
		find_counters(o);
		return -1;
	}
	message_error("%s", why.length ? strbuf_text(&why) : strerror(-r));
	return EXIT_FAILED;
}

int oomrank_source_open(struct oomrank *o)
{
	struct strbuf *why = &o->why_no_probe;
	int status;

	if (o->options.root || o->options.from_proc) {
		strbuf_puts(why,
			    "this oomrank reads from files (--root, --proc): there is no probe");
		if (o->options.from_proc)
			message_verbose("reading from /proc: " UNTOLD);
		return -1;
	}
	status = tool_try_attach(&o->tool, NULL, NULL, why, &o->tracer);
	if (status < 0)
		return open_layout(o);
	if (wants_probe(&o->tool.common)) {
		message_error("%s", strbuf_text(why));
		return status;
	}
	message_verbose("%s", strbuf_text(why));
	message_warning("without BPF (-v says why not), so from /proc: " UNTOLD);
	return -1;
}

void oomrank_tell_unfinished(const struct machine *m, const char *root)
{
	if (m->unfinished)
		message_warning("the capture of the machine in %s was ended before it had all: "
				"processes and cgroups are missing",
				root);
}

static void tell_unseen(struct oomrank *o, const struct machine *m)
{
	bool hidden = m->others_hidden && !m->exact;

	if (o->told_unseen)
		return;
	o->told_unseen = m->unseen || m->own_pid_namespace || hidden || m->unfinished;
	oomrank_tell_unfinished(m, o->options.root);
	if (m->own_pid_namespace)
		message_warning("a PID namespace of its own (a container?): who runs outside of it "
				"is not seen, and not ranked%s",
				m->exact ? "; PIDs are those of the machine" : "");
	else if (hidden)
		message_warning(
			"/proc hides other users' processes (hidepid): they are not ranked. "
			"Root sees all");
	if (m->unseen)
		message_warning("%zu processes could not be read: they are not ranked. Root may "
				"read all",
				m->unseen);
}

int oomrank_source_read(struct oomrank *o, struct rank_view *ret, struct strbuf *why)
{
	struct rank_view v = {.root = o->options.root ? o->options.root : ""};
	int r;

	if (o->tracer) {
		r = read_probe(o, &v, why);
	} else {
		r = machine_from_proc(v.root, &v.machine, why);
	}
	if (r < 0) {
		rank_view_clear(&v);
		return r;
	}
	tell_unseen(o, v.machine);
	*ret = v;
	return 0;
}

int oomrank_source_before(struct tracer *tracer, struct strbuf *why, void *user)
{
	struct oomrank *o = user;

	rank_layout_free(o->next);
	o->next = NULL;
	return rank_layout_read(tracer, &o->next, why);
}

int oomrank_source_after(struct tracer *tracer, bool swapped, struct strbuf *why, void *user)
{
	struct oomrank *o = user;

	(void)tracer;
	(void)why;
	if (swapped) {
		o->options.columns =
			rank_columns_as(o->options.columns, rank_layout_names(o->layout),
					rank_layout_names(o->next));
		SWAP(o->layout, o->next);
	}
	rank_layout_free(o->next);
	o->next = NULL;
	return 0;
}

void oomrank_source_close(struct oomrank *o)
{
	tracer_close(o->tracer);
	rank_layout_free(o->layout);
	rank_layout_free(o->next);
	strbuf_free(&o->why_no_probe);
	strbuf_free(&o->told_domain);
}
