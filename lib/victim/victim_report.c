#include "victim/victim_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "oom/kill_extras.h"
#include "oom/kill_gather.h"
#include "oom/kill_json.h"
#include "oom/kill_json_text.h"
#include "output/human.h"
#include "proc/clock.h"
#include "victim/runtime_report.h"
#include "victim/site_table.h"
#include "victim/victim_line.h"
#include "victim/victim_sites.h"

static const char *const killers[] = {
	[OOMPROF_SENT_BY_OOM] = "oom_killer",
	[OOMPROF_SENT_BY_PROCESS] = "signal",
	[OOMPROF_SENT_BY_KERNEL] = "kernel",
};

/* What the user reads where there is no profile, and what to do about it. */
static const char *const reasons[] = {
	[VICTIM_NOT_GO] = "not a Go program: no heap profile",
	[VICTIM_UNKNOWN] = "gone before its executable could be looked into: no heap profile",
	[VICTIM_OFF_LINKER] =
		"a Go program with memory profiling switched off (MemProfileRate 0): no heap "
		"profile; the linker does that when nothing refers to the profile: import "
		"runtime/pprof and refer to pprof.Lookup, or import net/http/pprof; or let "
		"oomprof switch it on (--enable-profiling)",
	[VICTIM_OFF_RATE] = "a Go program that has set runtime.MemProfileRate to 0: no heap "
			    "profile; leave the rate alone",
	[VICTIM_MISSED] = "ended before its memory could be read: no heap profile",
	[VICTIM_SWAPPED] = "its memory was swapped out when it was killed, and nobody can read it "
			   "then: no heap profile",
};

/* NULL: there is a profile, or it could not be written. */
static const char *reason_of(const struct victim *v)
{
	if (victim_line_has_file(v->outcome))
		return NULL;
	if (v->outcome == VICTIM_NOT_FOUND)
		return v->binary->reason;
	if (v->outcome == VICTIM_MISSED && victim_reaped(v))
		return "took more than 2 seconds to end, and the kernel had taken its memory back "
		       "before: no heap profile";
	if (v->outcome == VICTIM_MISSED && victim_start_unreadable(v))
		return "what leads to its heap profile was not in memory when it ended: no heap "
		       "profile";
	return reasons[v->outcome];
}

static const char *version_of(const struct victim *v)
{
	if (!v->binary || !v->binary->binary || !*v->binary->binary->version)
		return NULL;
	return v->binary->binary->version;
}

static uint64_t when(const struct victim *v)
{
	return v->killed_ns ? clock_realtime_at(v->killed_ns) : clock_realtime_ns();
}

/* Only what is needed of a file's: of the others there may be no binary. */
static void fill_numbers(const struct victim *v, struct victim_line *ret)
{
	const struct heap_totals *t = victim_totals(v);

	ret->inuse_bytes = t->inuse_bytes;
	ret->inuse_objects = t->inuse_objects;
	ret->sites = t->sites;
	ret->buckets = v->buckets;
	ret->enabled = v->enabled.at_ns;
	ret->enabled_after_ms = v->enabled.after_ns / 1000000;
	ret->beginning_missing = !v->enabled.at_ns && v->binary->kind == BINARY_OFF;
}

static void fill_line(const struct victim *v, struct victim_line *ret)
{
	*ret = (struct victim_line){
		.time_ns = when(v),
		.pid = v->process.pid,
		.pid_in_namespace = v->kill.victim_pid_in_namespace,
		.comm = v->comm,
		.by_oom = victim_of_oom(v),
		.version = version_of(v),
		.outcome = v->outcome,
		.reason = v->outcome == VICTIM_FAILED ? strerror(-v->error) : reason_of(v),
		.summed = v->summed,
		.timed = v->killed_ns,
		.ms = (v->written_ns - v->killed_ns) / 1000000,
		.removed_files = v->removed.files,
		.file_name = strbuf_text(&v->file_name),
		.more = &v->more,
	};
	if (v->killed && !ret->by_oom) {
		ret->killer_pid = v->kill.trigger_pid;
		ret->killer_comm = v->kill.trigger_comm;
		ret->killer_size = strnlen(v->kill.trigger_comm, OOMKILL_COMM_SIZE);
	}
	if (v->summed)
		fill_numbers(v, ret);
}

static void put_runtime(const struct victim *v, bool details, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf lines = {0};

	runtime_report_advice(v, &lines);
	if (details)
		runtime_report_details(v, &lines);
	for (const char *line = strbuf_text(&lines), *end; *line; line = end + 1) {
		end = strchrnul(line, '\n');
		strbuf_printf(out, "  %.*s\n", (int)(end - line), line);
	}
}

void victim_report_sites(const struct heap_totals *totals, const struct heap_site *sites, size_t n,
			 const struct victim_report_options *options, struct strbuf *out)
{
	const struct site_table_options table = {(size_t)options->rows, options->line_width,
						 options->columns, options->sort};

	site_table(totals, sites, n, &table, out);
}

int victim_report_text(const struct victim *v, const struct victim_report_options *options,
		       struct strbuf *out)
{
	const struct heap_site *sites;
	size_t n = victim_sites(v, &sites);
	struct victim_line line;

