/* Kills from made-up records, in every order that the kernel side and the ring may bring. */
#include "unit/unit.h"

#include <errno.h>

#include "bpf-src/oomkill.h"
#include "oom/kill_gather.h"
#include "oom/kill_queue.h"
#include "proc/clock.h"
#include "proc/process.h"

#define MS 1000000ull
#define START (100000 * MS)

struct shown {
	uint64_t pid, time_ns;
	size_t n_members;
	bool complete;
	uint64_t freed_ns, freed_bytes, reaped_bytes;
	char command[64], first_member[32], path[64];
};

static struct shown shown[4096];
static size_t n_shown;
static struct kill_queue *queue;
static uint64_t now;

static void on_kill(const struct kill *k, void *user)
{
	struct shown *s = &shown[n_shown++];

	assert_ptr_equal(user, shown);
	assert_true(n_shown < ARRAY_SIZE(shown));
	*s = (struct shown){k->victim.pid,	    k->kernel_time_ns,	k->n_members,
			    k->course.complete,	    k->course.freed_ns, k->course.freed_bytes,
			    k->course.reaped_bytes, .command = "",	.path = ""};
	if (k->victim.command_line)
		snprintf(s->command, sizeof(s->command), "%s", k->victim.command_line);
	if (k->n_members)
		snprintf(s->first_member, sizeof(s->first_member), "%s", k->members[0].why);
	if (k->victim.memcg_path)
		snprintf(s->path, sizeof(s->path), "%s", k->victim.memcg_path);
}

static void begin(enum kill_wait wait)
{
	const struct kill_queue_config config = {
		.wait = wait, .root = "/nonexistent", .out = on_kill, .user = shown};

	n_shown = 0;
	now = START;
	assert_int_equal(kill_queue_open(&config, &queue), 0);
}

static int end(void **state)
{
	(void)state;
	kill_queue_close(queue);
	queue = NULL;
	return 0;
}

static void feed(const void *record, size_t size)
{
	assert_int_equal(kill_queue_feed(queue, record, size, now), 0);
}

static void event(enum oomkill_kind kind, uint32_t pid, uint32_t trigger, uint64_t ms,
		  uint32_t flags)
{
	struct oomkill_event e = {
		.kind = kind,
		.flags = flags,
		.time_ns = START + ms * MS,
		.trigger_pid = trigger,
		.trigger_tid = trigger,
		.victim_pid = pid,
		.victim_tid = pid,
		.anon_pages = 10,
		.pgtables_bytes = 4096,
	};

	feed(&e, sizeof(e));
}

static void chosen(uint32_t pid, uint64_t ms)
{
	event(OOMKILL_CHOSEN, pid, 7, ms, 0);
}

static void step(enum oomkill_step_name name, uint32_t pid, uint64_t ms)
{
	struct oomkill_step s = {
		.kind = OOMKILL_STEP,
		.step = name,
		.pid = pid,
		.time_ns = START + ms * MS,
		.anon_pages = name == OOMKILL_STEP_REAPED ? 4 : OOMKILL_UNKNOWN,
		.memcg_usage_pages = OOMKILL_UNKNOWN,
	};

	feed(&s, sizeof(s));
}

static void arguments(uint32_t pid, uint64_t ms, const char *text, size_t size)
{
	struct oomkill_arguments a = {.kind = OOMKILL_ARGUMENTS,
				      .pid = pid,
				      .time_ns = START + ms * MS,
				      .whole_size = (uint32_t)size,
				      .size = (uint32_t)size};

	memcpy(a.text, text, size);
	feed(&a, offsetof(struct oomkill_arguments, text) + size);
}

/* At MS after the start, when all that was there has been fed. */
static void at(uint64_t ms)
{
	now = START + ms * MS;
	kill_queue_advance(queue, now);
}

static void classic_passes_straight_through(void **state)
{
	(void)state;
	begin(KILL_AT_ONCE);
	chosen(10, 0);
	assert_int_equal(n_shown, 1);
	event(OOMKILL_MEMBER, 11, 7, 0, OOMKILL_GROUP_MEMBER);
	assert_int_equal(n_shown, 1);
	assert_int_equal(kill_queue_due_ns(queue), UINT64_MAX);
	assert_int_equal(shown[0].pid, 10);
}

