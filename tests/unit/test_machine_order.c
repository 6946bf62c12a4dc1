/* The order in which the kernel looks at processes, from pieces of its lists. */
#include "unit/unit.h"

#include "rank/machine_internal.h"

#define MOST 16

struct made {
	struct machine m;
	struct machine_process processes[MOST];
	struct oomrank_task records[MOST];
	size_t n_records;
};

/* Addresses are the PID with something in front. */
static uint64_t task_at(uint32_t tid)
{
	return tid ? 0xffff0000 + tid : 0;
}

/* A task that is so old, in css_set SET behind BEFORE (a thread's id, or OOMRANK_FIRST_*). */
static struct oomrank_task *add(struct made *made, uint32_t pid, uint32_t tid, uint64_t start_ns,
				uint64_t set, uint64_t before)
{
	struct oomrank_task *t = &made->records[made->n_records++];

	*t = (struct oomrank_task){.pid = pid,
				   .flags = pid == tid ? 0 : OOMRANK_THREAD,
				   .start_ns = start_ns,
				   .task = task_at(tid),
				   .css_set = set,
				   .cgroup_before = before <= OOMRANK_FIRST_DYING
							    ? before
							    : task_at((uint32_t)before)};
	return t;
}

static void arrange(struct made *made)
{
	made->m.processes = made->processes;
	made->m.n_processes = 0;
	for (size_t i = 0; i < made->n_records; i++)
		if (!(made->records[i].flags & OOMRANK_THREAD))
			made->processes[made->m.n_processes++].task = made->records[i];
	assert_int_equal(machine_order(&made->m, made->records, made->n_records), 0);
}

/* PIDs as for_each_process() has them; and as cgroup_order has. */
static void expect(struct made *made, const char *all, const char *in_cgroups)
{
	_cleanup_strbuf_ struct strbuf listed = {0}, ordered = {0};

	arrange(made);
	for (size_t i = 0; i < made->m.n_processes; i++)
		strbuf_printf(&listed, "%s%u", i ? " " : "", made->processes[i].task.pid);
	for (uint32_t order = 0; order < MOST; order++)
		for (size_t i = 0; i < made->m.n_processes; i++)
			if (made->processes[i].cgroup_order == order)
				strbuf_printf(&ordered, "%s%u", ordered.length ? " " : "",
					      made->processes[i].task.pid);
	assert_string_equal(strbuf_text(&listed), all);
	assert_string_equal(strbuf_text(&ordered), in_cgroups);
}

/* From the lists, where they say otherwise than the ages. */
static void whole(void **state)
{
	struct made made = {0};

	(void)state;
	add(&made, 4, 4, 10, 1, 5)->task_before = task_at(6);
	add(&made, 5, 5, 20, 1, OOMRANK_FIRST_TASK)->task_before = 0xabc;
	add(&made, 6, 6, 30, 1, 4)->task_before = task_at(5);
	expect(&made, "5 6 4", "5 4 6");
}

/* A process may stand behind a thread of another. */
static void threads(void **state)
{
	struct made made = {0};

	(void)state;
	add(&made, 4, 4, 10, 1, 7);
	add(&made, 5, 5, 20, 1, OOMRANK_FIRST_TASK);
	add(&made, 5, 6, 21, 1, 5);
	add(&made, 5, 7, 22, 1, 6);
	expect(&made, "4 5", "5 4");
}

/* css_sets in their own order; in each what leaves it last. */
static void sets(void **state)
{
	struct made made = {0};

	(void)state;
	add(&made, 4, 4, 10, 0x100, OOMRANK_FIRST_DYING)->css_set_before = 0x200;
	add(&made, 5, 5, 20, 0x100, OOMRANK_FIRST_TASK)->css_set_before = 0x200;
	add(&made, 6, 6, 30, 0x100, OOMRANK_FIRST_MOVING)->css_set_before = 0x200;
	add(&made, 7, 7, 40, 0x200, OOMRANK_FIRST_TASK)->css_set_before = 0x999;
	expect(&made, "4 5 6 7", "7 5 6 4");
}

/* What changed while it was read: by age. */
static void broken(void **state)
{
	struct made made = {0};

	(void)state;
	add(&made, 4, 4, 30, 1, 99)->task_before = task_at(99);
	add(&made, 5, 5, 20, 1, OOMRANK_FIRST_TASK)->task_before = 0xabc;
	add(&made, 6, 6, 10, 1, 5)->task_before = task_at(5);
	add(&made, 7, 7, 40, 1, 5)->task_before = task_at(5);
	expect(&made, "5 6 4 7", "5 6 4 7");
	/* Nothing is told at all. */
	made.n_records = 0;
	add(&made, 4, 4, 30, 0, 0);
	add(&made, 5, 5, 20, 0, 0);
	add(&made, 6, 6, 20, 0, 0);
	expect(&made, "5 6 4", "5 6 4");
}

static void circle(void **state)
{
	struct made made = {0};

	(void)state;
	add(&made, 4, 4, 10, 1, 6)->task_before = task_at(6);
	add(&made, 5, 5, 20, 1, 4)->task_before = task_at(4);
	add(&made, 6, 6, 30, 1, 5)->task_before = task_at(5);
	add(&made, 7, 7, 40, 1, 7)->task_before = task_at(7);
	expect(&made, "4 5 6 7", "4 5 6 7");
	made.n_records = 0;
	expect(&made, "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),  cmocka_unit_test(threads), cmocka_unit_test(sets),
		cmocka_unit_test(broken), cmocka_unit_test(circle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