	fill_line(v, &line);
	victim_line_text(&line, options->date, out);
	put_runtime(v, options->details, out);
	if (v->summed)
		victim_report_sites(victim_totals(v), sites, n, options, out);
	return strbuf_error(out);
}

/* Of those in use. */
static void put_json_since_gc(struct json_writer *w, bool known, int64_t bytes, int64_t objects)
{
	if (known) {
		json_writer_int(w, "inuse_since_gc_bytes", bytes);
		json_writer_int(w, "inuse_since_gc_objects", objects);
	} else {
		json_writer_null(w, "inuse_since_gc_bytes");
		json_writer_null(w, "inuse_since_gc_objects");
	}
}

static void put_json_site(struct json_writer *w, const struct heap_site *site, bool since_gc_known)
{
	json_writer_begin_element(w, "top");
	json_writer_string(w, "function", site->frame.function);
	json_writer_string(w, "file", site->frame.file);
	json_writer_uint(w, "line", site->frame.line);
	json_writer_int(w, "inuse_bytes", site->inuse_bytes);
	json_writer_int(w, "inuse_objects", site->inuse_objects);
	json_writer_int(w, "alloc_bytes", site->alloc_bytes);
	json_writer_int(w, "alloc_objects", site->alloc_objects);
	put_json_since_gc(w, since_gc_known, site->since_gc_bytes, site->since_gc_objects);
	json_writer_end_element(w);
}

static void put_json_enabled(const struct victim *v, struct json_writer *w)
{
	_cleanup_strbuf_ struct strbuf time = {0};

	if (v->enabled.at_ns) {
		human_time_utc(&time, clock_realtime_at(v->enabled.at_ns));
		json_writer_string(w, "profiling_enabled_time", strbuf_text(&time));
		json_writer_uint(w, "profiling_enabled_after_ms", v->enabled.after_ns / 1000000);
	} else {
		json_writer_null(w, "profiling_enabled_time");
		json_writer_null(w, "profiling_enabled_after_ms");
	}
	json_writer_bool(w, "profiled_from_start",
			 !v->enabled.at_ns && v->binary->kind != BINARY_OFF);
}

/* The reasons for which nobody knows how many are missing; as put_numbers() of victim_line.c. */
static void put_json_not_reached(const struct victim_buckets *b, struct json_writer *w)
{
	if (!b->more && b->unreadable && b->heads_unread)
		json_writer_null(w, "buckets_not_reached");
	else
		json_writer_bool(w, "buckets_not_reached", b->more);
}

static void put_json_profile(const struct victim *v, struct json_writer *w)
{
	const struct heap_totals *t = victim_totals(v);
	const struct victim_buckets *b = &v->buckets;

	json_writer_int(w, "mem_profile_rate_bytes", v->rate);
	put_json_enabled(v, w);
	json_writer_int(w, "inuse_bytes", t->inuse_bytes);
	json_writer_int(w, "inuse_objects", t->inuse_objects);
	json_writer_int(w, "alloc_bytes", t->alloc_bytes);
	json_writer_int(w, "alloc_objects", t->alloc_objects);
	put_json_since_gc(w, t->since_gc_known, t->since_gc_bytes, t->since_gc_objects);
	json_writer_uint(w, "sites", t->sites);
	json_writer_uint(w, "buckets_read", b->read);
	json_writer_uint(w, "buckets_cut", b->cut);
	json_writer_uint(w, "buckets_unreadable", b->unreadable);
	json_writer_uint(w, "buckets_lost", b->lost);
	json_writer_uint(w, "buckets_damaged", b->damaged);
	put_json_not_reached(b, w);
	json_writer_bool(w, "walk_complete", !b->more && !b->unreadable && !b->lost && !b->damaged);
	json_writer_uint(w, "walk_threads", v->walk.threads);
	json_writer_uint(w, "walk_longest_hold_us", v->walk.longest_ns / 1000);
	json_writer_uint(w, "walk_us", v->walk.total_ns / 1000);
}

static void put_json_file(const struct victim *v, struct json_writer *w)
{
	if (v->killed_ns)
		json_writer_uint(w, "kill_to_file_us", (v->written_ns - v->killed_ns) / 1000);
	else
		json_writer_null(w, "kill_to_file_us");
	kill_json_put_text(w, "file", strbuf_text(&v->file_name));
	json_writer_uint(w, "removed_files", v->removed.files);
	json_writer_uint(w, "removed_bytes", v->removed.bytes);
}

static void put_json_sites(const struct victim *v, uint64_t rows, struct json_writer *w)
{
	const struct heap_site *sites;
	size_t n = victim_sites(v, &sites);

	for (size_t i = 0; i < n && i < rows; i++)
		put_json_site(w, &sites[i], victim_totals(v)->since_gc_known);
}

