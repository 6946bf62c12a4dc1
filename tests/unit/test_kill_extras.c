/* What an edited probe tells besides: in the line, the block, JSON and the environment. */
#include "unit/unit.h"

#include <errno.h>

#include "bpf-src/oomkill.h"
#include "oom/kill_environment.h"
#include "oom/kill_explain.h"
#include "oom/kill_extras.h"
#include "oom/kill_json.h"
#include "oom/kill_line.h"
#include "oom/kill_queue.h"

static void put(struct named_values *values, const char *name, enum named_value_kind kind,
		uint64_t number, const char *text)
{
	struct named_value *v = named_values_add(values, name);

	assert_non_null(v);
	v->kind = kind;
	v->number = number;
	v->text = text ? strdup(text) : NULL;
}

/* One of each kind, and names that are a kill's own. */
static void some(struct named_values *values)
{
	put(values, "nice", NAMED_INT, (uint64_t)-7, NULL);
	put(values, "faults", NAMED_UINT, UINT64_MAX, NULL);
	put(values, "traced", NAMED_BOOL, 1, NULL);
	put(values, "policy", NAMED_TEXT, 0, "SCHED_BATCH");
	put(values, "tag", NAMED_TEXT, 0, "a \"b\n\xff");
	put(values, "in.depth", NAMED_UINT, 3, NULL);
	put(values, "victim_threads", NAMED_UINT, 1009, NULL);
	put(values, "Order", NAMED_UINT, 5, NULL);
}

static struct kill *kill_of_some(void)
{
	struct kill *k = kill_new();
	struct named_values values = {0};

	assert_non_null(k);
	some(&values);
	assert_int_equal(kill_extras_add(&k->extras, &values), 0);
	assert_non_null(kill_add_member(k));
	assert_int_equal(kill_extras_add(&k->members[0].extras, &values), 0);
	named_values_clear(&values);
	k->victim.threads = 2;
	return k;
}

static void the_line_is_the_same_without(void **state)
{
	_cleanup_kill_ struct kill *none = kill_new(), *k = kill_of_some();
	_cleanup_strbuf_ struct strbuf plain = {0}, line = {0};

	(void)state;
	assert_int_equal(kill_line(none, false, NULL, &plain), 0);
	assert_string_equal(plain.data, "n/a Triggered by PID n/a (\"n/a\"), OOM kill of PID n/a "
					"(\"n/a\"), n/a pages, loadavg: n/a\n");
	plain.data[plain.length - 1] = '\0';
	assert_int_equal(kill_line(k, false, NULL, &line), 0);
	assert_memory_equal(line.data, plain.data, plain.length - 1);
	assert_string_equal(line.data + plain.length - 1,
			    ", nice -7, faults 18446744073709551615, traced true, policy "
			    "SCHED_BATCH, tag \"a \"b\\x0a\\xff\", in.depth 3, "
			    "probe_victim_threads 1009, probe_Order 5\n");
}

static void a_recording_keeps_them(void **state)
{
	_cleanup_kill_ struct kill *k = kill_of_some(), *back = NULL;
	_cleanup_strbuf_ struct strbuf one = {0}, two = {0}, why = {0};

	(void)state;
	assert_int_equal(kill_json_line(k, &one), 0);
	assert_non_null(strstr(one.data, "\"nice\":-7,"));
	assert_non_null(strstr(one.data, "\"faults\":18446744073709551615,"));
	assert_non_null(strstr(one.data, "\"tag_hex\":\"612022620aff\""));
	assert_non_null(strstr(one.data, "\"probe_victim_threads\":1009"));
	assert_non_null(strstr(one.data, "\"victim_threads\":2,"));
	assert_int_equal(kill_json_read(one.data, one.length, &back, &why), 0);
	assert_int_equal(back->extras.count, k->extras.count);
	assert_int_equal(back->members[0].extras.count, k->extras.count);
	assert_string_equal(named_values_find(&back->extras, "tag")->text, "a \"b\n\xff");
	assert_int_equal(kill_json_line(back, &two), 0);
	assert_string_equal(one.data, two.data);
}

static void of_others_only_simple_values_are_taken(void **state)
{
	static const char line[] =
		"{\"victim_pid\":1,\"x\":1.5,\"y\":null,\"z\":{\"a\":1},\"w\":[1],\"a b\":1,"
		"\"VICTIM_PID\":2,\"comm_hex\":\"zz\",\"n\":\"\\u0000\",\"ok\":-3,"
		"\"t\":\"\xef\xbf\xbd\",\"t_hex\":\"ff\",\"u\":\"u\",\"u_hex\":\"ff\"}";
	_cleanup_strbuf_ struct strbuf why = {0};
	_cleanup_kill_ struct kill *k = NULL;

	(void)state;
	assert_int_equal(kill_json_read(line, strlen(line), &k, &why), 0);
	assert_int_equal(k->extras.count, 4);
	assert_string_equal(k->extras.list[0].name, "ok");
	assert_int_equal((int64_t)k->extras.list[0].number, -3);
	assert_string_equal(k->extras.list[1].text, "\xff");
	assert_string_equal(k->extras.list[2].name, "u");
	assert_string_equal(k->extras.list[3].name, "u_hex");
}

static void there_is_a_most(void **state)
{
	_cleanup_kill_ struct kill *k = kill_new();
	struct named_values values = {0};

	(void)state;
	for (int i = 0; i < KILL_EXTRAS_MOST + 1; i++)
		put(&values, "n", NAMED_UINT, 1, NULL);
	assert_int_equal(kill_extras_add(&k->extras, &values), 0);
	assert_int_equal(k->extras.count, KILL_EXTRAS_MOST);
	named_values_clear(&values);
}