static void a_story_is_waited_for(void **state)
{
	(void)state;
	begin(KILL_OVER);
	chosen(10, 0);
	at(1);
	arguments(10, 1, "a\0b c\0", 6);
	step(OOMKILL_STEP_SIGNALLED, 10, 1);
	step(OOMKILL_STEP_REAPED, 10, 2);
	step(OOMKILL_STEP_EXITED, 10, 5);
	at(6);
	assert_int_equal(n_shown, 0);
	step(OOMKILL_STEP_DONE, 10, 6);
	step(OOMKILL_STEP_FREED, 10, 8);
	at(8);
	assert_int_equal(n_shown, 1);
	assert_true(shown[0].complete);
	assert_int_equal(shown[0].freed_ns, 8 * MS);
	assert_int_equal(shown[0].freed_bytes, 10 * (uint64_t)sysconf(_SC_PAGESIZE) + 4096);
	assert_int_equal(shown[0].reaped_bytes, 6 * (uint64_t)sysconf(_SC_PAGESIZE) + 4096);
	assert_string_equal(shown[0].command, "a b c");
}

/* Without DONE it is quiet first; without FREED the last exit has to do, a little later. */
static void what_a_kernel_does_not_tell_is_not_waited_for(void **state)
{
	(void)state;
	begin(KILL_OVER);
	chosen(10, 0);
	step(OOMKILL_STEP_FREED, 10, 1);
	at(99);
	assert_int_equal(n_shown, 0);
	at(100);
	assert_int_equal(n_shown, 1);
	end(NULL);

	begin(KILL_OVER);
	chosen(10, 0);
	step(OOMKILL_STEP_EXITED, 10, 1);
	at(999);
	assert_int_equal(n_shown, 0);
	at(1000);
	assert_int_equal(n_shown, 1);
	assert_true(shown[0].complete);
}

static void patience_ends(void **state)
{
	(void)state;
	begin(KILL_OVER);
	chosen(10, 0);
	assert_int_equal(kill_queue_due_ns(queue), START + 3000 * MS);
	at(2999);
	assert_int_equal(n_shown, 0);
	at(3000);
	assert_int_equal(n_shown, 1);
	assert_false(shown[0].complete);
	assert_int_equal(shown[0].freed_ns, KILL_UNKNOWN);
	/* It comes too late, and is nobody else's. */
	step(OOMKILL_STEP_FREED, 10, 3001);
	chosen(10, 3500);
	at(3600);
	assert_int_equal(n_shown, 1);
	kill_queue_flush(queue);
	assert_int_equal(shown[1].freed_ns, KILL_UNKNOWN);
}

static void the_order_is_that_of_the_kills(void **state)
{
	(void)state;
	begin(KILL_OVER);
	chosen(10, 3);
	chosen(11, 1); /* another CPU */
	chosen(12, 2);
	step(OOMKILL_STEP_FREED, 10, 9);
	step(OOMKILL_STEP_FREED, 12, 9);
	at(500);
	assert_int_equal(n_shown, 0);
	step(OOMKILL_STEP_FREED, 11, 501);
	at(700);
	assert_int_equal(n_shown, 3);
	assert_int_equal(shown[0].pid, 11);
	assert_int_equal(shown[1].pid, 12);
	assert_int_equal(shown[2].pid, 10);
}

static void members_are_part_of_it(void **state)
{
	(void)state;
	begin(KILL_OVER);
	chosen(10, 0);
	event(OOMKILL_MEMBER, 10, 7, 0, OOMKILL_GROUP_MEMBER); /* itself */
	event(OOMKILL_MEMBER, 11, 7, 0, OOMKILL_SHARES_MM);
	event(OOMKILL_MEMBER, 12, 7, 1, OOMKILL_GROUP_MEMBER);
	event(OOMKILL_MEMBER, 13, 7, 1, OOMKILL_SHARES_MM); /* that of 12 */
	step(OOMKILL_STEP_DONE, 10, 2);
	step(OOMKILL_STEP_FREED, 11, 3); /* and of 10 */
	at(300);
	assert_int_equal(n_shown, 0);
	step(OOMKILL_STEP_EXITED, 12, 301);
	step(OOMKILL_STEP_FREED, 12, 301);
	at(301);
	assert_int_equal(n_shown, 1);
	assert_int_equal(shown[0].n_members, 3);
	assert_string_equal(shown[0].first_member, "shares memory");
	assert_true(shown[0].complete);
	assert_int_equal(shown[0].freed_ns, 3 * MS);
}

