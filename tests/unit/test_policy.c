/* Whom each policy chooses, on machines made by hand; and how a policy's text is joined. */
#include "unit/unit.h"

#include <errno.h>

#include "rank/policy.h"
#include "rank/policy_text.h"

#define MIB 1048576ull
#define PAGES(mib) ((mib)*256)

enum { ROOT, BATCH, JOB1, JOB2, SHOP, WEB, DB, EMPTY, N_CGROUPS };
enum { INIT, KTHREADD, KTHREAD, SSHD, BIG, CHILD, LOVED, HATED, TWIN, SMALL, N_PROCESSES };

/* 1000 MiB of memory and as much swap. Sizes are in MiB. */
struct scene {
	struct machine machine;
	struct machine_process processes[N_PROCESSES];
	struct machine_cgroup cgroups[N_CGROUPS];
};

static void put(struct scene *s, int index, uint32_t pid, const char *comm, uint32_t cgroup,
		uint64_t anon, uint64_t swap, int adj)
{
	struct machine_process *p = &s->processes[index];

	*p = (struct machine_process){
		.task = {.pid = pid,
			 .parent_pid = 1,
			 .oom_score_adj = adj,
			 .threads = 1,
			 .start_ns = (uint64_t)index * 1000000000,
			 .mm = 0x1000 + (uint64_t)index,
			 .anon_pages = PAGES(anon),
			 .swap_pages = PAGES(swap),
			 .memory_nodes = 1,
			 .policy_mode = -1},
		.cgroup = cgroup,
		.oom_score = -1,
	};
	snprintf(p->task.comm, sizeof(p->task.comm), "%s", comm);
}

static void put_cgroup(struct scene *s, uint32_t index, const char *path, uint32_t parent,
		       uint64_t usage, uint64_t file)
{
	s->cgroups[index] = (struct machine_cgroup){
		.path = (char *)path,
		.parent = parent,
		.inode = 100 + index,
		.usage_bytes = usage * MIB,
		.file_bytes = file * MIB,
	};
}

static void make(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->machine = (struct machine){
		.page_bytes = 4096,
		.memory = {.total_bytes = 1000 * MIB,
			   .available_bytes = 500 * MIB,
			   .swap_total_bytes = 1000 * MIB,
			   .swap_free_bytes = 1000 * MIB},
		.cgroup_version = 2,
		.nodes = 1,
		.node_bytes = {1000 * MIB},
		.processes = s->processes,
		.n_processes = N_PROCESSES,
		.cgroups = s->cgroups,
		.n_cgroups = N_CGROUPS,
		.exact = true,
	};
	put_cgroup(s, ROOT, "/", MACHINE_NONE, 900, 0);
	put_cgroup(s, BATCH, "/batch", ROOT, 300, 0);
	put_cgroup(s, JOB1, "/batch/1", BATCH, 190, 100);
	put_cgroup(s, JOB2, "/batch/2", BATCH, 110, 0);
	put_cgroup(s, SHOP, "/shop", ROOT, 400, 0);
	put_cgroup(s, WEB, "/shop/web", SHOP, 150, 30);
	put_cgroup(s, DB, "/shop/db", SHOP, 250, 0);
	put_cgroup(s, EMPTY, "/empty", ROOT, 0, 0);
	put(s, INIT, 1, "init", ROOT, 400, 0, 0);
	s->processes[INIT].task.flags = OOMRANK_INIT;
	put(s, KTHREADD, 2, "kthreadd", ROOT, 0, 0, 0);
	put(s, KTHREAD, 3, "kswapd0", ROOT, 0, 0, 0);
	for (int i = KTHREADD; i <= KTHREAD; i++) {
		s->processes[i].task.parent_pid = i == KTHREAD ? 2 : 0;
		s->processes[i].task.flags = OOMRANK_KERNEL_THREAD | OOMRANK_NO_MEMORY;
		s->processes[i].task.mm = 0;
	}
	put(s, SSHD, 40, "sshd", ROOT, 300, 0, -1000);
	put(s, BIG, 50, "big", JOB1, 80, 0, 0);
	put(s, CHILD, 51, "child", JOB1, 10, 0, 0);
	put(s, LOVED, 60, "postgres", DB, 230, 0, -500);
	put(s, HATED, 70, "hated", WEB, 20, 0, 300);
	put(s, TWIN, 80, "twin", JOB2, 80, 0, 0);
	put(s, SMALL, 81, "small", JOB2, 5, 60, 0);
}

