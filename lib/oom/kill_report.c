#include "oom/kill_report.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "oom/container_report.h"
#include "oom/domain.h"
#include "output/human.h"
#include "proc/cgroup.h"
#include "proc/clock.h"

static void comm(struct strbuf *out, const char name[OOMKILL_COMM_SIZE])
{
	text_display(out, name, strnlen(name, OOMKILL_COMM_SIZE));
}

int kill_report_line(const struct oomkill_event *e, const struct loadavg *load, bool date,
		     struct strbuf *out)
{
	human_time(out, clock_realtime_at(e->time_ns), date);
	strbuf_printf(out, " Triggered by PID %u (\"", e->trigger_pid);
	comm(out, e->trigger_comm);
	strbuf_printf(out, "\"), OOM kill of PID %u (\"", e->victim_pid);
	comm(out, e->victim_comm);
	strbuf_puts(out, "\"), ");
	if (e->flags & OOMKILL_HAS_CONTROL)
		strbuf_printf(out, "%" PRIu64, (uint64_t)e->totalpages);
	else
		strbuf_puts(out, "n/a");
	strbuf_printf(out, " pages, loadavg: %s\n", load->text);
	return strbuf_error(out);
}

static void put_pages(struct json_writer *w, const char *key, uint64_t pages)
{
	json_writer_uint(w, key, pages * (uint64_t)sysconf(_SC_PAGESIZE));
}

static void put_comm(struct json_writer *w, const char *key, const char name[OOMKILL_COMM_SIZE])
{
	json_writer_text(w, key, name, strnlen(name, OOMKILL_COMM_SIZE));
}

static void put_victim(const struct oomkill_event *e, struct json_writer *w)
{
	_cleanup_strbuf_ struct strbuf path = {0};

	json_writer_uint(w, "victim_pid", e->victim_pid);
	json_writer_uint(w, "victim_tid", e->victim_tid);
	put_comm(w, "victim_comm", e->victim_comm);
	json_writer_uint(w, "victim_uid", e->victim_uid);
	json_writer_int(w, "victim_oom_score_adj", e->oom_score_adj);
	put_pages(w, "victim_anon_bytes", e->anon_pages);
	put_pages(w, "victim_file_bytes", e->file_pages);
	put_pages(w, "victim_shmem_bytes", e->shmem_pages);
	put_pages(w, "victim_swap_bytes", e->swap_pages);
	json_writer_uint(w, "victim_pgtables_bytes", e->pgtables_bytes);
	put_pages(w, "victim_virtual_bytes", e->total_vm_pages);
	if (e->victim_memcg_id && cgroup_path(e->victim_memcg_id, &path) == 0)
		json_writer_string(w, "victim_memcg_path", strbuf_text(&path));
	else
		json_writer_null(w, "victim_memcg_path");
	json_writer_uint(w, "victim_memcg_inode", e->victim_memcg_id);
	json_writer_bool(w, "group_member", e->flags & OOMKILL_GROUP_MEMBER);
	if (e->victim_pid_in_namespace)
		json_writer_uint(w, "victim_pid_in_namespace", e->victim_pid_in_namespace);
	else
		json_writer_null(w, "victim_pid_in_namespace");
}

static int put_victim_container(const struct oomkill_event *e, struct json_writer *w)
{
	_cleanup_strbuf_ struct strbuf path = {0};

	if (!e->victim_memcg_id || cgroup_path(e->victim_memcg_id, &path) < 0)
		strbuf_reset(&path);
	return container_report_json("victim_", strbuf_text(&path), w);
}

static int put_domain(const struct oomkill_event *e, struct json_writer *w)
{
	static const char *const unknown[] = {"domain_pages", "domain_bytes",  "gfp_mask",
					      "order",	      "victim_points", "memcg_path",
					      "memcg_inode"};
	struct oom_domain domain;
	int r = oom_domain_of(e, &domain);

	if (r < 0)
		return r;
	json_writer_string(w, "domain", domain.kind);
	if (e->flags & OOMKILL_HAS_CONTROL) {
		json_writer_uint(w, "domain_pages", e->totalpages);
		json_writer_uint(w, "domain_bytes", domain.limit_bytes);
		json_writer_uint(w, "gfp_mask", e->gfp_mask);
		json_writer_int(w, "order", e->order);
		json_writer_int(w, "victim_points", e->points);
		if (domain.path.length)
			json_writer_text(w, "memcg_path", domain.path.data, domain.path.length);
		else
			json_writer_null(w, "memcg_path");
		json_writer_uint(w, "memcg_inode", e->memcg_id);
	} else {
		for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
			json_writer_null(w, unknown[i]);
	}
	r = container_report_json("domain_", strbuf_text(&domain.path), w);
	oom_domain_clear(&domain);
	return r;
}

static void put_time(const struct oomkill_event *e, struct json_writer *w)
{
	_cleanup_strbuf_ struct strbuf time = {0};

	human_time_utc(&time, clock_realtime_at(e->time_ns));
	json_writer_string(w, "time", strbuf_text(&time));
	json_writer_uint(w, "kernel_time_ns", e->time_ns);
}

void kill_report_victim_json(const struct oomkill_event *e, const struct loadavg *load,
			     struct json_writer *w)
{
	put_time(e, w);
	put_victim(e, w);
	json_writer_string(w, "loadavg", load->text);
}

int kill_report_json(const struct oomkill_event *e, const struct loadavg *load,
		     struct json_writer *w)
{
	int r;

	put_time(e, w);
	json_writer_uint(w, "trigger_pid", e->trigger_pid);
	json_writer_uint(w, "trigger_tid", e->trigger_tid);
	put_comm(w, "trigger_comm", e->trigger_comm);
	put_victim(e, w);
	json_writer_string(w, "loadavg", load->text);
	r = put_domain(e, w);
	return r < 0 ? r : put_victim_container(e, w);
}
