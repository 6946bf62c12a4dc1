/* What oomrank does once, instead of reports: keep this machine, check our reckoning. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "base/text.h"
#include "output/json_writer.h"
#include "tools/oomrank.h"

#define READINGS 4 /* to verify by */

static int failed(int r, const struct strbuf *why)
{
	message_error("%s", why->length ? strbuf_text(why) : strerror(-r));
	return EXIT_FAILED;
}

int oomrank_capture(struct oomrank *o)
{
	_cleanup_strbuf_ struct strbuf why = {0}, text = {0};
	int r = machine_capture(o->options.capture, &why);

	if (r < 0)
		return failed(r, &why);
	strbuf_puts(&text, "captured in ");
	text_display(&text, o->options.capture, strlen(o->options.capture));
	strbuf_puts(&text, "; show it by --root. It holds command lines: they may tell secrets\n");
	if (o->tool.common.json)
		return EXIT_OK;
	return tool_status("cannot print", tool_print(&text));
}

static int put_mismatch(const struct oomrank *o, const struct machine *m,
			const struct machine_mismatch *x, struct strbuf *out)
{
	const struct oomrank_task *t = &m->processes[x->process].task;
	struct json_writer *w;

	if (!o->tool.common.json) {
		strbuf_printf(out, "PID %" PRIu32 " '", t->pid);
		text_display(out, t->comm, strnlen(t->comm, sizeof(t->comm)));
		strbuf_printf(out, "': oom_score %" PRId32 ", reckoned %" PRId32 "\n", x->score,
			      x->reckoned);
		return strbuf_error(out);
	}
	w = json_writer_open();
	json_writer_uint(w, "pid", t->pid);
	json_writer_text(w, "comm", t->comm, strnlen(t->comm, sizeof(t->comm)));
	json_writer_int(w, "oom_score", x->score);
	json_writer_int(w, "reckoned_score", x->reckoned);
	return json_writer_line(w, out);
}

/* A snapshot, and who differs in it. */
struct verified {
	struct rank_view view;
	struct machine_mismatch *list;
	size_t n, compared;
};

static void verified_clear(struct verified *v)
{
	rank_view_clear(&v->view);
	free(v->list);
	*v = (struct verified){0};
}

static int verify_once(struct oomrank *o, struct verified *ret, struct strbuf *why)
{
	int r = oomrank_source_read(o, &ret->view, why);

	return r < 0 ? r : machine_verify(ret->view.machine, &ret->list, &ret->n, &ret->compared);
}

static uint32_t pid_of(const struct verified *v, size_t i)
{
	return v->view.machine->processes[v->list[i].process].task.pid;
}

/* Of NOW only those that differed BEFORE, too. */
static void keep_both(struct verified *now, const struct verified *before)
{
	size_t n = 0;

	for (size_t i = 0; i < now->n; i++)
		for (size_t k = 0; k < before->n; k++)
			if (pid_of(now, i) == pid_of(before, k)) {
				now->list[n++] = now->list[i];
				break;
			}
	now->n = n;
}

int oomrank_put_verified(struct oomrank *o, struct strbuf *out, size_t *ret_differ,
			 struct strbuf *why)
{
	struct verified v = {0};
	int r = verify_once(o, &v, why);

	/* A process that allocates between the reading of its numbers and of its score differs, but
	 * not each time. */
	for (int i = 1; i < READINGS && r == 0 && v.n && !o->options.root; i++) {
		struct verified again = {0};

		r = verify_once(o, &again, why);
		if (r == 0) {
			keep_both(&again, &v);
			SWAP(v, again);
		}
		verified_clear(&again);
	}
	for (size_t i = 0; i < v.n && r == 0; i++)
		r = put_mismatch(o, v.view.machine, &v.list[i], out);
	*ret_differ = v.n;
	if (r == 0 && !o->tool.common.json)
		strbuf_printf(out, "%zu processes compared, %zu differ\n", v.compared, v.n);
	verified_clear(&v);
	return r < 0 ? r : strbuf_error(out);
}

int oomrank_verify(struct oomrank *o)
{
	_cleanup_strbuf_ struct strbuf out = {0}, why = {0};
	size_t differ = 0;
	int r = oomrank_put_verified(o, &out, &differ, &why);

	if (r < 0)
		return failed(r, &why);
	r = tool_status("cannot print", tool_print(&out));
	return r != EXIT_OK ? r : differ ? EXIT_FAILED : EXIT_OK;
}