/* Let the policy decide; what it has said is in WHY. */
static struct policy_choice decide(const struct scene *s, const struct domain *d, const char *name,
				   char why[static 256])
{
	struct policy_choice choice = {0};
	_cleanup_strbuf_ struct strbuf error = {0};
	struct policy *p;

	assert_int_equal(policy_open(name, &p), 0);
	assert_string_equal(policy_name(p), name);
	assert_int_equal(policy_decide(p, &s->machine, d, &choice, &error), 0);
	assert_non_null(choice.why);
	snprintf(why, 256, "%s", choice.why);
	policy_close(p);
	return choice;
}

/* Who is chosen, who dies (a bit each), and what that frees; why it says so. */
static void expect_in(const struct scene *s, const struct domain *d, const char *name,
		      size_t process, unsigned int dies, uint64_t frees_mib, const char *why)
{
	char said[256];
	struct policy_choice choice = decide(s, d, name, said);
	unsigned int died = 0;

	for (size_t i = 0; i < choice.n_killed; i++)
		died |= 1u << choice.killed[i];
	assert_int_equal(choice.process, process);
	assert_int_equal(died, dies);
	assert_int_equal(choice.frees_bytes, frees_mib * MIB);
	assert_string_equal(said, why);
	policy_choice_clear(&choice);
}

static void expect(const struct scene *s, const char *name, size_t process, unsigned int dies,
		   uint64_t frees_mib, const char *why)
{
	struct domain d;

	domain_of_machine(&s->machine, &d);
	expect_in(s, &d, name, process, dies, frees_mib, why);
}

#define BIT(process) (1u << (process))

static void knows_its_names(void **state)
{
	struct policy *p;
	size_t n = 0;

	(void)state;
	while (policy_names[n]) {
		assert_non_null(policy_summaries[n]);
		assert_int_equal(policy_open(policy_names[n++], &p), 0);
		policy_close(p);
	}
	assert_int_equal(n, 5);
	assert_null(policy_summaries[n]);
	assert_int_equal(policy_open("nonsense", &p), -ENOENT);
	policy_close(NULL);
}

static void asks_the_kernel(void **state)
{
	struct scene s;
	struct domain d;

	(void)state;
	make(&s);
	/* 20 MiB and three tenths of 2000 less 1 in a thousand: 512 * 300 pages more. */
	expect(&s, "kernel", HATED, BIT(HATED), 20, "points 158720, oom_score_adj 300");
	/* As a group, with those below; sshd's -1000 would spare it. */
	s.cgroups[SHOP].kills_group = true;
	expect(&s, "kernel", HATED, BIT(HATED) | BIT(LOVED), 250,
	       "points 158720, oom_score_adj 300");
	s.machine.panic_on_oom = 1;
	expect(&s, "kernel", SIZE_MAX, 0, 0, "vm.panic_on_oom is set: the kernel panics");
	make(&s);
	s.cgroups[BATCH].limit_bytes = 300 * MIB;
	assert_int_equal(domain_of_cgroup(&s.machine, BATCH, &d), 0);
	expect_in(&s, &d, "kernel", TWIN, BIT(TWIN), 80,
		  "points 20480, oom_score_adj 0, the last in its list of those with as many");
	s.processes[SMALL].task.flags = OOMRANK_OOM_VICTIM;
	expect_in(&s, &d, "kernel", SIZE_MAX, 0, 0,
		  "an earlier victim is still dying: the kernel waits for it");
}

static void takes_the_largest_resident_set(void **state)
{
	struct scene s;
	struct domain d;

	(void)state;
	make(&s);
	/* Neither init nor sshd, whom the kernel would not kill. */
	expect(&s, "rss", LOVED, BIT(LOVED), 230, "rss 230.0M");
	/* Files and shared memory count, but are not given back. */
	s.processes[HATED].task.file_pages = PAGES(200);
	s.processes[HATED].task.shmem_pages = PAGES(11);
	expect(&s, "rss", HATED, BIT(HATED), 20, "rss 231.0M");
	/* Of equal ones the last; what is swapped out does not count. */
	s.cgroups[BATCH].limit_bytes = 300 * MIB;
	assert_int_equal(domain_of_cgroup(&s.machine, BATCH, &d), 0);
	expect_in(&s, &d, "rss", TWIN, BIT(TWIN), 80, "rss 80.0M");
	/* The kernel kills with it who shares its memory. */
	s.processes[SMALL].task.mm = s.processes[TWIN].task.mm;
	s.processes[SMALL].task.swap_pages = 0;
	s.processes[SMALL].task.anon_pages = s.processes[TWIN].task.anon_pages;
	expect_in(&s, &d, "rss", SMALL, BIT(TWIN) | BIT(SMALL), 80, "rss 80.0M");
	for (int i = BIG; i < N_PROCESSES; i++)
		s.processes[i].task.oom_score_adj = -1000;
	expect(&s, "rss", SIZE_MAX, 0, 0, "there is nobody whom it could kill");
}

