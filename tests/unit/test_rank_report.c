/* The reports of oomrank, of a machine made by hand. The texts are tests/expected/rank-NAME.txt. */
#include "unit/unit.h"

#include <errno.h>

#include "base/file.h"
#include "rank/rank_changes.h"
#include "rank/rank_domains.h"
#include "rank/rank_json.h"
#include "rank/rank_kill.h"
#include "rank/rank_nodes.h"
#include "unit/rank_fixture.h"

/* Fails with what it was, so that it can be looked at and kept. */
static void expect(const char *name, const struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf path = {0}, expected = {0};
	const char *source = getenv("srcdir");

	strbuf_printf(&path, "%s/tests/expected/rank-%s.txt", source ? source : ".", name);
	(void)file_read(strbuf_text(&path), 1 << 20, &expected);
	if (strcmp(strbuf_text(out), strbuf_text(&expected)))
		fprintf(stderr, "--- %s\n%s", name, strbuf_text(out));
	assert_string_equal(strbuf_text(out), strbuf_text(&expected));
}

static int setup(void **state)
{
	(void)state;
	return setenv("TZ", "UTC", 1);
}

/* Ranked in the domain of /shop, or of the whole machine. */
static struct rank_report make(struct rank_view *v, struct ranking *r, bool shop)
{
	struct domain d;

	*v = (struct rank_view){.machine = fixture_machine(), .root = "/nowhere"};
	if (shop)
		assert_int_equal(domain_of_cgroup(v->machine, 1, &d), 0);
	else
		domain_of_machine(v->machine, &d);
	assert_int_equal(ranking_of(v->machine, &d, r), 0);
	return (struct rank_report){.view = v, .ranking = r, .rows = 20};
}

static void unmake(struct rank_view *v, struct ranking *r)
{
	ranking_clear(r);
	rank_view_clear(v);
}

static void test_text(void **state)
{
	static const struct {
		const char *name;
		bool shop, all;
		uint64_t rows;
	} cases[] = {
		{"machine", false, false, 20},
		{"all", false, true, 0},
		{"rows", false, false, 1},
		{"memcg", true, false, 20},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};
		struct rank_view v;
		struct ranking r;
		struct rank_report p = make(&v, &r, cases[i].shop);

		p.all = cases[i].all;
		p.rows = cases[i].rows;
		assert_int_equal(rank_report(&p, &out), 0);
		expect(cases[i].name, &out);
		for (const char *line = strtok(out.data, "\n"); line; line = strtok(NULL, "\n"))
			assert_true(strlen(line) <= 80);
		unmake(&v, &r);
	}
}

static void test_change(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0}, nothing = {0}, json = {0};
	struct rank_view before, now;
	struct ranking ranking_before, ranking;
	struct rank_report p = make(&before, &ranking_before, false);

	(void)state;
	p = make(&now, &ranking, false);
	p.before = &before;
	p.ranking_before = &ranking_before;
	assert_int_equal(rank_report_changes(&p, &nothing), 0);
	assert_int_equal(rank_json_changes(&p, &nothing), 0);
	assert_string_equal(strbuf_text(&nothing), "");
	/* The agent grows, the shell goes and its PID is somebody else's, memory goes down. */
	now.machine->processes[P_AGENT].task.anon_pages += 5000 * MIB_PAGES;
	now.machine->processes[P_SHELL].task.start_ns++;
	now.machine->memory.available_bytes -= 100 << 20;
	ranking_clear(&ranking);
	assert_int_equal(ranking_of(now.machine, &ranking_before.domain, &ranking), 0);
	p.all = true;
	assert_int_equal(rank_report_changes(&p, &out), 0);
	expect("changes", &out);
	assert_int_equal(rank_json_changes(&p, &json), 0);
	assert_non_null(strstr(strbuf_text(&json), "\"change\":\"gone\""));
	assert_non_null(strstr(strbuf_text(&json), "\"change\":\"new\""));
	assert_non_null(strstr(strbuf_text(&json), "\"change\":\"moved\""));
	unmake(&now, &ranking);
	unmake(&before, &ranking_before);
}

/* Between that machine and one where PROCESS has so many pages more (or is gone, if it would have
 * none): "moved 3003, gone 3001". */
static void expect_changes(size_t process, int64_t pages, const char *words)
{
	_cleanup_strbuf_ struct strbuf told = {0};
	struct rank_view before, now;
	struct ranking ranking_before, ranking;
	struct rank_report p = make(&before, &ranking_before, false);
	struct rank_changes changes;
	struct oomrank_task *task;

	p = make(&now, &ranking, false);
	p.before = &before;
	p.ranking_before = &ranking_before;
	task = &now.machine->processes[process].task;
	task->anon_pages += (uint64_t)pages;
	if (!task->anon_pages)
		task->pid++;
	ranking_clear(&ranking);
	assert_int_equal(ranking_of(now.machine, &ranking_before.domain, &ranking), 0);
	assert_int_equal(rank_changes_find(&p, &changes), 0);
	for (size_t i = 0; i < changes.count; i++) {
		const struct rank_change *c = &changes.list[i];
		bool gone = c->kind == RANK_CHANGE_GONE;
		const struct ranking_row *row =
			gone ? &ranking_before.rows[c->row] : &ranking.rows[c->row];

		strbuf_printf(&told, "%s%s %u", i ? ", " : "", rank_change_name(c->kind),
			      (gone ? &before : &now)->machine->processes[row->process].task.pid);
	}
	assert_string_equal(strbuf_text(&told), words);
	rank_changes_clear(&changes);
	unmake(&now, &ranking);
	unmake(&before, &ranking_before);
}

