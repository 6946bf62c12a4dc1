#include "victim/victim.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/text.h"
#include "oom/kill_extras.h"
#include "oom/kill_gather.h"
#include "output/human.h"
#include "proc/clock.h"
#include "victim/runtime_report.h"
#include "victim/victim_report.h"
#include "victim/victim_sites.h"

struct victim *victim_new(const struct oomprof_process *process)
{
	struct victim *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->process = *process;
	v->seen_ns = clock_monotonic_ns();
	return v;
}

void victim_free(struct victim *v)
{
	if (!v)
		return;
	heap_profile_free(v->profile);
	victim_sites_free(v->kept);
	named_values_clear(&v->more);
	strbuf_free(&v->file_name);
	output_removed_clear(&v->removed);
	free(v);
}

/* Named apart from what JSON has anyway. */
static int add_named(struct named_values *to, const struct named_values *more)
{
	int r = 0;

	for (size_t i = 0; i < more->count && i < KILL_EXTRAS_MOST && r == 0; i++) {
		_cleanup_strbuf_ struct strbuf name = {0};
		struct named_value value = more->list[i];

		strbuf_printf(&name, "%s%s", victim_report_has_key(value.name) ? "probe_" : "",
			      value.name);
		r = strbuf_error(&name);
		value.name = name.data;
		if (r == 0 && !named_values_copy(to, &value))
			r = -ENOMEM;
	}
	return r;
}

void victim_add_more(struct victim *v, const struct named_values *more)
{
	struct named_values all = {0};

	if (!more || !more->count || add_named(&all, more) < 0) {
		named_values_clear(&all);
		return;
	}
	for (size_t i = 0; i < v->more.count; i++)
		if (!named_values_find(&all, v->more.list[i].name))
			(void)named_values_copy(&all, &v->more.list[i]);
	named_values_clear(&v->more);
	v->more = all;
}

int victim_begin(struct victim *v, uint64_t bias, int64_t rate)
{
	const struct heap_profile_options options = {
		.view = HEAP_VIEW_NOW,
		.bias = bias,
		.rate = rate,
		.cycle = v->cycle,
		.cycle_known = v->runtime_bytes.known & OOMPROF_KNOWS_CYCLE,
		.file_name = v->binary->path,
		.time_ns = (int64_t)clock_realtime_ns(),
	};

	v->rate = rate;
	return heap_profile_new(v->binary->binary, &options, &v->profile);
}

static void comment(struct victim *v, struct strbuf *text)
{
	int r = strbuf_error(text);

	if (r == 0)
		r = heap_profile_comment(v->profile, strbuf_text(text));
	if (r < 0)
		v->error = r;
	strbuf_reset(text);
}

static void name(struct strbuf *text, const char *comm, size_t size)
{
	strbuf_puts(text, " (");
	text_display(text, comm, strnlen(comm, size));
	strbuf_puts(text, ")");
}

static void comment_domain(struct victim *v, struct strbuf *text)
{
	_cleanup_kill_ struct kill *k = kill_new();
	int r = k ? kill_gather_event(k, &v->kill) : -ENOMEM;
	const struct kill_domain *d;

	if (r < 0) {
		v->error = r;
		return;
	}
	d = &k->domain;
	strbuf_printf(text, "domain: %s%s%s", d->kind, d->memcg_path ? " " : "",
		      d->memcg_path ? d->memcg_path : "");
	if (d->bytes != KILL_UNKNOWN)
		strbuf_printf(text, ", limit %" PRIu64 " bytes", d->bytes);
	comment(v, text);
}

