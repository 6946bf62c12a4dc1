#include "oom/kill_layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "bpf-src/oomkill.h"
#include "bpf/record_layout.h"
#include "oom/kill_extras.h"

EVENT_STRUCT(oomkill_event);

_Static_assert(EVENT_LAYOUT_FIELDS_MOST <= KILL_EXTRAS_MOST, "a member would be left out");

struct kill_layout {
	struct event_layout *event;
	char **names; /* as shown; NULL at the end */
};

void kill_layout_free(struct kill_layout *layout)
{
	if (!layout)
		return;
	for (char **name = layout->names; name && *name; name++)
		free(*name);
	free(layout->names);
	event_layout_free(layout->event);
	free(layout);
}

/*
 * By their first member records are told from others of the ring, so it must have stayed the first.
 */
static bool kind_is_first(const struct event_layout *layout)
{
	const uint32_t kind = 0x6b696c6c;
	size_t size = event_layout_size(layout);
	struct oomkill_event own;
	char *record = calloc(1, MAX(size, sizeof(kind)));
	bool is_first;

	if (!record)
		return true;
	memcpy(record, &kind, sizeof(kind));
	is_first = event_layout_own(layout, record, size, &own) == 0 && own.kind == kind;
	free(record);
	return is_first;
}

static int read_names(struct kill_layout *layout)
{
	const char *const *names = event_layout_names(layout->event);
	size_t n = 0;

	while (names[n])
		n++;
	layout->names = calloc(n + 1, sizeof(*layout->names));
	for (size_t i = 0; layout->names && i < n; i++) {
		_cleanup_strbuf_ struct strbuf name = {0};

		kill_extra_name(names[i], &name);
		layout->names[i] = strbuf_steal(&name);
		if (!layout->names[i])
			return -ENOMEM;
	}
	return layout->names ? 0 : -ENOMEM;
}

static int take_event(struct kill_layout *layout, struct strbuf *why)
{
	if (kind_is_first(layout->event))
		return read_names(layout);
	strbuf_printf(why, "struct oomkill_event: 'kind' must be its first member, by which its "
			   "records are known: put others behind it");
	return -EINVAL;
}

int kill_layout_read(const struct tracer *tracer, struct kill_layout **ret, struct strbuf *why)
{
	struct kill_layout *layout = calloc(1, sizeof(*layout));
	int r = layout ? record_layout_read(tracer, &oomkill_event_struct, &layout->event, why)
		       : -ENOMEM;

	if (r == 0 && layout->event)
		r = take_event(layout, why);
	if (r < 0 || !layout->event) {
		kill_layout_free(layout);
		layout = NULL;
	}
	*ret = layout;
	return r;
}

int kill_layout_feed(const struct kill_layout *layout, struct kill_queue *queue, const void *record,
		     size_t size, uint64_t now_ns)
{
	uint32_t kind = size < sizeof(kind) ? OOMKILL_CHOSEN : *(const uint32_t *)record;
	struct named_values extras = {0};
	struct oomkill_event own;
	int r;

	if (!layout || (kind != OOMKILL_CHOSEN && kind != OOMKILL_MEMBER))
		return kill_queue_feed(queue, record, size, now_ns);
	r = event_layout_own(layout->event, record, size, &own);
	if (r == 0)
		r = event_layout_values(layout->event, record, size, &extras);
	if (r == 0)
		r = kill_queue_feed_event(queue, &own, &extras, now_ns);
	named_values_clear(&extras);
	return r;
}

const char *const *kill_layout_names(const struct kill_layout *layout)
{
	static const char *const none[] = {NULL};

	return layout ? (const char *const *)layout->names : none;
}