static void takes_the_largest_cgroup(void **state)
{
	struct scene s;
	struct domain d;

	(void)state;
	make(&s);
	expect(&s, "largest-cgroup", LOVED, BIT(LOVED), 230, "usage less page cache 250.0M");
	/* Somebody in there may not be killed: 150 - 30 MiB are the next, then 110. */
	s.processes[LOVED].task.oom_score_adj = -1000;
	expect(&s, "largest-cgroup", HATED, BIT(HATED), 20, "usage less page cache 120.0M");
	s.cgroups[WEB].file_bytes = 50 * MIB;
	expect(&s, "largest-cgroup", TWIN, BIT(TWIN) | BIT(SMALL), 145,
	       "usage less page cache 110.0M");
	/* Its group goes with it. */
	s.cgroups[BATCH].kills_group = true;
	expect(&s, "largest-cgroup", BIG, BIT(TWIN) | BIT(SMALL) | BIT(BIG) | BIT(CHILD), 235,
	       "usage less page cache 110.0M");
	s.cgroups[SHOP].limit_bytes = 400 * MIB;
	assert_int_equal(domain_of_cgroup(&s.machine, SHOP, &d), 0);
	expect_in(&s, &d, "largest-cgroup", HATED, BIT(HATED), 20, "usage less page cache 100.0M");
	/* It kills nobody: then the kernel has its way. */
	s.cgroups[EMPTY].usage_bytes = 700 * MIB;
	expect(&s, "largest-cgroup", HATED, BIT(HATED), 20,
	       "nobody is in the largest, so the kernel chooses: points 158720, oom_score_adj "
	       "300");
}

static void does_as_oomd(void **state)
{
	struct scene s;
	struct domain d;

	(void)state;
	make(&s);
	/* By pages scanned, then by usage; oom_score_adj does not matter to it. */
	expect(&s, "oomd", LOVED, BIT(LOVED), 230, "pgscan 0 since it was made, usage 250.0M");
	s.cgroups[JOB2].scanned_pages = 7;
	s.cgroups[BATCH].scanned_pages = 9; /* no leaf */
	expect(&s, "oomd", TWIN, BIT(TWIN) | BIT(SMALL), 145,
	       "pgscan 7 since it was made, usage 110.0M");
	s.cgroups[EMPTY].scanned_pages = 8; /* nobody to kill */
	s.processes[SMALL].task.oom_score_adj = -1000;
	expect(&s, "oomd", TWIN, BIT(TWIN) | BIT(SMALL), 145,
	       "pgscan 7 since it was made, usage 110.0M");
	/* A group stands for those below it. */
	s.cgroups[BATCH].kills_group = true;
	expect(&s, "oomd", BIG, BIT(BIG) | BIT(CHILD) | BIT(TWIN) | BIT(SMALL), 235,
	       "pgscan 9 since it was made, usage 300.0M");
	/* Memory and swap nearly used up: by swap, if it is more than 5 %. */
	s.machine.memory.available_bytes = 99 * MIB;
	s.machine.memory.swap_free_bytes = 99 * MIB;
	s.cgroups[WEB].swap_usage_bytes = 51 * MIB;
	expect(&s, "oomd", HATED, BIT(HATED), 20, "swap 51.0M");
	s.cgroups[WEB].swap_usage_bytes = 50 * MIB;
	expect(&s, "oomd", SIZE_MAX, 0, 0, "no cgroup has more than 5 % of the swap");
	/* In a cgroup it goes by pressure alone, and that of the top is not asked. */
	s.cgroups[BATCH].limit_bytes = 300 * MIB;
	assert_int_equal(domain_of_cgroup(&s.machine, BATCH, &d), 0);
	expect_in(&s, &d, "oomd", TWIN, BIT(TWIN) | BIT(SMALL), 145,
		  "pgscan 7 since it was made, usage 110.0M");
	s.machine.cgroup_version = 1;
	expect_in(&s, &d, "oomd", BIG, BIT(BIG) | BIT(CHILD), 90,
		  "usage 190.0M; needs cgroup v2: no pgscan, no swap of cgroups here");
	s.machine.n_cgroups = 0;
	for (int i = 0; i < N_PROCESSES; i++)
		s.processes[i].cgroup = MACHINE_NONE;
	expect(&s, "oomd", SIZE_MAX, 0, 0, "no cgroups are known");
}

