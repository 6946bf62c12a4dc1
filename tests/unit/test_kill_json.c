/* Kills as JSON and back, in files and through filters. */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "oom/kill_filter.h"
#include "oom/kill_json.h"
#include "oom/kill_line.h"
#include "oom/kill_stacks.h"
#include "oom/kill_text.h"

/* Each field something of its own: what is forgotten, or taken for another, is seen. */
static void fill(const struct kill_table *tables, size_t n, void *base, uint64_t *number)
{
	for (size_t i = 0; i < n; i++)
		for (size_t f = 0; f < tables[i].count; f++) {
			void *at = (char *)base + tables[i].offset + tables[i].fields[f].offset;
			char text[32];

			++*number;
			switch (tables[i].fields[f].type) {
			case KILL_TEXT:
				snprintf(text, sizeof(text), "text\xff\n%d", (int)*number);
				assert_int_equal(kill_set_text(at, text, strlen(text)), 0);
				break;
			case KILL_UINT:
				*(uint64_t *)at = UINT64_MAX - 1 - *number;
				break;
			case KILL_INT:
				*(int64_t *)at = INT64_MIN + (int64_t)*number;
				break;
			case KILL_SHARE:
				*(double *)at = (double)*number / 4;
				break;
			case KILL_BOOL:
				*(bool *)at = true;
				break;
			case KILL_TIME:
				*(uint64_t *)at = UINT64_C(1795352607123000000);
				break;
			}
		}
}

static struct kill *full_kill(void)
{
	struct kill *k = kill_new();
	uint64_t number = 0;

	assert_non_null(k);
	fill(kill_tables, kill_tables_count, k, &number);
	for (int i = 0; i < 2; i++) {
		struct kill_member *m = kill_add_member(k);

		assert_non_null(m);
		fill(kill_member_tables, kill_member_tables_count, m, &number);
	}
	assert_int_equal(kill_stack_add(&k->victim_stack, "f file.c:3", 10), 0);
	assert_int_equal(kill_stack_add(&k->victim_stack, "g\xfe", 2), 0);
	assert_int_equal(kill_stack_add(&k->trigger_kernel_stack, "do_page_fault", 13), 0);
	k->trigger_kernel_stack.cut = true;
	assert_int_equal(kill_set_text(&k->trigger_user_stack.error, "gone", 4), 0);
	return k;
}

static struct kill *read_back(const char *line)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct kill *k = NULL;
	int r = kill_json_read(line, strlen(line), &k, &why);

	if (r < 0)
		print_message("%s\n", strbuf_text(&why));
	assert_int_equal(r, 0);
	return k;
}

static void there_and_back_is_the_same(void **state)
{
	_cleanup_strbuf_ struct strbuf one = {0}, two = {0}, line_one = {0}, line_two = {0};
	_cleanup_kill_ struct kill *k = full_kill(), *back = NULL;

	(void)state;
	assert_int_equal(kill_json_line(k, &one), 0);
	back = read_back(strbuf_text(&one));
	assert_int_equal(kill_json_line(back, &two), 0);
	assert_string_equal(strbuf_text(&one), strbuf_text(&two));
	assert_int_equal(kill_line(k, true, NULL, &line_one), 0);
	assert_int_equal(kill_line(back, true, NULL, &line_two), 0);
	assert_string_equal(strbuf_text(&line_one), strbuf_text(&line_two));
	assert_int_equal(back->n_members, 2);
	assert_string_equal(back->members[1].why, k->members[1].why);
	assert_string_equal(back->victim_stack.frames[1], "g\xfe");
	assert_string_equal(back->trigger_user_stack.error, "gone");
	assert_true(back->trigger_kernel_stack.cut);
}

static void unknown_is_null_and_stays_unknown(void **state)
{
	_cleanup_strbuf_ struct strbuf one = {0}, two = {0};
	_cleanup_kill_ struct kill *k = kill_new(), *back = NULL;

	(void)state;
	assert_int_equal(kill_json_line(k, &one), 0);
	assert_null(strstr(strbuf_text(&one), ":0"));
	assert_ptr_equal(strchr(one.data, '\n'), one.data + one.length - 1);
	back = read_back(strbuf_text(&one));
	assert_int_equal(kill_json_line(back, &two), 0);
	assert_string_equal(strbuf_text(&one), strbuf_text(&two));
}

/* A name without bytes is known to be empty; one that is not UTF-8 is replaced, and kept. */
static void names_are_exact(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_kill_ struct kill *k = kill_new(), *back = NULL;

	(void)state;
	k->victim.comm = strdup("a\"b\nc\xff");
	k->trigger.comm = strdup("");
	assert_int_equal(kill_json_line(k, &out), 0);
	assert_non_null(strstr(out.data, "\"victim_comm\":\"a\\\"b\\nc\xef\xbf\xbd\""));
	assert_non_null(strstr(out.data, "\"victim_comm_hex\":\"6122620a63ff\""));
	assert_null(strstr(out.data, "trigger_comm_hex"));
	back = read_back(out.data);
	assert_string_equal(back->victim.comm, "a\"b\nc\xff");
	assert_string_equal(back->trigger.comm, "");
}