static void comment_kill(struct victim *v, struct strbuf *text)
{
	const struct oomkill_event *e = &v->kill;
	bool by_oom = victim_of_oom(v);

	strbuf_printf(text, "%s of PID %u", by_oom ? "OOM kill" : "kill", e->victim_pid);
	name(text, e->victim_comm, OOMKILL_COMM_SIZE);
	strbuf_puts(text, " at ");
	human_time_utc(text, clock_realtime_at(e->time_ns));
	comment(v, text);
	if (e->victim_pid_in_namespace) {
		strbuf_printf(text, "in its PID namespace: PID %u", e->victim_pid_in_namespace);
		comment(v, text);
	}
	strbuf_printf(text, "%s by PID %u", by_oom ? "triggered" : "SIGKILL sent", e->trigger_pid);
	name(text, e->trigger_comm, OOMKILL_COMM_SIZE);
	comment(v, text);
	if (by_oom)
		comment_domain(v, text);
	strbuf_printf(text,
		      "victim: anon %" PRIu64 ", file %" PRIu64 ", shmem %" PRIu64 ", swap %" PRIu64
		      " pages, oom_score_adj %d",
		      (uint64_t)e->anon_pages, (uint64_t)e->file_pages, (uint64_t)e->shmem_pages,
		      (uint64_t)e->swap_pages, e->oom_score_adj);
	comment(v, text);
	strbuf_printf(text, "loadavg: %s", v->load.text);
	comment(v, text);
}

/* Each line a comment. */
static void comment_runtime(struct victim *v)
{
	_cleanup_strbuf_ struct strbuf lines = {0};
	char *line, *rest;

	runtime_report_advice(v, &lines);
	runtime_report_details(v, &lines);
	for (rest = lines.data; strbuf_error(&lines) == 0 && (line = strsep(&rest, "\n"));)
		if (*line)
			(void)heap_profile_comment(v->profile, line);
}

/* From when on the profile is complete, if not from the start. */
static void comment_enabled(struct victim *v, struct strbuf *text)
{
	if (v->enabled.at_ns) {
		strbuf_puts(text, "heap profiling was switched on by oomprof at ");
		human_time_utc(text, clock_realtime_at(v->enabled.at_ns));
		strbuf_printf(text, ", %" PRIu64 ".%03" PRIu64 " s after the program's start",
			      v->enabled.after_ns / 1000000000,
			      v->enabled.after_ns / 1000000 % 1000);
	} else if (v->binary->kind == BINARY_OFF) {
		strbuf_puts(text, "heap profiling was off when the program started, and was "
				  "switched on later");
	} else {
		return;
	}
	strbuf_puts(text, ": what was allocated before is missing");
	comment(v, text);
}

static void comment_walk(struct victim *v, struct strbuf *text)
{
	const struct victim_walk *w = &v->walk;

	if (!w->threads)
		return;
	strbuf_printf(text,
		      "walk: %" PRIu64 " threads held a CPU, %" PRIu64 " us at most, %" PRIu64
		      " us together",
		      w->threads, w->longest_ns / 1000, w->total_ns / 1000);
	comment(v, text);
	if (v->buckets.heads_unread) {
		strbuf_printf(text,
			      "behind what was unreadable, %" PRIu64
			      " entries of the runtime's hash table were out of reach: never used, "
			      "or swapped out",
			      v->buckets.heads_unread);
		comment(v, text);
	}
}

/* What the probe's text has added: a line each. */
static void comment_more(struct victim *v, struct strbuf *text)
{
	for (size_t i = 0; i < v->more.count; i++) {
		strbuf_printf(text, "%s: ", v->more.list[i].name);
		kill_extra_display(&v->more.list[i], text);
		comment(v, text);
	}
}

static void add_comments(struct victim *v)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const struct victim_buckets *b = &v->buckets;
	struct utsname kernel;

	if (v->killed) {
		comment_kill(v, &text);
	} else {
		strbuf_printf(&text, "PID %u", v->process.pid);
		name(&text, v->comm, sizeof(v->comm));
		strbuf_puts(&text, ", living");
		comment(v, &text);
	}
	if (uname(&kernel) == 0) {
		strbuf_printf(&text, "kernel: %s %s", kernel.sysname, kernel.release);
		comment(v, &text);
	}
	strbuf_printf(&text, "Go: %s, MemProfileRate %" PRId64,
		      *v->binary->binary->version ? v->binary->binary->version : "unknown version",
		      v->rate);
	comment(v, &text);
	comment_enabled(v, &text);
	strbuf_printf(&text,
		      "buckets: %" PRIu64 " read, %" PRIu64 " cut, %" PRIu64 " unreadable, %" PRIu64
		      " lost, %" PRIu64 " damaged%s",
		      b->read, b->cut, b->unreadable, b->lost, b->damaged,
		      b->more ? "; more were not reached" : "");
	comment(v, &text);
	comment_walk(v, &text);
	comment_more(v, &text);
	comment_runtime(v);
}

