#include "bpf/record_layout.h"

#include <errno.h>

int record_layout_read(const struct tracer *tracer, const struct event_struct *own,
		       struct event_layout **ret, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf unsaid = {0};
	struct event_layout *layout = NULL;
	size_t size;
	const void *btf = tracer_btf(tracer, &size);
	int r = btf ? event_layout_read(btf, size, own, &layout, why ? why : &unsaid) : 0;

	if (r == -ENOENT) {
		/* A text that does not name it is as the tool's own is. */
		if (why)
			strbuf_reset(why);
		r = 0;
	}
	if (r < 0)
		return r;
	if (layout && event_layout_is_own(layout)) {
		event_layout_free(layout);
		layout = NULL;
	}
	*ret = layout;
	return 0;
}

const void *record_layout_own(const struct event_layout *layout, const void *record, size_t size,
			      size_t own_size, void *space)
{
	if (!layout)
		return size < own_size ? NULL : record;
	return event_layout_own(layout, record, size, space) < 0 ? NULL : space;
}
