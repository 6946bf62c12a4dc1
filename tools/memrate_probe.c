/* The kernel side of memrate: what processes have, and what was allocated in their contexts. */
#include "tools/memrate_probe.h"

#include <errno.h>
#include <linux/bpf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/record_layout.h"
#include "app/exit_codes.h"
#include "app/message.h"
#include "base/array.h"
#include "base/file.h"
#include "bpf/kernel_map.h"
#include "bpf/text_contract.h"
#include "proc/process.h"
#include "tools/memrate.h"

#define RECORDS_MOST (256u << 20) /* bytes: two million threads */

EVENT_STRUCT(memrate_count);

/* What there is to count with, as many as this kernel has. */
static const char *const no_slab[] = {"-DMEMRATE_NO_SLAB=1", NULL};
static const char *const no_pages[] = {"-DMEMRATE_NO_PAGES=1", NULL};
static const char *const nothing[] = {"-DMEMRATE_NO_SLAB=1", "-DMEMRATE_NO_PAGES=1", NULL};

static const struct tracer_variant variants[] = {
	{"pages and slab", NULL, 0},
	{"pages", no_slab, 0},
	{"slab", no_pages, 0},
	{"sizes", nothing, 0},
	{0},
};

static const struct tracer_variant only_sizes[] = {{"sizes", nothing, 0}, {0}};

/* What user space sets and reads; `counts` may be made anew with other values. */
static const char *const held[] = {"gate", "lost", NULL};

EVENT_STRUCT(memrate_task);
EVENT_STRUCT(memrate_key);

static const struct text_map maps[] = {
	{"counts", BPF_MAP_TYPE_PERCPU_HASH, sizeof(struct memrate_key), 0},
	{"running", BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32), 0},
	{"gate", 0, sizeof(__u32), sizeof(__u64)},
	{"lost", BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32), sizeof(__u64)},
	{0},
};
static const struct event_struct *const structs[] = {&memrate_task_struct, &memrate_key_struct,
						     NULL};
static const struct text_contract contract = {maps, structs, "struct memrate_count"};

static int find_map(const struct tracer_map *map, void *user)
{
	struct memrate_probe *p = user;

	if (!strcmp(map->name, "counts") && map->key_size == sizeof(struct memrate_key))
		p->value_size = map->value_size;
	if (!strcmp(map->name, "running"))
		p->running_size = map->value_size;
	return 0;
}

static int find_program(const struct tracer_program *program, void *user)
{
	struct memrate_probe *p = user;

	p->has_pages = p->has_pages || strstr(program->name, "mm_page_");
	p->has_slab = p->has_slab || strstr(program->name, "kmalloc") ||
		      strstr(program->name, "kmem_cache_alloc");
	return 0;
}

/* What the text that runs has. */
static int look(struct memrate_probe *p)
{
	struct event_layout *layout = NULL;
	int r = record_layout_read(p->tracer, &memrate_count_struct, &layout, NULL);

	event_layout_free(p->layout);
	p->layout = r == 0 ? layout : NULL;
	p->value_size = p->running_size = 0;
	p->has_pages = p->has_slab = false;
	(void)tracer_each_map(p->tracer, find_map, p);
	(void)tracer_each_program(p->tracer, find_program, p);
	if (r < 0 || p->value_size < (p->layout ? event_layout_size(p->layout)
						: sizeof(struct memrate_count)))
		p->value_size = 0;
	if (p->running_size != sizeof(struct memrate_key) + p->value_size)
		p->running_size = 0;
	p->can_iterate = tracer_program_fd(p->tracer, "iter__task") >= 0;
	return r == -ENOMEM ? r : 0;
}

/* Each CPU adds all 64-bit words of a struct, and what is shown is their sum by the second. */
static int check_members(const struct event_layout *layout, struct strbuf *why)
{
	const char *name = event_layout_no_counter(layout);
	size_t n = 0;

	while (event_layout_names(layout)[n])
		n++;
	if (!name && n <= RATE_COLUMNS_MORE)
		return 0;
	if (name)
		strbuf_printf(why,
			      "struct memrate_count: %s is no integer of 64 bits: what is added up "
			      "here must be a __u64 or __s64\n",
			      name);
	else
		strbuf_printf(why,
			      "struct memrate_count: %zu members of your own are more than the %d "
			      "that can be shown\n",
			      n, RATE_COLUMNS_MORE);
	return -EINVAL;
}