static void what_others_write_is_understood(void **state)
{
	_cleanup_kill_ struct kill *k = NULL;

	(void)state;
	k = read_back("{ \"victim_pid\" : 12, \"of\": {\"others\": [1, {\"x\": null}]},"
		      "\"time\":\"2026-11-22T13:03:27Z\", \"victim_comm\":\"\\u00e9\\\":\","
		      "\"psi_some_avg10_percent\": 7, \"members\": null, \"order\": -1 }");
	assert_int_equal(k->victim.pid, 12);
	assert_int_equal(k->time_ns, UINT64_C(1795352607) * 1000000000);
	assert_string_equal(k->victim.comm, "\xc3\xa9\":");
	assert_true(k->machine.pressure_some_avg10 == 7);
	assert_int_equal(k->order, -1);
	assert_int_equal(k->trigger.pid, KILL_UNKNOWN);
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *line, *why;
	} cases[] = {
		{"", "cut off"},
		{"{}", "no kill: none of its keys is known here"},
		{"{\"x\":1}", "no kill: none of its keys is known here"},
		{"[1]", "no JSON object"},
		{"\"x\"", "no JSON object"},
		{"{\"victim_pid\":1", "cut off"},
		{"{\"victim_pid\":1} {}", "no JSON"},
		{"{\"victim_pid\":1,\"victim_pid\":1}", "an object with the same key twice"},
		{"{\"victim_pid\":1,\"members\":[{\"pid\":1,\"pid\":2}]}",
		 "an object with the same key twice"},
		{"{\"victim_pid\":\"1\"}", "victim_pid is not a whole number from 0 on"},
		{"{\"victim_pid\":1.5}", "victim_pid is not a whole number"},
		{"{\"victim_pid\":-1}", "victim_pid is not a whole number from 0 on"},
		{"{\"victim_pid\":18446744073709551615}", "victim_pid is too large a number"},
		{"{\"victim_pid\":1e400}", "victim_pid is not a whole number"},
		{"{\"order\":9223372036854775808}", "order is too large a number"},
		{"{\"order\":-9223372036854775808}", "order is too large a number"},
		{"{\"victim_comm\":1}", "victim_comm is not a text"},
		{"{\"victim_comm\":\"a\\u0000b\"}", "victim_comm is a text with a NUL"},
		{"{\"victim_comm_hex\":\"6\"}", "victim_comm_hex is not a text of hex"},
		{"{\"victim_comm_hex\":\"6g\"}", "victim_comm_hex is not a text of hex"},
		{"{\"victim_comm_hex\":\"00\"}", "victim_comm_hex is not a text of hex"},
		{"{\"is_over\":1}", "is_over is neither true nor false"},
		{"{\"psi_some_avg10_percent\":-1}", "psi_some_avg10_percent is not a number of"},
		{"{\"psi_some_avg10_percent\":\"1\"}", "psi_some_avg10_percent is not a number"},
		{"{\"time\":\"yesterday\"}", "time is not a time such as"},
		{"{\"time\":\"1969-12-31T23:59:59Z\"}", "time is not a time such as"},
		{"{\"time\":\"2026-11-22T13:03:27+01:00\"}", "time is not a time such as"},
		{"{\"time\":\"2026-11-22T13: 3:27Z\"}", "time is not a time such as"},
		{"{\"members\":{}}", "members is not an array"},
		{"{\"members\":[1]}", "members is not an array of objects"},
		{"{\"members\":[{\"pid\":\"x\"}]}", "pid is not a whole number"},
		{"{\"victim_stack\":\"x\"}", "victim_stack is not an array"},
		{"{\"victim_stack\":[null]}", "victim_stack is not a text"},
		{"{\"x\":[[[[[[[[[[]]]]]]]]]]}", "nested too deep"},
		{"{\"victim_comm\":\"\xff\"}", "no JSON"},
		{"nothing", "no JSON"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf why = {0};
		struct kill *k = NULL;

		print_message("%s\n", cases[i].line);
		assert_int_equal(kill_json_read(cases[i].line, strlen(cases[i].line), &k, &why),
				 -EBADMSG);
		assert_null(k);
		print_message("# %s\n", strbuf_text(&why));
		assert_memory_equal(strbuf_text(&why), cases[i].why, strlen(cases[i].why));
	}
}

static void set(char **at, const char *text)
{
	assert_int_equal(kill_set_text(at, text, strlen(text)), 0);
}