static void block_and_environment_have_them(void **state)
{
	_cleanup_kill_ struct kill *k = kill_of_some();
	_cleanup_strbuf_ struct strbuf block = {0}, environment = {0};

	(void)state;
	assert_int_equal(kill_explain(k, &block), 0);
	assert_non_null(strstr(block.data, "\nOOM: probe: nice -7, faults "));
	assert_int_equal(kill_environment(k, "", &environment), 0);
	for (size_t i = 0; i < environment.length; i++)
		if (!environment.data[i])
			environment.data[i] = '|';
	assert_non_null(strstr(environment.data, "|OOMKILL_NICE=-7|"));
	assert_non_null(strstr(environment.data, "|OOMKILL_IN_DEPTH=3|"));
	assert_non_null(strstr(environment.data, "|OOMKILL_TAG=a \"b\n\xff|"));
	assert_non_null(strstr(environment.data, "|OOMKILL_PROBE_ORDER=5|"));
}

static const char *const further[] = {"nice", "tag", NULL};

/* The columns after that change, and what they put behind a line. */
static void changed(struct kill_columns *c, const char *change, const char *text, const char *shown)
{
	_cleanup_strbuf_ struct strbuf why = {0}, now = {0}, line = {0};
	_cleanup_kill_ struct kill *k = kill_new();

	assert_int_equal(kill_columns_change(c, change, further, &why), 0);
	kill_columns_text(c, &now);
	assert_string_equal(strbuf_text(&now), text);
	k->victim.uid = 1009;
	put(&k->extras, "nice", NAMED_UINT, 7, NULL);
	put(&k->extras, "tag", NAMED_TEXT, 0, "x");
	kill_columns_put(c, k, &line);
	assert_string_equal(strbuf_text(&line), shown);
}

static void columns_are_chosen(void **state)
{
	struct kill_columns c = {0};

	(void)state;
	changed(&c, "default", "default", ", nice 7, tag x");
	changed(&c, "+victim_uid", "default +victim_uid", ", victim_uid 1009, nice 7, tag x");
	changed(&c, "-nice", "default +victim_uid -nice", ", victim_uid 1009, tag x");
	assert_false(kill_columns_show(&c, "nice"));
	assert_true(kill_columns_show(&c, "tag"));
	assert_true(kill_columns_show(&c, "victim_uid"));
	assert_false(kill_columns_show(&c, "victim_pid"));
	changed(&c, "+nice", "default +victim_uid", ", victim_uid 1009, nice 7, tag x");
	changed(&c, "none", "none", "");
	changed(&c, "tag,loadavg", "tag,loadavg", ", tag x, loadavg n/a");
	changed(&c, "+nice", "tag,loadavg,nice", ", tag x, loadavg n/a, nice 7");
	changed(&c, "-tag", "loadavg,nice", ", loadavg n/a, nice 7");
	kill_columns_clear(&c);
}

static void a_wrong_column_changes_nothing(void **state)
{
	static const char *const wrong[] = {"", ",", "nice,", "nice,nise", "+nise", "-nise", "+"};
	struct kill_columns c = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		_cleanup_strbuf_ struct strbuf why = {0}, now = {0};

		assert_int_equal(kill_columns_change(&c, wrong[i], further, &why), -EINVAL);
		assert_non_null(strstr(why.data, "'columns' lists all"));
		kill_columns_text(&c, &now);
		assert_string_equal(strbuf_text(&now), "default");
	}
	kill_columns_clear(&c);
}

static uint64_t told, told_member;

static void on_kill(const struct kill *k, void *user)
{
	(void)user;
	told = k->extras.count == 1 ? k->extras.list[0].number : 0;
	told_member = k->n_members == 1 && k->members[0].extras.count == 1
			      ? k->members[0].extras.list[0].number
			      : 0;
}

/* Also of a member that is told of before its kill is. */
static void they_come_through_the_queue(void **state)
{
	const struct kill_queue_config config = {
		.wait = KILL_MEMBERS_TOLD, .root = "/nonexistent", .out = on_kill};
	struct oomkill_event chosen = {.kind = OOMKILL_CHOSEN, .time_ns = 9, .victim_pid = 5},
			     member = {.kind = OOMKILL_MEMBER, .time_ns = 10, .victim_pid = 6};

	(void)state;
	for (int early = 0; early < 2; early++) {
		struct named_values one = {0}, two = {0};
		struct kill_queue *q;

		put(&one, "n", NAMED_UINT, 31, NULL);
		put(&two, "n", NAMED_UINT, 37, NULL);
		assert_int_equal(kill_queue_open(&config, &q), 0);
		if (early)
			assert_int_equal(kill_queue_feed_event(q, &member, &two, 1), 0);
		assert_int_equal(kill_queue_feed_event(q, &chosen, &one, 2), 0);
		if (!early)
			assert_int_equal(kill_queue_feed_event(q, &member, &two, 3), 0);
		assert_int_equal(kill_queue_waiting(q), 1);
		kill_queue_flush(q);
		assert_int_equal(told, 31);
		assert_int_equal(told_member, 37);
		assert_int_equal(kill_queue_waiting(q), 0);
		kill_queue_close(q);
		named_values_clear(&one);
		named_values_clear(&two);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_is_the_same_without),
		cmocka_unit_test(a_recording_keeps_them),
		cmocka_unit_test(of_others_only_simple_values_are_taken),
		cmocka_unit_test(there_is_a_most),
		cmocka_unit_test(block_and_environment_have_them),
		cmocka_unit_test(columns_are_chosen),
		cmocka_unit_test(a_wrong_column_changes_nothing),
		cmocka_unit_test(they_come_through_the_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
