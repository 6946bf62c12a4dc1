/* The OOM killer's choice, of made-up machines. */
#include "unit/unit.h"

#include <errno.h>

#include "rank/ranking.h"

#define GIB (UINT64_C(1) << 30)

/* A machine of 4 GiB with 1 GiB of swap: 1310720 pages. */
struct made {
	struct machine m;
	struct machine_process processes[16];
	struct machine_cgroup cgroups[16];
};

static void make(struct made *made, int version)
{
	*made = (struct made){0};
	made->m.page_bytes = 4096;
	made->m.memory = (struct meminfo){4 * GIB, GIB, GIB, GIB};
	made->m.cgroup_version = version;
	made->m.nodes = 3;
	made->m.node_bytes[0] = 3 * GIB;
	made->m.node_bytes[1] = GIB;
	made->m.processes = made->processes;
	made->m.cgroups = made->cgroups;
	made->m.n_cgroups = 1;
	made->cgroups[0] = (struct machine_cgroup){.path = (char *)"/", .parent = MACHINE_NONE};
}

/* A process with so many anonymous pages, in cgroup 0. */
static struct machine_process *add(struct made *made, uint32_t pid, uint64_t pages, int adj)
{
	struct machine_process *p = &made->processes[made->m.n_processes];

	*p = (struct machine_process){
		.task = {.pid = pid,
			 .anon_pages = pages,
			 .oom_score_adj = adj,
			 .mm = 0x1000 + pid,
			 .memory_nodes = 3,
			 .policy_mode = -1,
			 .policy_nodes = OOMRANK_UNKNOWN},
		.cgroup_order = (uint32_t)made->m.n_processes++,
		.oom_score = -1,
	};
	return p;
}

static struct machine_cgroup *add_cgroup(struct made *made, const char *path, uint32_t parent)
{
	struct machine_cgroup *c = &made->cgroups[made->m.n_cgroups++];

	*c = (struct machine_cgroup){.path = (char *)path, .parent = parent};
	return c;
}

/*
 * The rows in words, as "kill 5, with 6 shares its memory, skip 1 init": pid, and a reason where
 * there is one.
 */
static void expect(struct made *made, const struct domain *d, enum ranking_outcome outcome,
		   const char *words)
{
	_cleanup_strbuf_ struct strbuf told = {0};
	struct ranking r;

	assert_int_equal(ranking_of(&made->m, d, &r), 0);
	for (size_t i = 0; i < r.n_rows; i++) {
		const char *reason = ranking_reason_text(r.rows[i].reason);

		strbuf_printf(&told, "%s%s %u%s%s", i ? ", " : "",
			      ranking_verdict_name(r.rows[i].verdict),
			      made->processes[r.rows[i].process].task.pid, *reason ? " " : "",
			      reason);
	}
	assert_string_equal(strbuf_text(&told), words);
	assert_int_equal(r.outcome, outcome);
	ranking_clear(&r);
}

static void expect_of_machine(struct made *made, enum ranking_outcome outcome, const char *words)
{
	struct domain d;

	domain_of_machine(&made->m, &d);
	expect(made, &d, outcome, words);
}

static void points(void **state)
{
	struct made made;
	struct machine_process *p;
	enum ranking_reason reason;
	int64_t adj;

	(void)state;
	make(&made, 2);
	p = add(&made, 5, 100, 0);
	p->task.file_pages = 20;
	p->task.shmem_pages = 3;
	p->task.swap_pages = 1000;
	p->task.pgtables_bytes = 5 * 4096 + 4095; /* a part of a page counts nothing */
	assert_int_equal(ranking_badness(&made.m, p, 999, &adj, &reason), 1128);
	assert_int_equal(adj, 0);
	/* The total is divided first: below 1000 pages nothing is adjusted. */
	p->task.oom_score_adj = 1000;
	assert_int_equal(ranking_badness(&made.m, p, 999, &adj, &reason), 1128);
	assert_int_equal(ranking_badness(&made.m, p, 1999, &adj, &reason), 2128);
	p->task.oom_score_adj = -999;
	assert_int_equal(ranking_badness(&made.m, p, 1310720, &adj, &reason), 1128 - 999 * 1310);
	assert_int_equal(adj, -999 * 1310);
	p->task.oom_score_adj = -1000;
	assert_true(ranking_badness(&made.m, p, 1310720, &adj, &reason) == INT64_MIN);
	assert_int_equal(reason, RANKING_EXEMPT);
}