static bool passes(struct kill_filter f, const struct kill *k)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	bool result;

	assert_int_equal(kill_filter_prepare(&f, &why), 0);
	result = kill_filter_passes(&f, k);
	kill_filter_clear(&f);
	return result;
}

static struct kill *filter_sample(void)
{
	struct kill *k = kill_new();
	struct kill_member *m = kill_add_member(k);

	k->victim.pid = 10;
	k->victim.uid = 0;
	m->process.pid = 11;
	m->process.uid = 1000;
	set(&k->victim.comm, "fifteen-letters");
	set(&m->process.comm, "helper");
	set(&k->domain.kind, "memcg");
	set(&k->domain.memcg_path, "/kubepods/pod1");
	set(&k->victim.memcg_path, "/kubepods/pod1/box");
	set(&k->domain.container.name, "shop");
	set(&k->victim.container.id,
	    "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970");
	set(&k->victim.container.outer_id, "web");
	return k;
}

static void filters_by_process(void **state)
{
	_cleanup_kill_ struct kill *k = filter_sample(), *none = kill_new();
	const uint64_t ten[] = {9, 10}, eleven[] = {11}, twelve[] = {12}, root[] = {0},
		       other[] = {1};

	(void)state;
	assert_true(passes((struct kill_filter){0}, none));
	assert_true(passes((struct kill_filter){.pids = ten, .n_pids = 2}, k));
	assert_true(passes((struct kill_filter){.pids = eleven, .n_pids = 1}, k));
	assert_false(passes((struct kill_filter){.pids = twelve, .n_pids = 1}, k));
	assert_false(passes((struct kill_filter){.pids = ten, .n_pids = 2}, none));
	assert_true(passes((struct kill_filter){.uids = root, .n_uids = 1}, k));
	assert_false(passes((struct kill_filter){.uids = other, .n_uids = 1}, k));
	assert_true(passes((struct kill_filter){.name = "helper"}, k));
	assert_true(passes((struct kill_filter){.name = "fifteen-letters-and-more"}, k));
	assert_false(passes((struct kill_filter){.name = "fifteen"}, k));
	assert_false(passes((struct kill_filter){.name = "help"}, k));
	assert_false(passes(
		(struct kill_filter){.pids = ten, .n_pids = 2, .uids = other, .n_uids = 1}, k));
}

static void filters_by_place(void **state)
{
	static const struct {
		const char *cgroup;
		bool passes;
	} cgroups[] = {
		{"/kubepods/pod1", true},
		{"kubepods/pod1/", true},
		{"//kubepods//./pod1", true},
		{"/kubepods", true},
		{"/kubepods/pod1/box", true},
		{"/kubepods/pod", false},
		{"/kubepods/pod1/box/x", false},
		{"/", true},
		{"/pod1", false},
	};
	static const struct {
		const char *container;
		bool passes;
	} containers[] = {
		{"shop", true}, {"sho", false},	 {"4f79", true},  {"4f7", false}, {"web", true},
		{"we", false},	{"4f78", false}, {"797c", false}, {"", false},	  {"4F79", false},
	};
	_cleanup_kill_ struct kill *k = filter_sample(), *none = kill_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cgroups); i++) {
		print_message("%s\n", cgroups[i].cgroup);
		assert_int_equal(passes((struct kill_filter){.cgroup = cgroups[i].cgroup}, k),
				 cgroups[i].passes);
	}
	assert_true(passes((struct kill_filter){.cgroup = "/sys/fs/cgroup/kubepods"}, k) ||
		    passes((struct kill_filter){.cgroup = "/sys/fs/cgroup/memory/kubepods"}, k));
	assert_false(passes((struct kill_filter){.cgroup = "/"}, none));
	for (size_t i = 0; i < ARRAY_SIZE(containers); i++) {
		print_message("%s\n", containers[i].container);
		assert_int_equal(
			passes((struct kill_filter){.container = containers[i].container}, k),
			containers[i].passes);
	}
	assert_false(passes((struct kill_filter){.global = true}, k));
	assert_false(passes((struct kill_filter){.global = true}, none));
	set(&k->domain.kind, "machine");
	assert_true(passes((struct kill_filter){.global = true}, k));
}

static void dots_are_refused(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct kill_filter f = {.cgroup = "/a/../b"};

	(void)state;
	assert_int_equal(kill_filter_prepare(&f, &why), -EINVAL);
	assert_non_null(strstr(strbuf_text(&why), "'/a/../b' has '..' in it"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back_is_the_same),
		cmocka_unit_test(unknown_is_null_and_stays_unknown),
		cmocka_unit_test(names_are_exact),
		cmocka_unit_test(what_others_write_is_understood),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(filters_by_process),
		cmocka_unit_test(filters_by_place),
		cmocka_unit_test(dots_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
