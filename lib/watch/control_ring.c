#include "watch/control_ring.h"

#include <errno.h>
#include <string.h>

#include "bpf-src/oomprof.h"
#include "bpf/event_layout.h"
#include "bpf/event_ring.h"

EVENT_STRUCT(oomprof_kill);
EVENT_STRUCT(oomprof_begin);
EVENT_STRUCT(oomprof_end);
EVENT_STRUCT(oomprof_exit);

static const struct event_struct *const structs[] = {
	[OOMPROF_KILL] = &oomprof_kill_struct,
	[OOMPROF_BEGIN] = &oomprof_begin_struct,
	[OOMPROF_END] = &oomprof_end_struct,
	[OOMPROF_EXIT] = &oomprof_exit_struct,
};

/* As the tool has it. */
union record {
	__u32 kind;
	struct oomprof_kill kill;
	struct oomprof_begin begin;
	struct oomprof_end end;
	struct oomprof_exit exit;
};

struct control_ring {
	control_handler handler;
	void *user;
	struct event_ring *ring;
	/* By kind; NULL: as the tool has it. */
	struct event_layout *layouts[ARRAY_SIZE(structs)];
};

/* The bytes of NAME that are the path of a struct of the tool's own: "event." of "event.mine.x". */
static size_t own_path(const struct event_struct *own, const char *name)
{
	size_t n = 0;

	for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.'))
		for (size_t i = 0; i < own->n_members; i++)
			if (!strncmp(own->members[i].name, name, (size_t)(dot + 1 - name)))
				n = (size_t)(dot + 1 - name);
	return n;
}

/* What the text has added to a struct within is named as if it were not within: as oomkill has it.
 */
static void shorten_names(const struct event_struct *own, struct named_values *values)
{
	for (size_t i = 0; i < values->count; i++) {
		char *name = values->list[i].name;
		size_t path = own_path(own, name);

		memmove(name, name + path, strlen(name + path) + 1);
	}
}

/*
 * A record of one of the structs that the text lays out otherwise, as the tool has it. Its kind, or
 * 0: it is none of these. (Not the first word decides: a text may have put something before it.)
 */
static size_t translate(const struct control_ring *c, const void *data, size_t size,
			union record *own)
{
	for (size_t kind = 0; kind < ARRAY_SIZE(structs); kind++)
		if (c->layouts[kind] && event_layout_size(c->layouts[kind]) == size &&
		    event_layout_own(c->layouts[kind], data, size, own) == 0 && own->kind == kind)
			return kind;
	return 0;
}

static void on_record(const void *data, size_t size, void *user)
{
	struct control_ring *c = user;
	struct named_values more = {0};
	union record own;
	size_t kind = translate(c, data, size, &own);

	if (kind) {
		/* Without memory it goes on without them. */
		if (event_layout_values(c->layouts[kind], data, size, &more) < 0)
			named_values_clear(&more);
		shorten_names(structs[kind], &more);
		data = &own;
		size = structs[kind]->size;
	}
	c->handler(data, size, &more, c->user);
	named_values_clear(&more);
}

/* How the text lays its records out, where that is otherwise than here. */
static int read_layouts(struct control_ring *c, const struct tracer *tracer, struct strbuf *why)
{
	size_t size = 0;
	const void *btf = tracer_btf(tracer, &size);

	for (size_t kind = 0; btf && kind < ARRAY_SIZE(structs); kind++) {
		_cleanup_strbuf_ struct strbuf reason = {0};
		int r = structs[kind] ? event_layout_read(btf, size, structs[kind],
							  &c->layouts[kind], &reason)
				      : -ENOENT;

		if (r == -ENOENT) /* the text does not say: then it must be as here */
			continue;
		if (r < 0) {
			strbuf_puts(why, strbuf_text(&reason));
			return r;
		}
		if (event_layout_is_own(c->layouts[kind])) {
			event_layout_free(c->layouts[kind]);
			c->layouts[kind] = NULL;
		}
	}
	return 0;
}

int control_ring_open(const struct tracer *tracer, control_handler handler, void *user,
		      struct control_ring **ret, struct strbuf *why)
{
	struct control_ring *c = calloc(1, sizeof(*c));
	int r, fd = tracer_map_fd(tracer, "control");

	if (!c)
		return -ENOMEM;
	c->handler = handler;
	c->user = user;
	r = read_layouts(c, tracer, why);
	if (r == 0) {
		r = fd < 0 ? fd : event_ring_open(fd, on_record, c, &c->ring);
		if (r < 0)
			strbuf_printf(why, "the text has no ring 'control' that can be read: %s",
				      strerror(-r));
	}
	if (r < 0) {
		control_ring_close(c);
		return r;
	}
	*ret = c;
	return 0;
}

int control_ring_fd(const struct control_ring *c)
{
	return event_ring_fd(c->ring);
}

int control_ring_consume(struct control_ring *c)
{
	return event_ring_consume(c->ring);
}

void control_ring_close(struct control_ring *c)
{
	if (!c)
		return;
	event_ring_close(c->ring);
	for (size_t i = 0; i < ARRAY_SIZE(c->layouts); i++)
		event_layout_free(c->layouts[i]);
	free(c);
}
