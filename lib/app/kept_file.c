#include "app/kept_file.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "app/message.h"
#include "app/worker.h"
#include "base/file.h"

#define MODE 0644
#define INTERVAL_NS 1000000000ull
#define NEVER_NS (INT64_MAX / 2)

struct kept_file {
	void *link; /* of the worker, whose one job this is */
	struct loop *loop;
	const char *path;
	int (*format)(const void *user, struct strbuf *out);
	const void *user;
	struct worker *worker;
	struct strbuf text; /* the worker's while it writes */
	atomic_bool writing;
	atomic_int result; /* of the last writing */
	int said;
	bool changed, waits; /* is the timer set? */
};

static void do_write(void *job, void *user)
{
	struct kept_file *f = job;

	(void)user;
	f->result = file_replace(f->path, MODE, f->text.data, f->text.length);
	f->writing = false;
}

static void say_result(struct kept_file *f)
{
	int r = f->result;

	if (r < 0 && f->said == 0)
		message_warning("cannot write %s: %s; what is there stays, and it is tried again "
				"every second",
				f->path, strerror(-r));
	f->said = r;
	f->changed |= r < 0;
}

static int format(struct kept_file *f)
{
	strbuf_reset(&f->text);
	return f->format(f->user, &f->text);
}

static void set_timer(struct kept_file *f, bool on);

static void on_timer(void *user)
{
	struct kept_file *f = user;

	/* The disk is slow: the next time. */
	if (f->writing)
		return;
	say_result(f);
	if (!f->changed) {
		set_timer(f, false);
		return;
	}
	f->changed = false;
	f->result = format(f);
	if (f->result < 0)
		return;
	f->writing = true;
	worker_push(f->worker, f);
}

/* It fires at once, then each second as long as there is something to write or to say. */
static void set_timer(struct kept_file *f, bool on)
{
	f->waits = on;
	(void)loop_change_timer(f->loop, on_timer, f, on ? 1 : NEVER_NS, INTERVAL_NS);
}

int kept_file_open(const char *path, int (*make)(const void *user, struct strbuf *out),
		   const void *user, struct kept_file **ret)
{
	struct kept_file *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return -ENOMEM;
	*f = (struct kept_file){.path = path, .format = make, .user = user};
	r = format(f);
	if (r == 0)
		r = file_replace(path, MODE, f->text.data, f->text.length);
	if (r < 0) {
		kept_file_close(f);
		return r;
	}
	*ret = f;
	return 0;
}

int kept_file_start(struct kept_file *f, struct loop *loop)
{
	int r = worker_open(do_write, NULL, offsetof(struct kept_file, link), &f->worker);

	if (r == 0)
		r = loop_add_timer(loop, NEVER_NS, INTERVAL_NS, on_timer, f);
	if (r == 0)
		f->loop = loop;
	return r;
}

void kept_file_changed(struct kept_file *f)
{
	f->changed = true;
	if (f->loop && !f->waits)
		set_timer(f, true);
}

int kept_file_close(struct kept_file *f)
{
	int r;

	if (!f)
		return 0;
	worker_close(f->worker);
	if (f->changed) {
		f->result = format(f);
		if (f->result == 0)
			do_write(f, NULL);
	}
	say_result(f);
	r = f->result;
	strbuf_free(&f->text);
	free(f);
	return r;
}
