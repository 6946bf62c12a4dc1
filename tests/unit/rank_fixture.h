/* A small machine, made by hand. */
#pragma once

#include "rank/rank_view.h"

#define MIB_PAGES UINT64_C(256) /* of 4 KiB */
#define GIB (UINT64_C(1) << 30)

enum { P_INIT, P_THREAD, P_SSHD, P_DB, P_SHOP, P_HELPER, P_TWIN, P_BATCH, P_AGENT, P_SHELL, P_ALL };

static inline struct machine_process fixture_process(uint32_t pid, const char *comm, uint64_t mib,
						     int adj, uint32_t cgroup)
{
	struct machine_process p = {
		.task = {.pid = pid,
			 .parent_pid = 1,
			 .uid = 1000,
			 .oom_score_adj = adj,
			 .threads = 1,
			 .start_ns = pid * UINT64_C(1000000000),
			 .mm = mib ? pid : 0,
			 .anon_pages = mib * MIB_PAGES,
			 .pgtables_bytes = mib * 4096,
			 .policy_mode = -1},
		.cgroup = cgroup,
		.oom_score = -1,
	};

	strncpy(p.task.comm, comm, sizeof(p.task.comm));
	return p;
}

/* Freed by machine_free(), if the library has one for machines from elsewhere: all is allocated. */
static inline struct machine *fixture_machine(void)
{
	struct machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->time_ns = UINT64_C(1795351407123000000);
	m->boottime_ns = UINT64_C(4000000000000);
	m->page_bytes = 4096;
	m->memory = (struct meminfo){4 * GIB, GIB, GIB, GIB / 2};
	m->pressure.some.avg10 = 1.5;
	m->pressure.full.avg10 = 0.25;
	m->has_pressure = true;
	strcpy(m->loadavg, "0.33 1.04 12.50 3/282 13724");
	m->cgroup_version = 2;
	m->exact = true;
	m->nodes = 1;
	m->n_cgroups = 3;
	m->cgroups = calloc(m->n_cgroups, sizeof(*m->cgroups));
	m->n_processes = P_ALL;
	m->processes = calloc(P_ALL, sizeof(*m->processes));
	assert_non_null(m->cgroups);
	assert_non_null(m->processes);
	m->cgroups[0] = (struct machine_cgroup){.path = strdup("/"), .parent = MACHINE_NONE};
	m->cgroups[1] = (struct machine_cgroup){.path = strdup("/shop"),
						.limit_bytes = GIB,
						.usage_bytes = GIB / 2,
						.has_swap_limit = true};
	m->cgroups[2] = (struct machine_cgroup){
		.path = strdup("/shop/a cgroup whose name is long enough to be cut in the table"),
		.parent = 1,
		.kills_group = true};
	m->processes[P_INIT] = fixture_process(1, "systemd", 12, 0, 0);
	m->processes[P_INIT].task.flags = OOMRANK_INIT;
	m->processes[P_THREAD] = fixture_process(2, "kthreadd", 0, 0, 0);
	m->processes[P_THREAD].task.flags = OOMRANK_KERNEL_THREAD;
	m->processes[P_SSHD] = fixture_process(612, "sshd", 6, -1000, 0);
	m->processes[P_DB] = fixture_process(1043, "postgres\033[31m", 600, -1000, 0);
	m->processes[P_SHOP] = fixture_process(2001, "shop", 300, 100, 2);
	m->processes[P_HELPER] = fixture_process(2002, "helper", 20, 0, 2);
	m->processes[P_TWIN] = fixture_process(2003, "twin", 300, 0, 2);
	m->processes[P_TWIN].task.mm = 2001;
	m->processes[P_BATCH] = fixture_process(3001, "batch", 200, 0, 0);
	m->processes[P_AGENT] = fixture_process(3002, "agent", 100, -50, 0);
	m->processes[P_SHELL] = fixture_process(3003, "bash", 3, 0, 0);
	m->processes[P_SHOP].command_line = strdup("/usr/bin/shop --serve 'all of it'");
	return m;
}
