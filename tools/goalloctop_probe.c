/*
 * The kernel side of goalloctop: who starts and ends in every mode; with --via events and refill
 * what is allocated; with --gc how long collections take.
 */
#include "tools/goalloctop_probe.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "bpf/event_layout.h"
#include "bpf/text_contract.h"
#include "proc/process.h"
#include "tools/goalloctop.h"

static const char not_initial[] =
	"this is a PID namespace of its own (a container?), where the kernel's PIDs are others";

/* Of a swap: records of the old text are read from the old rings; what was counted stays. */
static const char *const renewed[] = {"comings", "samples", NULL};
static const char *const held[] = {"counters", "not_go", "watched", "targets",
				   "sites",    "stacks", NULL};

EVENT_STRUCT(goalloctop_target);
EVENT_STRUCT(goalloctop_site);
EVENT_STRUCT(goalloctop_count);
EVENT_STRUCT(goalloctop_stack);

static const struct text_map maps[] = {
	{"counters", 0, sizeof(__u32), sizeof(__u64)},
	{"not_go", 0, sizeof(struct oomprof_key), sizeof(__u32)},
	{"watched", 0, sizeof(__u32), sizeof(__u32)},
	{"targets", 0, sizeof(__u32), sizeof(struct goalloctop_target)},
	{"sites", 0, sizeof(struct goalloctop_site), sizeof(struct goalloctop_count)},
	{"stacks", 0, sizeof(__u64), sizeof(struct goalloctop_stack)},
	{0},
};
static const struct event_struct *const structs[] = {
	&goalloctop_target_struct, &goalloctop_site_struct, &goalloctop_count_struct,
	&goalloctop_stack_struct, NULL};
static const struct text_contract contract = {maps, structs,
					      "struct goalloctop_sample, which --trace shows"};

static bool wants_probes(const struct goalloctop_probe *p)
{
	return p->via.value != VIA_SNAPSHOT || p->collections;
}

/* All sampled objects ever allocated, as estimates. */
static void sum_up(struct go_program *p)
{
	const struct alloc_stack *stacks;
	size_t n = alloc_heap_stacks(p->heap, &stacks);
	int64_t objects, bytes;

	p->now.alloc_objects = p->now.alloc_bytes = 0;
	for (size_t i = 0; i < n; i++) {
		alloc_heap_scale(p->heap, &stacks[i], (int64_t)stacks[i].now.allocs, &objects,
				 &bytes);
		p->now.alloc_objects += (double)objects;
		p->now.alloc_bytes += (double)bytes;
	}
}

/* No probe at all can be attached: say so once, for good. */
static bool is_refusal(int error)
{
	return error == -EPERM || error == -EACCES || error == -EOPNOTSUPP;
}

/* Attach to a program; where that cannot be, its heap profile is read as it is by default. */
static int probe_program(struct goalloctop *t, struct go_program *p)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int r = alloc_events_add(t->probe.events, p->process.pid, p->image.binary, p->bias, &why);

	if (r == 0 || r == -ENOMEM || r == -ESRCH)
		return r;
	p->not_probed = true;
	message_warning("PID %d: %s%s", (int)p->process.pid, strbuf_text(&why),
			t->probe.via.value == VIA_EVENTS ? "; its heap profile is read instead"
							 : "");
	if (is_refusal(r))
		t->probe.refused = "no probe can be attached";
	return 0;
}

static int fill(struct go_program *p, const struct heap_reader *reader,
		struct memory_blocks *blocks, void *user)
{
	struct goalloctop *t = user;
	int r = p->not_probed ? 0 : probe_program(t, p);

	if (r < 0)
		return r;
	if (p->not_probed || t->probe.via.value == VIA_SNAPSHOT || !p->heap)
		r = go_program_read_snapshot(p, reader, blocks);
	else
		r = alloc_events_fill(t->probe.events, p->process.pid, p->snapshot, reader, blocks,
				      p->heap);
	if (r < 0 || p->not_probed)
		return r;
	if (p->heap && t->probe.via.value != VIA_SNAPSHOT)
		sum_up(p);
	p->collections_before = p->collections;
	(void)alloc_events_collections(t->probe.events, p->process.pid, &p->collections);
	return 0;
}

static void forget(struct go_program *p, void *user)
{
	alloc_events_remove(((struct goalloctop *)user)->probe.events, p->process.pid);
}