static void does_as_earlyoom(void **state)
{
	struct scene s;

	(void)state;
	make(&s);
	/* Reckoned where /proc was not read: (1000 + 158720 * 1000 / 512000) * 2 / 3. */
	expect(&s, "earlyoom", HATED, BIT(HATED), 20, "oom_score 873, rss 20.0M");
	/* What /proc says comes first, of equal scores the resident set, then the lower PID. */
	for (int i = 0; i < N_PROCESSES; i++)
		s.processes[i].oom_score = 666;
	expect(&s, "earlyoom", LOVED, BIT(LOVED), 230, "oom_score 666, rss 230.0M");
	s.processes[LOVED].oom_score = 665;
	expect(&s, "earlyoom", BIG, BIT(BIG), 80, "oom_score 666, rss 80.0M");
	/* A signal does not take those with it that share the memory, and then frees none. */
	s.processes[CHILD].task.mm = s.processes[BIG].task.mm;
	s.cgroups[JOB1].kills_group = true;
	expect(&s, "earlyoom", BIG, BIT(BIG), 0, "oom_score 666, rss 80.0M");
	snprintf(s.processes[BIG].task.comm, OOMRANK_COMM_SIZE, "earlyoom");
	expect(&s, "earlyoom", SIZE_MAX, 0, 0, "it finds itself the largest, and then gives up");
}

static void joins_texts(void **state)
{
	static const char policy[] = "/* mine */\n"
				     " #  include \"oompolicy.bpf.h\" /* ours */\n"
				     "OOM_POLICY(mine, c, d)\n"
				     "{\n"
				     "\treturn c->points;\n"
				     "}";
	_cleanup_strbuf_ struct strbuf why = {0};
	struct policy_text joined, again;
	struct source source = {.text = policy, .file = "mine.bpf.c"}, whole;
	const char *file;
	unsigned int line;

	(void)state;
	assert_int_equal(policy_text_join(&source, &joined, &why), 0);
	assert_null(strstr(joined.text.data, "#  include"));
	whole = (struct source){.text = joined.text.data, .lines = joined.lines};
	source_locate(&whole, source_line_of(&whole, "mine"), &file, &line);
	assert_string_equal(file, "mine.bpf.c");
	assert_int_equal(line, 3);
	source_locate(&whole, source_line_of(&whole, "oompolicy_candidate"), &file, &line);
	assert_string_equal(file, "bpf-src/oompolicy.h");
	/* What comes behind the policy is the frame's again. */
	source_locate(&whole, source_line_of(&whole, "oompolicy_answer"), &file, &line);
	assert_string_equal(file, "bpf-src/oompolicy.bpf.c");
	/* One that was printed by --ebpf is whole. */
	source = (struct source){.text = joined.text.data, .file = "saved.c"};
	assert_int_equal(policy_text_join(&source, &again, &why), 0);
	assert_string_equal(again.text.data, joined.text.data);
	assert_string_equal(again.lines[0].file, "saved.c");
	policy_text_free(&again);
	policy_text_free(&joined);
	source.text = "int OOM_POLICY_x = 1;\n";
	assert_int_equal(policy_text_join(&source, &again, &why), -EINVAL);
	assert_non_null(strstr(strbuf_text(&why), "saved.c is no policy"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_its_names),
		cmocka_unit_test(asks_the_kernel),
		cmocka_unit_test(takes_the_largest_resident_set),
		cmocka_unit_test(takes_the_largest_cgroup),
		cmocka_unit_test(does_as_oomd),
		cmocka_unit_test(does_as_earlyoom),
		cmocka_unit_test(joins_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