/* Without -a. The victim has 208100 points, batch 51400 and bash, the next one, 771. */
static void test_what_matters(void **state)
{
	const int64_t mib = (int64_t)MIB_PAGES;

	(void)state;
	expect_changes(P_BATCH, 0, "");
	/* Who is small beside the victim may come and go. */
	expect_changes(P_SHELL, -3 * mib, "");
	expect_changes(P_SHELL, mib, "");
	/* That others come up by one is no change; that one overtakes another is its own. */
	expect_changes(P_BATCH, -200 * mib, "gone 3001");
	expect_changes(P_SHELL, 300 * mib, "moved 3003");
	/* Not the place alone: a hundredth of all memory, be it exempt. */
	expect_changes(P_BATCH, 10 * mib, "");
	expect_changes(P_BATCH, 60 * mib, "grown 3001");
	expect_changes(P_BATCH, -60 * mib, "shrunk 3001");
	expect_changes(P_DB, 60 * mib, "grown 1043");
	/* Another victim, and who dies with it. */
	expect_changes(P_BATCH, 700 * mib, "moved 3001, moved 2001, moved 2003, moved 2002");
}

static void test_why(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	static const uint32_t pids[] = {1, 612, 2001, 2002, 3001, 3003};
	struct rank_view v;
	struct ranking r;
	struct rank_report p = make(&v, &r, false);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		assert_int_equal(rank_report_why(&p, rank_view_find(&v, &r, pids[i]), &out), 0);
	assert_int_equal(rank_view_find(&v, &r, 4711), SIZE_MAX);
	expect("why", &out);
	unmake(&v, &r);
}

static void test_domains(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct rank_domain *domains;
	struct rank_view v;
	struct ranking r;
	size_t n;

	(void)state;
	make(&v, &r, false);
	assert_int_equal(rank_domains(v.machine, &domains, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(rank_domains_text(&v, domains, n, 80, &out), 0);
	assert_int_equal(rank_domains_json(&v, domains, n, &out), 0);
	expect("domains", &out);
	rank_domains_free(domains, n);
	unmake(&v, &r);
}

/* Each key of an object is one that a member of an edited probe may not have, and the other way. */
static void test_keys(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	size_t n = 0;
	struct rank_view v;
	struct ranking r;
	struct rank_report p = make(&v, &r, false);

	(void)state;
	assert_int_equal(rank_json_row(&p, 0, "new", &out), 0);
	for (char *at = out.data; (at = strstr(at, "\":")); at++) {
		char *start = at;

		while (start[-1] != '"')
			start--;
		*at = '\0';
		if (!rank_json_has_key(start))
			print_error("%s\n", start);
		assert_true(rank_json_has_key(start));
		n++;
	}
	assert_int_equal(n, rank_json_keys_count);
	assert_true(rank_json_has_key("PID"));
	assert_false(rank_json_has_key("pids"));
	unmake(&v, &r);
}

static void test_kill(void **state)
{
	struct rank_view v;
	struct ranking r;
	struct kill *k;

	(void)state;
	make(&v, &r, true);
	assert_int_equal(rank_kill(&v, &r, r.victim, &k), 0);
	assert_int_equal(k->victim.pid, 2001);
	assert_string_equal(k->domain.memcg_path, "/shop");
	assert_int_equal(k->domain.memcg_limit_bytes, GIB);
	assert_int_equal(k->victim.rss_bytes, 300 << 20);
	assert_int_equal(k->n_members, 2);
	assert_string_equal(k->members[0].why, "shares memory");
	assert_string_equal(k->members[1].why, "memory.oom.group");
	kill_free(k);
	unmake(&v, &r);
}

static void test_nodes(void **state)
{
	static const char *const bad[] = {"", "x", "-1", "0-", "1-0", "0,", "0,,1", "0 1", "0-64x"};
	uint64_t nodes;

	(void)state;
	assert_int_equal(rank_nodes_parse("0-1,4\n", &nodes), 0);
	assert_int_equal(nodes, 0x13);
	assert_int_equal(rank_nodes_parse("63", &nodes), 0);
	assert_int_equal(nodes, UINT64_C(1) << 63);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(rank_nodes_parse(bad[i], &nodes), -EINVAL);
	assert_int_equal(rank_nodes_parse("0,64", &nodes), -ERANGE);
	assert_int_equal(rank_nodes_parse("1-99999999999999999999", &nodes), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),	     cmocka_unit_test(test_change),
		cmocka_unit_test(test_what_matters), cmocka_unit_test(test_why),
		cmocka_unit_test(test_domains),	     cmocka_unit_test(test_keys),
		cmocka_unit_test(test_kill),	     cmocka_unit_test(test_nodes),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