/* proc_oom_score(): three roundings. */
static void oom_score(void **state)
{
	static const struct {
		int64_t points;
		uint64_t total;
		int32_t score;
	} cases[] = {
		{0, 1000, 666},	      {1, 1000, 667}, /* (1000 + 1) * 2 / 3 = 667.3 */
		{1000, 1000, 1333},   {2000, 1000, 2000}, {-999, 1000, 0},
		{-998, 1000, 1},      {-1, 1000, 666}, /* 999 * 2 / 3 */
		{-1, 2000, 666},		       /* -0.5 is 0 */
		{INT64_MIN, 1000, 0}, {5, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(ranking_oom_score(cases[i].points, cases[i].total),
				 cases[i].score);
}

static void reasons(void **state)
{
	struct made made;

	(void)state;
	make(&made, 2);
	add(&made, 1, 90, 0)->task.flags = OOMRANK_INIT;
	add(&made, 2, 0, 0)->task.flags = OOMRANK_KERNEL_THREAD | OOMRANK_NO_MEMORY;
	add(&made, 3, 80, -1000);
	add(&made, 4, 0, 0)->task.flags = OOMRANK_NO_MEMORY | OOMRANK_EXITING;
	add(&made, 5, 70, 0)->task.flags = OOMRANK_OOM_SKIP;
	add(&made, 6, 60, 0)->task.flags = OOMRANK_IN_VFORK;
	add(&made, 7, 50, 0);
	add(&made, 8, 0, 0)->unseen = true;
	add(&made, 9, 40, 0)->task.flags = OOMRANK_OOM_VICTIM | OOMRANK_OOM_SKIP;
	expect_of_machine(&made, RANKING_KILLS,
			  "skip 1 init, skip 3 oom_score_adj -1000, skip 5 its memory was reaped, "
			  "skip 6 in vfork, kill 7, skip 9 its memory was reaped, "
			  "skip 2 kernel thread, skip 4 has no memory any more, "
			  "skip 8 its numbers cannot be read");
	/* One that dies already: nobody else is killed meanwhile, wherever it stands. */
	made.processes[8].task.flags = OOMRANK_OOM_VICTIM;
	made.processes[8].task.oom_score_adj = -1000;
	expect_of_machine(&made, RANKING_WAITS,
			  "next 7, skip 1 init, skip 3 oom_score_adj -1000, "
			  "skip 5 its memory was reaped, skip 6 in vfork, "
			  "skip 9 an earlier victim, not gone yet, skip 2 kernel thread, "
			  "skip 4 has no memory any more, skip 8 its numbers cannot be read");
}

static void order(void **state)
{
	struct made made;
	struct domain d;
	struct ranking r;

	(void)state;
	make(&made, 2);
	for (uint32_t i = 0; i < 6; i++)
		add(&made, 10 + i, 100 + i % 3 * 10, 0);
	/* Of two with as many points the one that the kernel sees later. */
	expect_of_machine(&made, RANKING_KILLS,
			  "kill 15, next 12, next 14, next 11, rank 13, rank 10");
	domain_of_machine(&made.m, &d);
	assert_int_equal(ranking_of(&made.m, &d, &r), 0);
	assert_true(r.is_tied);
	assert_int_equal(r.rows[0].rank, 1);
	assert_int_equal(r.rows[5].rank, 6);
	ranking_clear(&r);
	made.processes[0].task.oom_score_adj = 1;
	expect_of_machine(&made, RANKING_KILLS,
			  "kill 10, next 15, next 12, next 14, rank 11, rank 13");
	made.processes[1].task.flags = OOMRANK_ORIGIN;
	made.processes[1].task.oom_score_adj = -1000;
	expect_of_machine(&made, RANKING_KILLS,
			  "kill 11 swapoff or KSM, before all others, next 10, next 15, next 12, "
			  "rank 14, rank 13");
}

static void shared_memory(void **state)
{
	struct made made;
	struct domain d;
	struct ranking r;

	(void)state;
	make(&made, 2);
	add(&made, 1, 5, 0)->task.flags = OOMRANK_INIT;
	add(&made, 5, 100, 0);
	add(&made, 6, 100, -1000)->task.mm = 0x1005;
	add(&made, 7, 100, 0)->task.mm = 0x1005;
	made.processes[3].task.flags = OOMRANK_KERNEL_THREAD;
	add(&made, 8, 50, 0);
	expect_of_machine(&made, RANKING_KILLS,
			  "kill 5, with 6 shares its memory, next 8, skip 7 kernel thread, "
			  "skip 1 init");
	domain_of_machine(&made.m, &d);
	assert_int_equal(ranking_of(&made.m, &d, &r), 0);
	assert_int_equal(r.dies, 2);
	assert_int_equal(r.frees_bytes, 100 * 4096);
	assert_int_equal(r.rows[0].frees_bytes, 100 * 4096);
	assert_int_equal(r.rows[1].frees_bytes, 0);
	ranking_clear(&r);
	/* Of memory that init has, too, nothing comes back. */
	made.processes[0].task.mm = 0x1005;
	assert_int_equal(ranking_of(&made.m, &d, &r), 0);
	assert_int_equal(r.dies, 2);
	assert_int_equal(r.frees_bytes, 0);
	ranking_clear(&r);
}

static void groups(void **state)
{
	struct made made;
	struct domain d;
	uint32_t shop, web;

	(void)state;
	make(&made, 2);
	shop = (uint32_t)made.m.n_cgroups;
	add_cgroup(&made, "/shop", 0)->kills_group = true;
	web = (uint32_t)made.m.n_cgroups;
	add_cgroup(&made, "/shop/web", shop)->kills_group = true;
	made.cgroups[web].limit_bytes = GIB;
	add(&made, 5, 100, 0)->cgroup = web;
	add(&made, 6, 10, 0)->cgroup = web;
	add(&made, 7, 20, -1000)->cgroup = web;
	add(&made, 8, 0, 0)->task.flags = OOMRANK_NO_MEMORY;
	made.processes[3].cgroup = web;
	add(&made, 9, 30, 0)->cgroup = shop;
	add(&made, 10, 5, 0)->task.mm = 0x1006; /* outside, with the memory of one that dies */
	expect_of_machine(&made, RANKING_KILLS,
			  "kill 5, with 9 memory.oom.group, with 6 memory.oom.group, "
			  "with 10 shares its memory, skip 7 oom_score_adj -1000, "
			  "skip 8 has no memory any more");
	/* Not above the domain. */
	assert_int_equal(domain_of_cgroup(&made.m, web, &d), 0);
	expect(&made, &d, RANKING_KILLS,
	       "kill 5, with 6 memory.oom.group, with 10 shares its memory, "
	       "skip 7 oom_score_adj -1000, skip 8 has no memory any more");
	/* One that exits anyway is only marked. */
	made.processes[0].task.flags = OOMRANK_EXITING;
	expect(&made, &d, RANKING_KILLS,
	       "kill 5, next 6, skip 7 oom_score_adj -1000, skip 8 has no memory any more");
	/* v1 has no such thing. */
	made.processes[0].task.flags = 0;
	made.m.cgroup_version = 1;
	expect(&made, &d, RANKING_KILLS,
	       "kill 5, next 6, skip 7 oom_score_adj -1000, skip 8 has no memory any more");
}

/* In a memory cgroup's domain its tree is walked, parents first. */
static void order_in_cgroups(void **state)
{
	struct made made;
	struct domain d;

	(void)state;
	make(&made, 2);
	add_cgroup(&made, "/a", 0)->limit_bytes = GIB;
	add_cgroup(&made, "/a/b", 1);
	add(&made, 5, 10, 0)->cgroup = 2;
	add(&made, 6, 10, 0)->cgroup = 1;
	add(&made, 7, 10, 0);
	assert_int_equal(domain_of_cgroup(&made.m, 2, &d), 0);
	assert_int_equal(d.cgroup, 1);
	expect(&made, &d, RANKING_KILLS, "kill 5, next 6");
	made.processes[0].cgroup = 1;
	expect(&made, &d, RANKING_KILLS, "kill 6, next 5");
	made.processes[1].cgroup_order = 0;
	made.processes[0].cgroup_order = 9;
	expect(&made, &d, RANKING_KILLS, "kill 5, next 6");
	made.cgroups[1].no_kill = true;
	expect(&made, &d, RANKING_DISABLED, "next 5, next 6");
}

static void outcomes(void **state)
{
	struct made made;
	struct domain d;

	(void)state;
	make(&made, 2);
	expect_of_machine(&made, RANKING_NOBODY, "");
	add(&made, 5, 10, -1000);
	expect_of_machine(&made, RANKING_NOBODY, "skip 5 oom_score_adj -1000");
	made.processes[0].task.oom_score_adj = 0;
	made.m.kill_allocating_task = 1;
	expect_of_machine(&made, RANKING_ALLOCATOR, "kill 5");
	made.m.panic_on_oom = 1;
	expect_of_machine(&made, RANKING_PANICS, "next 5");
	domain_of_nodes(&made.m, DOMAIN_NODES, 1, &d);
	expect(&made, &d, RANKING_ALLOCATOR, "kill 5");
	domain_of_nodes(&made.m, DOMAIN_NODES, 3, &d);
	expect(&made, &d, RANKING_PANICS, "next 5");
	made.m.panic_on_oom = 2;
	domain_of_nodes(&made.m, DOMAIN_NODES, 1, &d);
	expect(&made, &d, RANKING_PANICS, "next 5");
}

static void nodes(void **state)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	struct made made;
	struct domain d;

	(void)state;
	make(&made, 2);
	add(&made, 5, 10, 0)->task.memory_nodes = 1;
	add(&made, 6, 20, 0)->task.memory_nodes = 2;
	domain_of_nodes(&made.m, DOMAIN_NODES, 1, &d);
	assert_int_equal(d.total_pages, 4 * GIB / 4096); /* with the swap */
	expect(&made, &d, RANKING_KILLS, "skip 6 outside of the domain, kill 5");
	domain_of_nodes(&made.m, DOMAIN_NODES, 3, &d);
	assert_int_equal(d.total_pages, 5 * GIB / 4096);
	domain_of_nodes(&made.m, DOMAIN_NODES, 0x8000000000000137, &d);
	domain_name(&made.m, &d, &name);
	assert_string_equal(strbuf_text(&name), "nodes 0-2,4-5,8,63");
}

/* Of a memory policy's nodes: the policies count, not the cpusets, unless they are all nodes. */
static void memory_policy(void **state)
{
	struct made made;
	struct domain d;

	(void)state;
	make(&made, 2);
	add(&made, 5, 10, 0)->task.memory_nodes = 2;
	add(&made, 6, 20, 0)->task.policy_nodes = 2;
	domain_of_nodes(&made.m, DOMAIN_MEMPOLICY, 1, &d);
	assert_int_equal(d.total_pages, 4 * GIB / 4096);
	expect(&made, &d, RANKING_KILLS, "skip 6 outside of the domain, kill 5");
	domain_of_nodes(&made.m, DOMAIN_MEMPOLICY, 3, &d);
	assert_int_equal(d.total_pages, 5 * GIB / 4096);
	expect(&made, &d, RANKING_KILLS, "kill 6, next 5");
	made.processes[0].task.memory_nodes = 4;
	expect(&made, &d, RANKING_KILLS, "kill 6, skip 5 outside of the domain");
}

/* An earlier victim that is still dying: only sysrq does not wait. */
static void sysrq(void **state)
{
	struct made made;
	struct domain d;

	(void)state;
	make(&made, 2);
	add(&made, 5, 30, 0)->task.flags = OOMRANK_OOM_VICTIM;
	add(&made, 6, 20, 0);
	expect_of_machine(&made, RANKING_WAITS, "next 6, skip 5 an earlier victim, not gone yet");
	domain_of_machine(&made.m, &d);
	d.by_sysrq = true;
	expect(&made, &d, RANKING_KILLS, "kill 5, next 6");
	made.processes[0].task.flags |= OOMRANK_OOM_SKIP;
	expect(&made, &d, RANKING_KILLS, "skip 5 its memory was reaped, kill 6");
	expect_of_machine(&made, RANKING_KILLS, "skip 5 its memory was reaped, kill 6");
	/* Nor does it panic, nor kill the one who asks. */
	made.m.panic_on_oom = 2;
	made.m.kill_allocating_task = 1;
	expect(&made, &d, RANKING_KILLS, "skip 5 its memory was reaped, kill 6");
	made.m.panic_on_oom = 0;
	expect_of_machine(&made, RANKING_ALLOCATOR, "skip 5 its memory was reaped, kill 6");
	/* The one who asks is killed before others are looked at: nobody is waited for. */
	made.processes[0].task.flags = OOMRANK_OOM_VICTIM;
	expect_of_machine(&made, RANKING_ALLOCATOR,
			  "next 6, skip 5 an earlier victim, not gone yet");
	made.processes[0].task.oom_score_adj = made.processes[1].task.oom_score_adj = -1000;
	expect(&made, &d, RANKING_NOBODY, "skip 5 oom_score_adj -1000, skip 6 oom_score_adj -1000");
}

/* A victim outside of the domain keeps nobody waiting. */
static void waits(void **state)
{
	struct made made;
	struct domain d;

	(void)state;
	make(&made, 2);
	add_cgroup(&made, "/a", 0)->limit_bytes = GIB;
	add(&made, 5, 30, 0)->task.flags = OOMRANK_OOM_VICTIM;
	add(&made, 6, 20, 0)->cgroup = 1;
	assert_int_equal(domain_of_cgroup(&made.m, 1, &d), 0);
	expect(&made, &d, RANKING_KILLS, "kill 6");
	made.processes[0].cgroup = 1;
	expect(&made, &d, RANKING_WAITS, "next 6, skip 5 an earlier victim, not gone yet");
	made.processes[0].task.memory_nodes = 2;
	domain_of_nodes(&made.m, DOMAIN_NODES, 1, &d);
	expect(&made, &d, RANKING_KILLS, "skip 5 outside of the domain, kill 6");
	/* It has no memory left, and was not reaped: until that is known, it is waited for. */
	made.processes[0].task.flags = OOMRANK_OOM_VICTIM | OOMRANK_NO_MEMORY;
	expect_of_machine(&made, RANKING_WAITS, "next 6, skip 5 an earlier victim, not gone yet");
}

/* mem_cgroup_get_max(), v1 and v2. */
static void totals(void **state)
{
	struct made made;
	struct machine_cgroup *c;
	struct domain d;

	(void)state;
	make(&made, 2);
	c = add_cgroup(&made, "/a\033b", 0);
	assert_int_equal(domain_of_cgroup(&made.m, 1, &d), -ENODATA);
	assert_int_equal(domain_of_cgroup(&made.m, MACHINE_NONE, &d), -ENODATA);
	c->limit_bytes = 100 * 4096 + 4095;
	c->usage_bytes = 7;
	assert_int_equal(domain_of_cgroup(&made.m, 1, &d), 0);
	assert_int_equal(d.total_pages, 100 + GIB / 4096);
	assert_int_equal(d.usage_bytes, 7);
	c->has_swap_limit = true;
	assert_int_equal(domain_of_cgroup(&made.m, 1, &d), 0);
	assert_int_equal(d.total_pages, 100);
	c->swap_limit_bytes = 8192;
	assert_int_equal(domain_of_cgroup(&made.m, 1, &d), 0);
	assert_int_equal(d.total_pages, 102);
	made.m.no_swap = true;
	assert_int_equal(domain_of_cgroup(&made.m, 1, &d), 0);
	assert_int_equal(d.total_pages, 100);
	/* v1: both together, and a swappiness of its own. */
	made.m.cgroup_version = 1;
	c->swap_limit_bytes = 103 * 4096;
	assert_int_equal(domain_of_cgroup(&made.m, 1, &d), 0);
	assert_int_equal(d.total_pages, 103);
	c->no_swap = true;
	assert_int_equal(domain_of_cgroup(&made.m, 1, &d), 0);
	assert_int_equal(d.total_pages, 100);
	/* A limit of 0 is one. */
	c->limit_bytes = 1;
	assert_int_equal(domain_of_cgroup(&made.m, 1, &d), 0);
	assert_int_equal(d.total_pages, 1);
	/* Without use_hierarchy a limit above is none of its. */
	add_cgroup(&made, "/a/b", 1)->apart = true;
	assert_int_equal(domain_of_cgroup(&made.m, 2, &d), -ENODATA);
	assert_false(machine_is_below(&made.m, 2, 1));
	made.cgroups[2].apart = false;
	assert_int_equal(domain_of_cgroup(&made.m, 2, &d), 0);
	assert_int_equal(d.cgroup, 1);
}

static void set_room(struct machine_cgroup *c, uint64_t limit, uint64_t left)
{
	c->limit_bytes = limit;
	c->usage_bytes = limit - left;
}

/* A limit above that leaves less is reached first. */
static void runs_out_before(void **state)
{
	struct made made;
	struct machine_cgroup *top, *middle;
	struct domain d;

	(void)state;
	make(&made, 1);
	top = add_cgroup(&made, "/a", 0);
	middle = add_cgroup(&made, "/a/b", 1);
	set_room(add_cgroup(&made, "/a/b/c", 2), 1000, 500);
	domain_of_machine(&made.m, &d);
	assert_int_equal(domain_runs_out_before(&made.m, &d), MACHINE_NONE);
	assert_int_equal(domain_of_cgroup(&made.m, 3, &d), 0);
	assert_int_equal(domain_runs_out_before(&made.m, &d), MACHINE_NONE);
	set_room(top, 9000, 500);
	assert_int_equal(domain_runs_out_before(&made.m, &d), MACHINE_NONE);
	set_room(top, 9000, 499);
	assert_int_equal(domain_runs_out_before(&made.m, &d), 1);
	set_room(middle, 800, 499);
	assert_int_equal(domain_runs_out_before(&made.m, &d), 2);
	middle->usage_bytes = 900; /* the limit was lowered below it */
	assert_int_equal(domain_runs_out_before(&made.m, &d), 2);
	made.cgroups[3].apart = true;
	assert_int_equal(domain_runs_out_before(&made.m, &d), MACHINE_NONE);
}

static void with_choice(void **state)
{
	struct made made;
	struct domain d;
	struct ranking r;

	(void)state;
	make(&made, 2);
	add(&made, 5, 100, 0);
	add(&made, 6, 10, -1000);
	add(&made, 7, 20, 0)->task.mm = 0x1006;
	domain_of_machine(&made.m, &d);
	assert_int_equal(ranking_with_choice(&made.m, &d, 1, &r), 0);
	assert_int_equal(r.outcome, RANKING_KILLS);
	assert_int_equal(r.rows[r.victim].process, 1);
	assert_int_equal(r.dies, 2);
	ranking_clear(&r);
	assert_int_equal(ranking_with_choice(&made.m, &d, SIZE_MAX, &r), 0);
	assert_int_equal(r.outcome, RANKING_NOBODY);
	assert_true(r.victim == SIZE_MAX);
	ranking_clear(&r);
	assert_int_equal(ranking_with_choice(&made.m, &d, 99, &r), -EINVAL);
}

static void verify(void **state)
{
	struct machine_mismatch *list;
	struct made made;
	size_t n, compared;

	(void)state;
	make(&made, 2);
	add(&made, 5, 1310, 0)->oom_score = 666; /* 1310 * 1000 / 1310720 is 0 */
	add(&made, 6, 1311, 0)->oom_score = 667;
	add(&made, 7, 10, -1000)->oom_score = 0;
	add(&made, 8, 10, 0);
	assert_int_equal(machine_verify(&made.m, &list, &n, &compared), 0);
	assert_int_equal(n, 0);
	assert_int_equal(compared, 3);
	free(list);
	made.processes[0].oom_score = 667;
	assert_int_equal(machine_verify(&made.m, &list, &n, &compared), 0);
	assert_int_equal(n, 1);
	assert_int_equal(list[0].process, 0);
	assert_int_equal(list[0].score, 667);
	assert_int_equal(list[0].reckoned, 666);
	free(list);
	/* A page more would have made it so. */
	made.processes[0].doubt_pages = 1;
	assert_int_equal(machine_verify(&made.m, &list, &n, &compared), 0);
	assert_int_equal(n, 0);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points),
		cmocka_unit_test(oom_score),
		cmocka_unit_test(reasons),
		cmocka_unit_test(order),
		cmocka_unit_test(shared_memory),
		cmocka_unit_test(groups),
		cmocka_unit_test(order_in_cgroups),
		cmocka_unit_test(outcomes),
		cmocka_unit_test(nodes),
		cmocka_unit_test(memory_policy),
		cmocka_unit_test(sysrq),
		cmocka_unit_test(waits),
		cmocka_unit_test(totals),
		cmocka_unit_test(runs_out_before),
		cmocka_unit_test(with_choice),
		cmocka_unit_test(verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
