/* Kills that are kept to be shown again. */
#include "unit/unit.h"

#include <errno.h>

#include "oom/kill_kept.h"

static void add(struct kill_kept *kept, uint64_t pid, uint64_t member)
{
	_cleanup_kill_ struct kill *k = kill_new();

	k->victim.pid = pid;
	if (member)
		kill_add_member(k)->process.pid = member;
	assert_int_equal(kill_kept_add(kept, k), 0);
}

static uint64_t pid_of(const struct kill_kept *kept, uint64_t number)
{
	_cleanup_kill_ struct kill *k = NULL;

	assert_int_equal(kill_kept_get(kept, number, &k), 0);
	return k->victim.pid;
}

static void the_oldest_go(void **state)
{
	_cleanup_kill_ struct kill *k = NULL;
	struct kill_kept kept;

	(void)state;
	assert_int_equal(kill_kept_open(&kept), 0);
	assert_int_equal(kill_kept_first(&kept), kept.end);
	assert_int_equal(kill_kept_get(&kept, 0, &k), -ENOENT);
	for (uint64_t i = 0; i < KILL_KEPT_MOST + 7; i++)
		add(&kept, 1000 + i, 0);
	assert_int_equal(kept.end, KILL_KEPT_MOST + 7);
	assert_int_equal(kill_kept_first(&kept), 7);
	assert_int_equal(kill_kept_get(&kept, 6, &k), -ENOENT);
	assert_int_equal(kill_kept_get(&kept, kept.end, &k), -ENOENT);
	assert_int_equal(pid_of(&kept, 7), 1007);
	assert_int_equal(pid_of(&kept, kept.end - 1), 1000 + KILL_KEPT_MOST + 6);
	kill_kept_close(&kept);
}

static void bytes_are_bounded(void **state)
{
	struct kill_kept kept;

	(void)state;
	assert_int_equal(kill_kept_open(&kept), 0);
	for (uint64_t i = 0; i < 20; i++) {
		_cleanup_kill_ struct kill *k = kill_new();

		k->victim.pid = i;
		k->victim.command_line = calloc(1, (1 << 20) + 1);
		memset(k->victim.command_line, 'x', 1 << 20);
		assert_int_equal(kill_kept_add(&kept, k), 0);
	}
	assert_true(kept.texts.bytes <= KILL_KEPT_BYTES_MOST);
	assert_int_equal(kept.end, 20);
	assert_int_equal(pid_of(&kept, 19), 19);
	assert_int_equal(kill_kept_first(&kept), 13);
	kill_kept_close(&kept);
}

static void the_last_of_a_pid_is_found(void **state)
{
	_cleanup_kill_ struct kill *last = NULL, *member = NULL, *none = NULL;
	struct kill_kept kept;

	(void)state;
	assert_int_equal(kill_kept_open(&kept), 0);
	add(&kept, 5, 0);
	add(&kept, 6, 7);
	add(&kept, 5, 8);
	assert_int_equal(kill_kept_find(&kept, 5, &last), 0);
	assert_int_equal(last->n_members, 1);
	assert_int_equal(kill_kept_find(&kept, 7, &member), 0);
	assert_int_equal(member->victim.pid, 6);
	assert_int_equal(kill_kept_find(&kept, 9, &none), -ENOENT);
	kill_kept_close(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_go),
		cmocka_unit_test(bytes_are_bounded),
		cmocka_unit_test(the_last_of_a_pid_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
