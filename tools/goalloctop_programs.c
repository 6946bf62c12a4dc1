/* Which programs goalloctop watches: -p, -n, --cgroup, and the same while it runs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "tools/goalloctop_settings.h"

/* Those that were named by PID have to be there and be Go programs. -1 to go on. */
static int add_named(struct goalloctop *t)
{
	for (size_t i = 0; i < t->pids.count; i++) {
		_cleanup_strbuf_ struct strbuf why = {0};
		int r = go_programs_add(t->programs, (pid_t)t->pids.values[i], &why);

		if (r < 0) {
			message_error("%s", strbuf_text(&why));
			return r == -EPERM ? EXIT_NOT_ALLOWED : EXIT_FAILED;
		}
	}
	return -1;
}

/* As the kernel has it. */
static int resolve(const char *path, struct strbuf *ret, struct strbuf *why)
{
	_cleanup_cgroup_memory_ struct cgroup_memory cgroup = {0};

	(void)cgroup_memory_open("", &cgroup);
	return cgroup_memory_resolve(&cgroup, path, ret, why);
}

bool goalloctop_wants_heaps(const struct goalloctop *t)
{
	return t->group != BY_PROGRAM || t->probe.via.value != VIA_SNAPSHOT ||
	       goalloctop_exports(t);
}

int goalloctop_programs_begin(struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct go_selection selection = {.by_pid = t->pids.count > 0, .comm = t->comm};
	int r;

	if (t->cgroup) {
		if (resolve(t->cgroup, &t->cgroup_path, &why) < 0) {
			message_error("--cgroup: %s", strbuf_text(&why));
			return EXIT_FAILED;
		}
		selection.cgroup = strbuf_text(&t->cgroup_path);
	}
	r = go_programs_new(&selection, goalloctop_wants_heaps(t), &t->programs);
	return r < 0 ? tool_status("cannot begin", r) : add_named(t);
}

/* What is wanted instead of what is. */
struct change {
	enum goalloctop_selector by;
	struct option_numbers pids;
	char *text;
	struct strbuf path;
};

static void change_free(struct change *c)
{
	free(c->pids.values);
	free(c->text);
	strbuf_free(&c->path);
}

static int read_change(struct goalloctop *t, const char *value, struct change *c,
		       struct strbuf *why)
{
	struct option_numbers before = t->pids;
	int r;

	if (!value)
		return 0;
	if (c->by == SELECT_PID) {
		t->pids = (struct option_numbers){0};
		r = options_set(t->tool.info, "pid", value, why);
		c->pids = t->pids;
		t->pids = before;
		return r;
	}
	c->text = strdup(value);
	if (!c->text)
		return -ENOMEM;
	if (!*value) {
		strbuf_puts(why, "'' is not a name that is not empty");
		return -EINVAL;
	}
	return c->by == SELECT_CGROUP ? resolve(value, &c->path, why) : 0;
}

/* From here on the texts are ours, and what was before can go. */
static void take_over(struct goalloctop *t, struct change *c)
{
	switch (c->by) {
	case SELECT_PID:
		SWAP(t->pids, c->pids);
		break;
	case SELECT_NAME:
		t->comm = c->text;
		SWAP(t->own_comm, c->text);
		break;
	default:
		t->cgroup = c->text;
		SWAP(t->own_cgroup, c->text);
		SWAP(t->cgroup_path, c->path);
	}
	t->named = t->pids.count || t->comm || t->cgroup;
}

int goalloctop_select(struct goalloctop *t, enum goalloctop_selector by, const char *value,
		      struct strbuf *why)
{
	_cleanup_(change_free) struct change c = {.by = by};
	int r = read_change(t, value, &c, why);
	const struct option_numbers *pids = by == SELECT_PID ? &c.pids : &t->pids;
	struct go_selection selection = {
		.by_pid = pids->count > 0,
		.comm = by == SELECT_NAME ? c.text : t->comm,
		.cgroup = by == SELECT_CGROUP ? (value ? strbuf_text(&c.path) : NULL)
			  : t->cgroup	      ? strbuf_text(&t->cgroup_path)
					      : NULL,
	};

	if (r == 0)
		r = go_programs_select(t->programs, &selection, pids->values, pids->count, why);
	if (r < 0)
		return r;
	/* While some were named by PID nobody else was worth being told of. */
	if (t->pids.count && t->probe.discovery)
		discovery_forget(t->probe.discovery);
	take_over(t, &c);
	return 0;
}

void goalloctop_texts_free(struct goalloctop *t)
{
	strbuf_free(&t->cgroup_path);
	free(t->pids.values);
	free(t->own_comm);
	free(t->own_cgroup);
	free(t->own_focus);
	free(t->own_ignore);
}