static void members_go_to_the_kill_before_them(void **state)
{
	(void)state;
	begin(KILL_MEMBERS_TOLD);
	event(OOMKILL_CHOSEN, 10, 7, 0, 0);
	event(OOMKILL_CHOSEN, 20, 8, 5, 0);
	event(OOMKILL_MEMBER, 11, 7, 1, OOMKILL_GROUP_MEMBER);
	event(OOMKILL_MEMBER, 21, 8, 6, OOMKILL_GROUP_MEMBER);
	event(OOMKILL_MEMBER, 31, 9, 7, OOMKILL_GROUP_MEMBER); /* its kill was lost */
	at(100);
	assert_int_equal(n_shown, 2);
	assert_int_equal(shown[0].n_members, 1);
	assert_int_equal(shown[1].n_members, 1);
	assert_int_equal(kill_queue_late_members(queue), 0);
	at(5000);
	assert_int_equal(kill_queue_late_members(queue), 1);
}

/* What belongs to a kill, or to a member, may be there before it. */
static void records_may_come_early(void **state)
{
	(void)state;
	begin(KILL_OVER);
	step(OOMKILL_STEP_FREED, 11, 4);
	step(OOMKILL_STEP_SIGNALLED, 10, 1);
	arguments(10, 1, "early\0", 6);
	event(OOMKILL_MEMBER, 11, 7, 2, OOMKILL_GROUP_MEMBER);
	step(OOMKILL_STEP_FREED, 10, 3);
	chosen(10, 2);
	at(1);
	assert_int_equal(n_shown, 0);
	at(100);
	assert_int_equal(n_shown, 1);
	assert_true(shown[0].complete);
	assert_int_equal(shown[0].n_members, 1);
	assert_string_equal(shown[0].command, "early");
}

static void a_pid_is_used_again(void **state)
{
	(void)state;
	begin(KILL_OVER);
	chosen(10, 0);
	step(OOMKILL_STEP_SIGNALLED, 10, 1);
	step(OOMKILL_STEP_EXITED, 10, 2);
	chosen(10, 50);
	step(OOMKILL_STEP_FREED, 10, 3); /* the first, told late */
	step(OOMKILL_STEP_SIGNALLED, 10, 51);
	step(OOMKILL_STEP_EXITED, 10, 52);
	step(OOMKILL_STEP_FREED, 10, 60);
	at(100);
	assert_int_equal(n_shown, 2);
	assert_int_equal(shown[0].freed_ns, 3 * MS);
	assert_int_equal(shown[1].freed_ns, 10 * MS);
}

static void a_storm_is_bounded(void **state)
{
	const uint32_t most = 3000;

	(void)state;
	begin(KILL_OVER);
	for (uint32_t i = 0; i < most; i++) {
		chosen(100 + i, i);
		event(OOMKILL_MEMBER, 10000 + i, 7, i, OOMKILL_GROUP_MEMBER);
	}
	assert_int_equal(n_shown, most - KILL_QUEUE_MOST);
	kill_queue_flush(queue);
	assert_int_equal(n_shown, most);
	for (uint32_t i = 0; i < most; i++) {
		assert_int_equal(shown[i].pid, 100 + i);
		assert_int_equal(shown[i].n_members, 1);
	}
	assert_int_equal(kill_queue_late_members(queue), 0);
}

static void a_huge_group_is_bounded(void **state)
{
	const uint32_t most = KILL_QUEUE_MEMBERS_MOST + 100;

	(void)state;
	begin(KILL_OVER);
	chosen(10, 0);
	for (uint32_t i = 0; i < most; i++)
		event(OOMKILL_MEMBER, 100 + i, 7, 1, OOMKILL_GROUP_MEMBER);
	assert_int_equal(n_shown, 1);
	assert_int_equal(shown[0].n_members, KILL_QUEUE_MEMBERS_MOST + 1);
	kill_queue_flush(queue);
	assert_int_equal(kill_queue_late_members(queue), 99);
}