/* Can be read what this text counts? */
static int check_counts(const struct tracer *tracer, struct strbuf *why)
{
	struct memrate_probe sizes = {0};
	struct event_layout *layout = NULL;
	int r = record_layout_read(tracer, &memrate_count_struct, &layout, why);

	if (r == 0 && layout)
		r = check_members(layout, why);
	event_layout_free(layout);
	(void)tracer_each_map(tracer, find_map, &sizes);
	if (r == 0 && sizes.value_size && sizes.running_size &&
	    sizes.running_size != sizeof(struct memrate_key) + sizes.value_size) {
		strbuf_puts(why, "struct memrate_running has other members than the tool reads: "
				 "those of your own belong to struct memrate_count\n");
		r = -EINVAL;
	}
	return r;
}

static int without(struct memrate *m, const char *why)
{
	strbuf_puts(&m->probe.none, why);
	message_warning("allocations are not counted, and sizes are read from /proc: %s", why);
	if (process_others_hidden())
		message_warning("/proc hides other users' processes (hidepid): they are not shown");
	return -1;
}

int memrate_probe_start(struct memrate *m)
{
	static const char not_initial[] =
		"this is a PID namespace of its own (a container?), where "
		"the kernel's PIDs are others";
	_cleanup_strbuf_ struct strbuf why = {0};
	struct memrate_probe *p = &m->probe;
	int status;

	if (!process_in_initial_pid_namespace())
		return without(m, not_initial);
	m->tool.variants = p->one_in ? variants : only_sizes;
	m->tool.held_maps = held;
	m->tool.contract = &contract;
	status = tool_try_attach(&m->tool, NULL, NULL, &why, &p->tracer);
	if (status >= 0 && (m->tool.edited.name || m->tool.common.image)) {
		message_error("%s", strbuf_text(&why));
		return status;
	}
	if (status >= 0)
		return without(m, strbuf_text(&why));
	strbuf_reset(&why);
	if (check_counts(p->tracer, &why) < 0) {
		message_error("%s", strbuf_text(&why));
		return EXIT_FAILED;
	}
	if (look(p) < 0)
		return tool_status("cannot begin", -ENOMEM);
	if (m->tool.edited.name && p->one_in && !p->has_pages && !p->has_slab)
		message_warning("allocations are not counted: this kernel only takes the part of "
				"the text that reads sizes; -v says why");
	tracer_pause(p->tracer);
	return -1;
}

void memrate_probe_stop(struct memrate *m)
{
	event_layout_free(m->probe.layout);
	tracer_close(m->probe.tracer);
	strbuf_free(&m->probe.none);
}

const char *const *memrate_probe_more(const struct memrate *m)
{
	static const char *const none[] = {NULL};

	return m->probe.layout ? event_layout_names(m->probe.layout) : none;
}

/* Counters of a process are kept by CPU, and not all of them may be in what the iterator reads:
 * of those that have changed /proc tells the sum. */
static void refine(struct memrate *m, struct rate_reading *reading)
{
	for (size_t i = 0; i < reading->n; i++) {
		struct rate_process *p = &reading->list[i];
		const struct rate_process *q = growth_before(m->growth, p->pid, p->start_ns);

		if (p->is_exact || !p->mm)
			continue;
		if (q && rate_process_is_still(p, q))
			memcpy(p->bytes, q->bytes, sizeof(p->bytes));
		else
			(void)rate_process_read_sizes("", p);
	}
}

int memrate_probe_read(struct memrate *m, struct rate_reading *ret)
{
	_cleanup_strbuf_ struct strbuf records = {0};
	_cleanup_close_ int fd = -1;
	int r;

	if (!m->probe.tracer || !m->probe.can_iterate)
		return rate_reading_from_proc("", ret);
	fd = tracer_iterate(m->probe.tracer, "iter__task");
	r = fd < 0 ? fd : file_read_fd(fd, RECORDS_MOST, &records);
	if (r == 0)
		r = rate_reading_from_records((const struct memrate_task *)strbuf_text(&records),
					      records.length / sizeof(struct memrate_task),
					      (uint64_t)sysconf(_SC_PAGESIZE), ret);
	if (r == 0)
		refine(m, ret);
	return r;
}

int memrate_probe_before(struct tracer *tracer, struct strbuf *why, void *user)
{
	int r = check_counts(tracer, why);

	memrate_window_close(user);
	return r;
}

int memrate_probe_after(struct tracer *tracer, bool swapped, struct strbuf *why, void *user)
{
	struct memrate *m = user;
	int r = swapped ? look(&m->probe) : 0;

	(void)why;
	if (swapped)
		m->probe.counted_ns = 0; /* what was counted has gone with the maps */
	if (m->probe.one_in != 1)
		tracer_pause(tracer);
	return r == 0 ? memrate_window_reopen(m) : r;
}
