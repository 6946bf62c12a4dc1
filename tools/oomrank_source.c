/* Where oomrank's snapshots come from: its probe, an iterator over all processes, or files. */
#include <errno.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "base/file.h"
#include "tools/oomrank.h"

#define ITERATOR "iter__task"
#define RECORDS_MOST (1u << 30) /* bytes: of 4 million processes some 600 MiB */

#define UNTOLD                                                                                \
	"it does not tell who was reaped already, runs in a vfork or switches swap off, and " \
	"sizes "                                                                              \
	"may be some pages behind"

/* Does somebody want the probe, and not just the result? */
static bool wants_probe(const struct common_options *c)
{
	return c->probe || c->edit || c->image || c->kernel_headers;
}

static int open_layout(struct oomrank *o)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int r = rank_layout_read(o->tracer, &o->layout, &why);

	if (r == 0)
		return -1;
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

static int read_probe(struct oomrank *o, struct rank_view *ret, struct strbuf *why)
{
	_cleanup_free_ struct oomrank_task *records = NULL;
	_cleanup_strbuf_ struct strbuf bytes = {0};
	_cleanup_close_ int fd = tracer_iterate(o->tracer, ITERATOR);
	size_t n = 0;
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
	r = rank_layout_parse(o->layout, strbuf_text(&bytes), bytes.length, &records, &n, ret);
	if (r == -EBADMSG)
		strbuf_puts(why, "the probe sends records that are not known here: was its text "
				 "made by another oomrank? This one's begins with --ebpf");
	return r < 0 ? r : machine_from_records(records, n, &ret->machine, why);
}

static void tell_unseen(struct oomrank *o, const struct machine *m)
{
	if (!m->unseen || o->told_unseen)
		return;
	o->told_unseen = true;
	message_warning("%zu processes could not be read: they are not ranked. Root may read all",
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
	if (swapped)
		SWAP(o->layout, o->next);
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