static void early_ones_are_bounded(void **state)
{
	(void)state;
	begin(KILL_OVER);
	for (uint32_t i = 0; i < 100000; i++)
		step(OOMKILL_STEP_SIGNALLED, 1000 + i, 1);
	/* The last of them are still there, the first are not. */
	chosen(1000, 1);
	chosen(1000 + 99999, 1);
	step(OOMKILL_STEP_SIGNALLED, 1000, 2);
	at(3100);
	assert_int_equal(n_shown, 2);
}

static void strange_records_are_refused(void **state)
{
	struct oomkill_event e = {.kind = OOMKILL_CHOSEN};
	struct oomkill_arguments a = {.kind = OOMKILL_ARGUMENTS, .size = 5};
	uint32_t kind = 6;
	char few[2] = "";

	(void)state;
	begin(KILL_OVER);
	assert_int_equal(kill_queue_feed(queue, few, sizeof(few), 0), -EBADMSG);
	assert_int_equal(kill_queue_feed(queue, &kind, sizeof(kind), 0), -EBADMSG);
	assert_int_equal(kill_queue_feed(queue, &e, sizeof(e) - 1, 0), -EBADMSG);
	assert_int_equal(
		kill_queue_feed(queue, &a, offsetof(struct oomkill_arguments, text) + 4, 0),
		-EBADMSG);
	assert_int_equal(kill_queue_due_ns(queue), UINT64_MAX);
}

static void put_names(struct oomkill_path *p, const char *names, size_t size, bool whole)
{
	memcpy(p->names, names, size);
	p->size = (uint32_t)size;
	p->whole = whole;
}

/* The path that the kernel side has read is taken where the cgroup has gone. */
static void paths_are_read_upward(void **state)
{
	static const struct {
		const char *names;
		size_t size;
		bool whole;
		const char *want;
	} cases[] = {
		{"box\0shop\0", 9 + 1, true, "/shop/box"},
		{"\0", 1, true, "/"},
		{"box\0shop\0", 9, false, "shop/box"},
		{"box\0sho", 7, false, "box"},
		{"box", 3, false, ""},
		{"", 0, false, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct oomkill_detail d = {.kind = OOMKILL_DETAIL, .victim_pid = 10};

		d.time_ns = START;
		put_names(&d.victim_path, cases[i].names, cases[i].size, cases[i].whole);
		begin(KILL_OVER);
		chosen(10, 0);
		feed(&d, sizeof(d));
		kill_queue_flush(queue);
		assert_string_equal(shown[0].path, cases[i].want);
		end(NULL);
	}
}

/* A PID may have got another process by the time it is looked at. */
static void command_lines_are_of_that_process(void **state)
{
	_cleanup_kill_ struct kill *k = kill_new(), *before = kill_new();

	(void)state;
	if (!process_in_initial_pid_namespace())
		skip();
	k->trigger.pid = before->trigger.pid = (uint64_t)getpid();
	k->kernel_time_ns = clock_monotonic_ns();
	before->kernel_time_ns = 1000 * MS;
	assert_int_equal(kill_gather_command_lines(k), 0);
	assert_int_equal(kill_gather_command_lines(before), 0);
	assert_non_null(k->trigger.command_line);
	assert_non_null(strstr(k->trigger.command_line, "test_kill_queue"));
	assert_null(before->trigger.command_line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(classic_passes_straight_through, end),
		cmocka_unit_test_teardown(a_story_is_waited_for, end),
		cmocka_unit_test_teardown(what_a_kernel_does_not_tell_is_not_waited_for, end),
		cmocka_unit_test_teardown(patience_ends, end),
		cmocka_unit_test_teardown(the_order_is_that_of_the_kills, end),
		cmocka_unit_test_teardown(members_are_part_of_it, end),
		cmocka_unit_test_teardown(members_go_to_the_kill_before_them, end),
		cmocka_unit_test_teardown(records_may_come_early, end),
		cmocka_unit_test_teardown(a_pid_is_used_again, end),
		cmocka_unit_test_teardown(a_storm_is_bounded, end),
		cmocka_unit_test_teardown(a_huge_group_is_bounded, end),
		cmocka_unit_test_teardown(early_ones_are_bounded, end),
		cmocka_unit_test_teardown(strange_records_are_refused, end),
		cmocka_unit_test_teardown(paths_are_read_upward, end),
		cmocka_unit_test(command_lines_are_of_that_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
