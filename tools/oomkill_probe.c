#include "tools/oomkill_probe.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "bpf/event_layout.h"
#include "bpf/event_ring.h"
#include "bpf/kernel_map.h"
#include "bpf/text_contract.h"
#include "proc/clock.h"

const char *const oomkill_renewed_maps[] = {"events", NULL};
const char *const oomkill_held_maps[] = {"lost", NULL};

EVENT_STRUCT(oomkill_detail);
EVENT_STRUCT(oomkill_arguments);
EVENT_STRUCT(oomkill_step);

static const struct text_map maps[] = {{"lost", 0, sizeof(__u32), sizeof(__u64)}, {0}};
static const struct event_struct *const structs[] = {
	&oomkill_detail_struct, &oomkill_arguments_struct, &oomkill_step_struct, NULL};

const struct text_contract oomkill_contract = {maps, structs, "struct oomkill_event"};

static void on_record(const void *data, size_t size, void *user)
{
	struct oomkill_probe *p = user;
	int r = kill_layout_feed(p->layout, p->queue, data, size, clock_monotonic_ns());

	if (r == -EBADMSG && !p->strange++)
		message_warning("the probe sends records that are not known here: was its text "
				"made by another oomkill? This one's begins with --ebpf");
	else if (r < 0 && r != -EBADMSG)
		message_warning("a kill is missing, or part of it: %s", strerror(-r));
}

static int open_ring(struct oomkill_probe *p, struct event_ring **ret)
{
	struct event_ring *ring;
	int r = event_ring_open(tracer_map_fd(p->tracer, "events"), on_record, p, &ring);

	if (r < 0)
		return r;
	r = loop_add(p->loop, event_ring_fd(ring), p->on_events, p->user);
	if (r < 0)
		event_ring_close(ring);
	else
		*ret = ring;
	return r;
}

int oomkill_probe_open(struct oomkill_probe *p)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int r = kill_layout_read(p->tracer, &p->layout, &why);

	if (r == 0)
		r = open_ring(p, &p->ring);
	if (r == 0)
		return -1;
	message_error("%s", why.length ? strbuf_text(&why) : strerror(-r));
	return EXIT_FAILED;
}

void oomkill_probe_consume(struct oomkill_probe *p)
{
	event_ring_consume(p->ring);
}

void oomkill_probe_report_lost(struct oomkill_probe *p)
{
	static const char *const what[OOMKILL_LOST_COUNTERS] = {
		[OOMKILL_LOST_KILLS] = "kills are missing",
		[OOMKILL_LOST_STORY] = "parts of kills are missing",
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(what); i++) {
		uint64_t lost = 0;

		if (kernel_map_lookup(tracer_map_fd(p->tracer, "lost"), &i, &lost) < 0 ||
		    lost <= p->lost[i])
			continue;
		message_warning("%" PRIu64 " %s: the ring was full", lost - p->lost[i], what[i]);
		p->lost[i] = lost;
	}
}

int oomkill_probe_before(struct oomkill_probe *p, struct tracer *tracer, struct strbuf *why)
{
	kill_layout_free(p->next);
	p->next = NULL;
	return kill_layout_read(tracer, &p->next, why);
}

int oomkill_probe_after(struct oomkill_probe *p, bool swapped, struct strbuf *why)
{
	struct event_ring *ring;
	int r;

	if (!swapped) {
		kill_layout_free(p->next);
		p->next = NULL;
		return 0;
	}
	/* Nothing of the old text is at work any more: what it has told is there, and comes first.
	 */
	event_ring_consume(p->ring);
	r = open_ring(p, &ring);
	if (r < 0) {
		strbuf_printf(why, "cannot read what the new text tells: %s", strerror(-r));
		return r;
	}
	loop_remove(p->loop, event_ring_fd(p->ring));
	event_ring_close(p->ring);
	kill_layout_free(p->layout);
	p->ring = ring;
	p->layout = STEAL(p->next);
	return 0;
}

void oomkill_probe_close(struct oomkill_probe *p)
{
	if (p->ring)
		loop_remove(p->loop, event_ring_fd(p->ring));
	event_ring_close(p->ring);
	kill_layout_free(p->layout);
	kill_layout_free(p->next);
}