/* A descriptor for each probe in each process. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int refuse(const struct strbuf *why)
{
	message_error("%s", strbuf_text(why));
	return EXIT_FAILED;
}

static int start_events(struct goalloctop *t, enum alloc_events_mode mode)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct goalloctop_probe *p = &t->probe;
	const struct alloc_events_config config = {
		.tracer = p->tracer,
		.mode = mode,
		.split = p->split.given ? (enum goalloctop_split)(p->split.value + 1)
					: GOALLOCTOP_SPLIT_NONE,
		.collections = p->collections,
		.shared = !t->pids.count && !t->comm && !t->cgroup,
		.on_event = p->trace ? goalloctop_trace_event : NULL,
		.user = t,
	};
	int r = alloc_events_open(&config, &why, &p->events);

	if (r == -ENOENT) {
		message_error("this BPF text has not the maps that --via %s needs; an image is "
			      "made for one of them: see --image in goalloctop(8)",
			      goalloctop_via_names[p->via.value]);
		return EXIT_FAILED;
	}
	if (why.length)
		return refuse(&why);
	if (r == 0 && p->trace)
		r = goalloctop_trace_begin(t);
	if (r == 0 && p->trace)
		r = loop_add(t->loop, alloc_events_fd(p->events), goalloctop_take_events, t);
	if (r < 0)
		return tool_status("cannot begin", r);
	allow_descriptors();
	p->source = (struct go_program_source){fill, forget, t};
	go_programs_set_source(t->programs, &p->source);
	return -1;
}

int goalloctop_probe_start(struct goalloctop *t)
{
	static const enum alloc_events_mode modes[] = {ALLOC_EVENTS_NONE, ALLOC_EVENTS_SAMPLES,
						       ALLOC_EVENTS_REFILLS};
	_cleanup_strbuf_ struct strbuf why = {0};
	struct goalloctop_probe *p = &t->probe;
	enum alloc_events_mode mode = modes[p->via.value];
	int status;

	if (!process_in_initial_pid_namespace()) {
		if (!wants_probes(p))
			return goalloctop_discovery_none(t, not_initial);
		message_error("%s; run it on the host or with the host's PID namespace "
			      "(--pid=host), or with --via snapshot and without --gc",
			      not_initial);
		return EXIT_NOT_ALLOWED;
	}
	t->tool.variants = alloc_events_variants(mode, p->collections);
	t->tool.renewed_maps = renewed;
	t->tool.held_maps = held;
	t->tool.contract = &contract;
	status = tool_try_attach(&t->tool, NULL, NULL, &why, &p->tracer);
	if (status >= 0 && !wants_probes(p) && !t->tool.edited.name && !t->tool.common.image)
		return goalloctop_discovery_none(t, strbuf_text(&why));
	if (status >= 0)
		message_error("%s", strbuf_text(&why));
	if (status < 0)
		status = goalloctop_discovery_start(t);
	if (status < 0 && wants_probes(p))
		status = start_events(t, mode);
	t->tool.meanwhile = goalloctop_take_rings;
	t->tool.meanwhile_data = t;
	return status;
}

int goalloctop_probe_read(struct goalloctop *t)
{
	int r = 0;

	if (t->probe.discovery)
		r = discovery_take(t->probe.discovery);
	if (r == 0 && t->probe.discovery)
		r = discovery_ask_lost(t->probe.discovery);
	if (r == 0 && t->probe.events)
		r = alloc_events_read(t->probe.events);
	return r;
}

/* Of a program that was found by looking, not by its start: its end is to be told. */
static void tell_ends(struct goalloctop *t)
{
	struct go_program *const *all;
	size_t n = go_programs_list(t->programs, &all);

	for (size_t i = 0; i < n; i++)
		if (!all[i]->told_of)
			all[i]->told_of =
				discovery_watch(t->probe.discovery, all[i]->process.pid) == 0;
}

int goalloctop_probe_settle(struct goalloctop *t)
{
	if (t->probe.refused)
		return EXIT_NOT_ALLOWED;
	if (t->probe.discovery)
		tell_ends(t);
	return 0;
}

void goalloctop_probe_lost(const struct goalloctop *t, struct strbuf *out)
{
	uint64_t comings = t->probe.discovery ? discovery_lost(t->probe.discovery) : 0;

	if (comings)
		strbuf_printf(out,
			      "lost: %" PRIu64
			      " starts or ends of programs (/proc was looked through)\n",
			      comings);
}

void goalloctop_probe_stop(struct goalloctop *t)
{
	discovery_close(t->probe.discovery);
	alloc_events_close(t->probe.events);
	tracer_close(t->probe.tracer);
	strbuf_free(&t->probe.lines);
	strbuf_free(&t->probe.none);
	goalloctop_trace_end(t);
}