/* What holds of a victim whoever has killed it; then what only the OOM killer knows. */
static const char *const victim_keys[] = {
	"time",
	"kernel_time_ns",
	"victim_pid",
	"victim_tid",
	"victim_comm",
	"victim_uid",
	"victim_oom_score_adj",
	"victim_anon_bytes",
	"victim_file_bytes",
	"victim_shmem_bytes",
	"victim_swap_bytes",
	"victim_pgtables_bytes",
	"victim_virtual_bytes",
	"victim_memcg_path",
	"victim_memcg_inode",
	"victim_pid_in_namespace",
	"loadavg",
	NULL,
};
static const char *const oom_keys[] = {
	"trigger_pid",
	"trigger_tid",
	"trigger_comm",
	"domain",
	"domain_pages",
	"domain_bytes",
	"gfp_mask",
	"order",
	"victim_points",
	"memcg_path",
	"memcg_inode",
	"domain_container_id",
	"domain_container_runtime",
	"domain_container_name",
	"domain_outer_container_id",
	"domain_pod_uid",
	"domain_pod_name",
	"domain_pod_namespace",
	"domain_pod_qos",
	"domain_unit",
	"victim_container_id",
	"victim_container_runtime",
	"victim_container_name",
	"victim_outer_container_id",
	"victim_pod_uid",
	"victim_pod_name",
	"victim_pod_namespace",
	"victim_pod_qos",
	"victim_unit",
	NULL,
};

static int put_json_kill(const struct victim *v, struct json_writer *w)
{
	_cleanup_kill_ struct kill *k = kill_new();
	int r = k ? kill_gather_event(k, &v->kill) : -ENOMEM;

	if (r == 0)
		r = kill_gather_loadavg(k, &v->load);
	if (r == 0 && victim_of_oom(v))
		r = kill_gather_containers(k, "");
	if (r < 0)
		return r;
	kill_json_some(k, victim_keys, w);
	json_writer_bool(w, "group_member", v->kill.flags & OOMKILL_GROUP_MEMBER);
	if (victim_of_oom(v))
		kill_json_some(k, oom_keys, w);
	return 0;
}

static void put_json_sender(const struct oomkill_event *kill, struct json_writer *w)
{
	char comm[OOMKILL_COMM_SIZE + 1] = {0};

	memcpy(comm, kill->trigger_comm, OOMKILL_COMM_SIZE);
	json_writer_uint(w, "sender_pid", kill->trigger_pid);
	json_writer_uint(w, "sender_tid", kill->trigger_tid);
	kill_json_put_text(w, "sender_comm", comm);
}

/* All that is in an object beside what is in a kill's, and what runtime_report_json() puts. */
static const char *const own_keys[] = {
	"group_member",
	"sender_pid",
	"sender_tid",
	"sender_comm",
	"sender_comm_hex",
	"time",
	"killed_by",
	"pid",
	"pid_in_namespace",
	"comm",
	"comm_hex",
	"outcome",
	"reason",
	"go_version",
	"mem_profile_rate_bytes",
	"profiling_enabled_time",
	"profiling_enabled_after_ms",
	"profiled_from_start",
	"inuse_bytes",
	"inuse_objects",
	"alloc_bytes",
	"alloc_objects",
	"inuse_since_gc_bytes",
	"inuse_since_gc_objects",
	"sites",
	"buckets_read",
	"buckets_cut",
	"buckets_unreadable",
	"buckets_lost",
	"buckets_damaged",
	"buckets_not_reached",
	"walk_complete",
	"walk_threads",
	"walk_longest_hold_us",
	"walk_us",
	"kill_to_file_us",
	"file",
	"file_hex",
	"removed_files",
	"removed_bytes",
	"top",
	"error",
	"cgroup_limit_bytes",
};

bool victim_report_has_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_keys); i++)
		if (!strcmp(name, own_keys[i]))
			return true;
	return !strncmp(name, "go_", 3) || kill_key_is_ours(name);
}

int victim_report_json(const struct victim *v, const struct victim_report_options *options,
		       struct json_writer *w)
{
	_cleanup_strbuf_ struct strbuf time = {0};
	int r = 0;

	if (v->killed)
		r = put_json_kill(v, w);
	if (v->killed && !victim_of_oom(v)) {
		put_json_sender(&v->kill, w);
	} else if (!v->killed) {
		human_time_utc(&time, when(v));
		json_writer_string(w, "time", strbuf_text(&time));
	}
	json_writer_string(w, "killed_by", v->killed ? killers[v->sent] : NULL);
	json_writer_uint(w, "pid", v->process.pid);
	if (v->kill.victim_pid_in_namespace)
		json_writer_uint(w, "pid_in_namespace", v->kill.victim_pid_in_namespace);
	else
		json_writer_null(w, "pid_in_namespace");
	kill_json_put_text(w, "comm", v->comm);
	json_writer_string(w, "outcome", victim_outcome_name(v->outcome));
	json_writer_string(w, "reason", reason_of(v));
	json_writer_string(w, "go_version", version_of(v));
	runtime_report_json(v, w);
	if (v->summed)
		put_json_profile(v, w);
	if (victim_line_has_file(v->outcome))
		put_json_file(v, w);
	if (v->summed)
		put_json_sites(v, options->rows, w);
	kill_extras_json(&v->more, w);
	json_writer_string(w, "error", v->outcome == VICTIM_FAILED ? strerror(-v->error) : NULL);
	return r;
}