/* Nobody has switched heap profiling on, as far as is known. */
static bool off_by_linker(const struct victim *v)
{
	return v->binary && v->binary->kind == BINARY_OFF && !v->enabled.at_ns;
}

/* mm/oom_kill.c, OOM_REAPER_DELAY: from then on the kernel takes the victim's memory away. */
#define REAPER_NS 2000000000ull

bool victim_reaped(const struct victim *v)
{
	return v->begun && v->walk.began_ns > v->killed_ns &&
	       v->walk.began_ns - v->killed_ns > REAPER_NS;
}

bool victim_start_unreadable(const struct victim *v)
{
	return v->begun ? !v->buckets.read && v->buckets.unreadable : v->start_unreadable;
}

/* Not one bucket was read of a program that has some. */
static enum victim_outcome why_nothing(const struct victim *v)
{
	if (victim_start_unreadable(v) && !victim_reaped(v) && v->kill.swap_pages)
		return VICTIM_SWAPPED;
	return VICTIM_MISSED;
}

static enum victim_outcome why_not(const struct victim *v)
{
	if (!v->binary)
		return v->not_go ? VICTIM_NOT_GO : VICTIM_UNKNOWN;
	if (v->binary->kind == BINARY_NOT_FOUND)
		return VICTIM_NOT_FOUND;
	return off_by_linker(v) ? VICTIM_OFF_LINKER : why_nothing(v);
}

static int write_file(struct victim *v, struct output_directory *directory)
{
	_cleanup_strbuf_ struct strbuf contents = {0};
	uint64_t when = v->killed_ns ? clock_realtime_at(v->killed_ns) : clock_realtime_ns();
	int r = heap_profile_resolve(v->profile);

	v->summed = r == 0;
	add_comments(v);
	if (r == 0)
		r = v->error;
	if (r == 0)
		r = heap_profile_write(v->profile, &contents);
	if (r == 0)
		r = output_directory_write(directory, v->comm, strlen(v->comm), v->process.pid,
					   when, &contents, &v->file_name, &v->removed);
	return r;
}

/* What is read with the buckets, and what the kill's record adds, which may have come later. */
static void decode_runtime(struct victim *v)
{
	const struct go_binary *b = v->binary ? v->binary->binary : NULL;

	if (v->killed) {
		v->address_space_bytes = v->kill.total_vm_pages * (uint64_t)sysconf(_SC_PAGESIZE);
		v->cgroup_limit_bytes = kill_memcg_limit(&v->kill);
		if (v->cgroup_limit_bytes == KILL_UNKNOWN)
			v->cgroup_limit_bytes = 0;
	}
	go_runtime_decode(&v->runtime_bytes, v->cycle, b ? b->minor : 0, v->address_space_bytes,
			  &v->runtime);
}

void victim_finish(struct victim *v, struct output_directory *directory)
{
	decode_runtime(v);
	v->written_ns = clock_monotonic_ns();
	if (v->error < 0) {
		v->outcome = VICTIM_FAILED;
		return;
	}
	if (!v->profile) {
		v->outcome = why_not(v);
		return;
	}
	if (v->rate <= 0) {
		/* After it was switched on from outside, only the program can have done that. */
		v->outcome = off_by_linker(v) ? VICTIM_OFF_LINKER : VICTIM_OFF_RATE;
		return;
	}
	if (!v->buckets.read && (!v->ended || v->buckets.unreadable)) {
		v->outcome = why_nothing(v);
		return;
	}
	v->error = write_file(v, directory);
	v->outcome = v->error < 0 ? VICTIM_FAILED : VICTIM_WRITTEN;
	v->written_ns = clock_monotonic_ns();
}
