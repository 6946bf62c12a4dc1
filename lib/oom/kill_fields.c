/* Every fact of a kill: its key, its type, where it is. Their order is that of the JSON members. */
#include "base/macro.h"
#include "oom/kill.h"

#define FIELD(type, owner, member)                            \
	{                                                     \
#member, type, offsetof(struct owner, member) \
	}
#define AS(key, type, owner, member)                      \
	{                                                 \
		key, type, offsetof(struct owner, member) \
	}
#define TABLE(prefix, fields, offset)                      \
	{                                                  \
		prefix, fields, ARRAY_SIZE(fields), offset \
	}

static const struct kill_field time_fields[] = {
	AS("time", KILL_TIME, kill, time_ns),
	FIELD(KILL_UINT, kill, kernel_time_ns),
};

static const struct kill_field trigger_fields[] = {
	FIELD(KILL_UINT, kill_process, pid),	      FIELD(KILL_UINT, kill_process, tid),
	FIELD(KILL_TEXT, kill_process, comm),	      FIELD(KILL_UINT, kill_process, uid),
	FIELD(KILL_TEXT, kill_process, command_line), FIELD(KILL_UINT, kill_process, age_ns),
	FIELD(KILL_INT, kill_process, oom_score_adj), FIELD(KILL_UINT, kill_process, rss_bytes),
	FIELD(KILL_UINT, kill_process, swap_bytes),   FIELD(KILL_TEXT, kill_process, memcg_path),
	FIELD(KILL_UINT, kill_process, memcg_inode),
};

static const struct kill_field process_fields[] = {
	FIELD(KILL_UINT, kill_process, pid),
	FIELD(KILL_UINT, kill_process, tid),
	FIELD(KILL_UINT, kill_process, pid_in_namespace),
	FIELD(KILL_TEXT, kill_process, comm),
	FIELD(KILL_UINT, kill_process, uid),
	FIELD(KILL_TEXT, kill_process, command_line),
	FIELD(KILL_BOOL, kill_process, command_line_cut),
	FIELD(KILL_UINT, kill_process, parent_pid),
	FIELD(KILL_TEXT, kill_process, parent_comm),
	FIELD(KILL_UINT, kill_process, age_ns),
	FIELD(KILL_UINT, kill_process, threads),
	FIELD(KILL_INT, kill_process, oom_score_adj),
	FIELD(KILL_UINT, kill_process, rss_bytes),
	FIELD(KILL_UINT, kill_process, anon_bytes),
	FIELD(KILL_UINT, kill_process, file_bytes),
	FIELD(KILL_UINT, kill_process, shmem_bytes),
	FIELD(KILL_UINT, kill_process, swap_bytes),
	FIELD(KILL_UINT, kill_process, pgtables_bytes),
	FIELD(KILL_UINT, kill_process, peak_rss_bytes),
	FIELD(KILL_UINT, kill_process, locked_bytes),
	FIELD(KILL_UINT, kill_process, virtual_bytes),
	FIELD(KILL_TEXT, kill_process, memcg_path),
	FIELD(KILL_UINT, kill_process, memcg_inode),
};

static const struct kill_field container_fields[] = {
	AS("container_id", KILL_TEXT, kill_container, id),
	AS("container_runtime", KILL_TEXT, kill_container, runtime),
	AS("container_name", KILL_TEXT, kill_container, name),
	AS("outer_container_id", KILL_TEXT, kill_container, outer_id),
	FIELD(KILL_TEXT, kill_container, pod_uid),
	FIELD(KILL_TEXT, kill_container, pod_name),
	FIELD(KILL_TEXT, kill_container, pod_namespace),
	FIELD(KILL_TEXT, kill_container, pod_qos),
	FIELD(KILL_TEXT, kill_container, unit),
};

static const struct kill_field allocation_fields[] = {
	AS("victim_was_dying", KILL_BOOL, kill, was_dying),
	AS("victim_points", KILL_INT, kill, points),
	FIELD(KILL_UINT, kill, gfp_mask),
	FIELD(KILL_TEXT, kill, gfp_flags),
	FIELD(KILL_INT, kill, order),
};

