#include "rank/rank_layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "bpf/record_layout.h"
#include "rank/rank_json.h"

#define CLASH "probe_"

EVENT_STRUCT(oomrank_task);

struct rank_layout {
	struct event_layout *task;
	char **names; /* as shown; NULL at the end */
};

void rank_layout_free(struct rank_layout *layout)
{
	if (!layout)
		return;
	for (char **name = layout->names; name && *name; name++)
		free(*name);
	free(layout->names);
	event_layout_free(layout->task);
	free(layout);
}

static int shown_name(const char *member, char **ret)
{
	_cleanup_strbuf_ struct strbuf name = {0};

	strbuf_printf(&name, "%s%s", rank_json_has_key(member) ? CLASH : "", member);
	*ret = strbuf_steal(&name);
	return *ret ? 0 : -ENOMEM;
}

static int read_names(struct rank_layout *layout)
{
	const char *const *names = event_layout_names(layout->task);
	size_t n = 0;
	int r = 0;

	while (names[n])
		n++;
	layout->names = calloc(n + 1, sizeof(*layout->names));
	for (size_t i = 0; layout->names && r == 0 && i < n; i++)
		r = shown_name(names[i], &layout->names[i]);
	return layout->names ? r : -ENOMEM;
}

int rank_layout_read(const struct tracer *tracer, struct rank_layout **ret, struct strbuf *why)
{
	struct rank_layout *layout = calloc(1, sizeof(*layout));
	int r = layout ? record_layout_read(tracer, &oomrank_task_struct, &layout->task, why)
		       : -ENOMEM;

	if (r == 0 && layout->task)
		r = read_names(layout);
	if (r < 0 || !layout->task) {
		rank_layout_free(layout);
		layout = NULL;
	}
	if (r == 0)
		*ret = layout;
	return r;
}

/* One record, with its further members if there are any: of processes only. */
static int take(const struct rank_layout *layout, const void *record, size_t size,
		struct oomrank_task *ret, struct rank_extra *extra)
{
	int r;

	if (!layout) {
		memcpy(ret, record, sizeof(*ret));
		return 0;
	}
	r = event_layout_own(layout->task, record, size, ret);
	if (ret->flags & OOMRANK_THREAD)
		return r;
	if (r == 0)
		r = event_layout_values(layout->task, record, size, &extra->values);
	extra->pid = ret->pid;
	for (size_t i = 0; i < extra->values.count && r == 0; i++) {
		free(extra->values.list[i].name);
		extra->values.list[i].name = strdup(layout->names[i]);
		r = extra->values.list[i].name ? 0 : -ENOMEM;
	}
	return r;
}

static int by_pid(const void *a, const void *b)
{
	const struct rank_extra *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

int rank_layout_parse(const struct rank_layout *layout, const void *bytes, size_t size,
		      struct oomrank_task **ret, size_t *ret_n, struct rank_view *extras)
{
	size_t record = layout ? event_layout_size(layout->task) : sizeof(struct oomrank_task);
	size_t n = size / record;
	_cleanup_free_ struct oomrank_task *tasks = NULL;
	struct rank_view more = {0};
	int r = 0;

	if (size % record)
		return -EBADMSG;
	tasks = calloc(n + 1, sizeof(*tasks));
	if (layout)
		more.extras = calloc(n + 1, sizeof(*more.extras));
	if (!tasks || (layout && !more.extras)) {
		rank_view_clear(&more);
		return -ENOMEM;
	}
	more.n_extras = layout ? n : 0;
	for (size_t i = 0; i < n && r == 0; i++)
		r = take(layout, (const char *)bytes + i * record, record, &tasks[i],
			 layout ? &more.extras[i] : NULL);
	if (r < 0) {
		rank_view_clear(&more);
		return r;
	}
	if (layout)
		qsort(more.extras, n, sizeof(*more.extras), by_pid);
	extras->extras = more.extras;
	extras->n_extras = more.n_extras;
	*ret = STEAL(tasks);
	*ret_n = n;
	return 0;
}

const char *const *rank_layout_names(const struct rank_layout *layout)
{
	static const char *const none[] = {NULL};

	return layout ? (const char *const *)layout->names : none;
}