static const struct kill_field domain_fields[] = {
	AS("domain", KILL_TEXT, kill_domain, kind),
	AS("domain_pages", KILL_UINT, kill_domain, pages),
	AS("domain_bytes", KILL_UINT, kill_domain, bytes),
	AS("domain_nodes", KILL_TEXT, kill_domain, nodes),
	FIELD(KILL_TEXT, kill_domain, memcg_path),
	FIELD(KILL_UINT, kill_domain, memcg_inode),
	FIELD(KILL_UINT, kill_domain, memcg_version),
	FIELD(KILL_UINT, kill_domain, memcg_limit_bytes),
	FIELD(KILL_UINT, kill_domain, memcg_usage_bytes),
	FIELD(KILL_UINT, kill_domain, memcg_failcnt),
	FIELD(KILL_UINT, kill_domain, memcg_swap_limit_bytes),
	FIELD(KILL_UINT, kill_domain, memcg_swap_usage_bytes),
	FIELD(KILL_UINT, kill_domain, memcg_oom_events),
	FIELD(KILL_UINT, kill_domain, memcg_oom_kill_events),
};

static const struct kill_field machine_fields[] = {
	FIELD(KILL_TEXT, kill_machine, loadavg),
	AS("psi_some_avg10_percent", KILL_SHARE, kill_machine, pressure_some_avg10),
	AS("psi_some_avg60_percent", KILL_SHARE, kill_machine, pressure_some_avg60),
	AS("psi_some_avg300_percent", KILL_SHARE, kill_machine, pressure_some_avg300),
	AS("psi_full_avg10_percent", KILL_SHARE, kill_machine, pressure_full_avg10),
	AS("psi_full_avg60_percent", KILL_SHARE, kill_machine, pressure_full_avg60),
	AS("psi_full_avg300_percent", KILL_SHARE, kill_machine, pressure_full_avg300),
	AS("machine_total_bytes", KILL_UINT, kill_machine, total_bytes),
	AS("machine_available_bytes", KILL_UINT, kill_machine, available_bytes),
	AS("machine_swap_total_bytes", KILL_UINT, kill_machine, swap_total_bytes),
	AS("machine_swap_free_bytes", KILL_UINT, kill_machine, swap_free_bytes),
	FIELD(KILL_TEXT, kill_machine, kernel_release),
	FIELD(KILL_TEXT, kill_machine, hostname),
};

static const struct kill_field course_fields[] = {
	AS("signalled_after_ns", KILL_UINT, kill_course, signalled_ns),
	AS("reaped_after_ns", KILL_UINT, kill_course, reaped_ns),
	AS("exited_after_ns", KILL_UINT, kill_course, exited_ns),
	AS("freed_after_ns", KILL_UINT, kill_course, freed_ns),
	FIELD(KILL_UINT, kill_course, reaped_bytes),
	FIELD(KILL_UINT, kill_course, freed_bytes),
	AS("memcg_usage_after_bytes", KILL_UINT, kill_course, memcg_usage_bytes),
	AS("is_over", KILL_BOOL, kill_course, complete),
};

static const struct kill_field why_fields[] = {
	FIELD(KILL_TEXT, kill_member, why),
};

#define VICTIM_CONTAINER offsetof(struct kill, victim.container)
#define DOMAIN_CONTAINER offsetof(struct kill, domain.container)

const struct kill_table kill_tables[] = {
	TABLE("", time_fields, 0),
	TABLE("trigger_", trigger_fields, offsetof(struct kill, trigger)),
	TABLE("victim_", process_fields, offsetof(struct kill, victim)),
	TABLE("victim_", container_fields, VICTIM_CONTAINER),
	TABLE("", allocation_fields, 0),
	TABLE("", domain_fields, offsetof(struct kill, domain)),
	TABLE("domain_", container_fields, DOMAIN_CONTAINER),
	TABLE("", machine_fields, offsetof(struct kill, machine)),
	TABLE("", course_fields, offsetof(struct kill, course)),
};
const size_t kill_tables_count = ARRAY_SIZE(kill_tables);

const struct kill_table kill_container_table =
	TABLE("", container_fields, offsetof(struct kill_process, container));

const struct kill_table kill_process_tables[] = {
	TABLE("", process_fields, 0),
	TABLE("", container_fields, offsetof(struct kill_process, container)),
};
const size_t kill_process_tables_count = ARRAY_SIZE(kill_process_tables);

const struct kill_table kill_member_tables[] = {
	TABLE("", why_fields, 0),
	TABLE("", process_fields, offsetof(struct kill_member, process)),
	TABLE("", container_fields, offsetof(struct kill_member, process.container)),
};
const size_t kill_member_tables_count = ARRAY_SIZE(kill_member_tables);
