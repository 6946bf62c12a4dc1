/*
 * Policies written as BPF text, run by the kernel on machines made by hand: what they are told of a
 * candidate, what they may answer, and what becomes of texts that are at fault. Needs root and BPF.
 */
#include "live/bpf_test.h"

#include <errno.h>

#include "bpf-src/oompolicy.h"
#include "rank/policy.h"
#include "rank/policy_text.h"

#define MANY 5003 /* more than there is room for at first */
#define GIB 1073741824ull
#define PID_MOST(n) (100 + (uint32_t)(n)-1)

struct scene {
	struct machine machine;
	struct machine_process *processes;
	struct machine_cgroup cgroups[3];
};

enum { ROOT, UNIT, OTHER };

/* PIDs from 100 on, the oldest first; every second one is in the unit. */
static void make(struct scene *s, size_t n)
{
	*s = (struct scene){.processes = calloc(n, sizeof(*s->processes))};
	assert_non_null(s->processes);
	s->cgroups[ROOT] = (struct machine_cgroup){.path = (char *)"/", .parent = MACHINE_NONE};
	s->cgroups[UNIT] =
		(struct machine_cgroup){.path = (char *)"/system.slice/postgresql.service",
					.parent = ROOT,
					.inode = 1009,
					.usage_bytes = 1013,
					.limit_bytes = 1019};
	s->cgroups[OTHER] = (struct machine_cgroup){
		.path = (char *)"/other", .parent = ROOT, .inode = 2003, .usage_bytes = 5};
	for (size_t i = 0; i < n; i++)
		s->processes[i] = (struct machine_process){
			.task = {.pid = 100 + (uint32_t)i,
				 .parent_pid = 1,
				 .threads = 1,
				 .start_ns = 1000 * (i + 1),
				 .mm = 1 + i,
				 .anon_pages = 10,
				 .memory_nodes = 1,
				 .comm = "worker"},
			.cgroup = i % 2 ? OTHER : UNIT,
			.oom_score = -1,
		};
	s->machine = (struct machine){
		.boottime_ns = 1000000000,
		.page_bytes = 4096,
		.memory = {.total_bytes = GIB, .available_bytes = GIB / 2},
		.cgroup_version = 2,
		.nodes = 1,
		.processes = s->processes,
		.n_processes = n,
		.cgroups = s->cgroups,
		.n_cgroups = ARRAY_SIZE(s->cgroups),
		.exact = true,
	};
}

static void note(const char *message, void *data)
{
	(void)data;
	printf("# %s\n", message);
}

/* A policy whose function's body that is; its text goes to TEXT, which must last. */
static int open_body(const char *body, struct policy_text *text, struct policy **ret,
		     struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf whole = {0};
	struct source source = {.file = "body.bpf.c"};
	struct policy_source policy = {.name = "body", .tool = "test", .version = "1", .log = note};

	strbuf_printf(&whole,
		      "#include \"oompolicy.bpf.h\"\n"
		      "OOM_POLICY(body, candidate, domain)\n"
		      "{\n"
		      "%s"
		      "}\n",
		      body);
	source.text = strbuf_text(&whole);
	assert_int_equal(policy_text_join(&source, text, why), 0);
	policy.text = (struct source){.text = text->text.data, .lines = text->lines};
	return policy_open_text(&policy, ret, why);
}

/* Whom does it choose? The PID, 0: nobody; what it says is in SAID, how many die in DIE. */
static uint32_t choose(const struct scene *s, const char *body, char said[static 128],
		       size_t *ret_die)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct policy_text text;
	struct policy_choice choice;
	struct policy *p;
	struct domain d;
	uint32_t pid;

	if (open_body(body, &text, &p, &why) < 0)
		fail_msg("%s", strbuf_text(&why));
	assert_string_equal(policy_name(p), "body");
	domain_of_machine(&s->machine, &d);
	if (policy_decide(p, &s->machine, &d, &choice, &why) < 0)
		fail_msg("%s", strbuf_text(&why));
	snprintf(said, 128, "%s", choice.why);
	*ret_die = choice.n_killed;
	pid = choice.process == SIZE_MAX ? 0 : s->processes[choice.process].task.pid;
	policy_choice_clear(&choice);
	policy_close(p);
	policy_text_free(&text);
	return pid;
}

static void asks_about_each(void **state)
{
	struct scene s;
	char said[128];
	size_t die;

	(void)state;
	make(&s, MANY);
	assert_int_equal(choose(&s, "	return candidate->pid == 4242 ? 7 : OOM_POLICY_SPARE;\n",
				said, &die),
			 4242);
	assert_string_equal(said, "score 7, spares 5002 of 5003");
	assert_int_equal(die, 1);
	/* Of equal ones the last; of domains it is told, too. */
	assert_int_equal(
		choose(&s, "	return domain->candidates + domain->total_pages;\n", said, &die),
		PID_MOST(MANY));
	assert_string_equal(said, "score 267147");
	assert_int_equal(choose(&s, "	return OOM_POLICY_SPARE;\n", said, &die), 0);
	assert_string_equal(said, "it spares all 5003: a kernel that asked it would then choose");
	assert_int_equal(die, 0);
	free(s.processes);
}

static void tells_the_facts(void **state)
{
	struct scene s;
	char said[128];
	size_t die;

	(void)state;
	make(&s, 7);
	s.processes[2].task = (struct oomrank_task){
		.pid = 102,
		.parent_pid = 17,
		.uid = 1009,
		.oom_score_adj = -7,
		.flags = OOMRANK_EXITING,
		.threads = 3,
		.start_ns = 999999000,
		.mm = s.processes[3].task.mm,
		.anon_pages = 2,
		.file_pages = 3,
		.shmem_pages = 5,
		.swap_pages = 7,
		.pgtables_bytes = 11 * 4096,
		.memory_nodes = 1,
		.comm = "a comm of 15 ch",
	};
	/* What is wrong says which. */
	assert_int_equal(
		choose(&s,
		       "	const struct oompolicy_candidate *c = candidate;\n"
		       "	if (c->pid != 102) return -1;\n"
		       "	if (c->parent_pid != 17) return 1;\n"
		       "	if (c->uid != 1009) return 2;\n"
		       "	if (c->oom_score_adj != -7) return 3;\n"
		       "	if (c->threads != 3) return 4;\n"
		       "	if (c->flags != (OOMPOLICY_EXITING | OOMPOLICY_SHARES_MEMORY)) "
		       "return 5;\n"
		       "	if (c->age_ns != 1000) return 6;\n"
		       "	if (c->anon_pages != 2 || c->file_pages != 3) return 7;\n"
		       "	if (c->shmem_pages != 5 || c->swap_pages != 7) return 8;\n"
		       "	if (c->pgtables_pages != 11) return 9;\n"
		       "	if (c->points != 28 - 7 * (262144 / 1000)) return 10;\n"
		       "	if (c->cgroup_id != 1009) return 11;\n"
		       "	if (c->cgroup_usage_bytes != 1013) return 12;\n"
		       "	if (c->cgroup_limit_bytes != 1019) return 13;\n"
		       "	if (!OOM_POLICY_IS(c->comm, \"a comm of 15 ch\")) return 14;\n"
		       "	if (!OOM_POLICY_IS(c->unit, \"postgresql.service\")) return 15;\n"
		       "	if (!OOM_POLICY_BEGINS(c->cgroup_path, \"/system.slice/\")) return "
		       "16;\n"
		       "	if (OOM_POLICY_IS(c->cgroup_path, \"/system.slice\")) return 17;\n"
		       "	if (OOM_POLICY_BEGINS(c->comm, \"a comm of 16\")) return 18;\n"
		       "	if (oom_policy_size(c) != 17) return 19;\n"
		       "	if (domain->page_bytes != 4096) return 20;\n"
		       "	if (domain->total_pages != 262144) return 21;\n"
		       "	if (domain->candidates != 7) return 22;\n"
		       "	if (domain->kind != OOMPOLICY_MACHINE) return 23;\n"
		       "	if (domain->limit_bytes != 1073741824) return 24;\n"
		       "	return 0;\n",
		       said, &die),
		102);
	assert_string_equal(said, "score 0");
	free(s.processes);
}

static void takes_all_answers(void **state)
{
	struct scene s;
	char said[128];
	size_t die;

	(void)state;
	make(&s, 8);
	/* Some nobody may kill: they are not asked about, nor do they die with their cgroup. */
	s.processes[0].task.oom_score_adj = -1000;
	s.processes[4].task.flags = OOMRANK_INIT;
	assert_int_equal(choose(&s,
				"	return candidate->pid == 102 ? "
				"OOM_POLICY_WHOLE_CGROUP(-5) : -6;\n",
				said, &die),
			 102);
	assert_string_equal(said, "score -5, whole cgroup");
	assert_int_equal(die, 2);
	assert_int_equal(choose(&s, "	return -(s64)candidate->pid;\n", said, &die), 101);
	assert_string_equal(said, "score -101");
	assert_int_equal(die, 1);
	/* It may say why, with a number. */
	assert_int_equal(
		choose(&s,
		       "	if (candidate->pid == 103)\n"
		       "		OOM_POLICY_BECAUSE(\"by bytes\", OOM_POLICY_BYTES, 1536);\n"
		       "	if (candidate->pid != 102) return OOM_POLICY_SPARE;\n"
		       "	OOM_POLICY_BECAUSE(\"not this\", OOM_POLICY_NUMBER, 1);\n"
		       "	OOM_POLICY_BECAUSE(\"no. 2\\a\", OOM_POLICY_PAGES, -3);\n"
		       "	return 1;\n",
		       said, &die),
		102);
	assert_string_equal(said, "no. 2\\x07 -12.0K, spares 5 of 6");
	/* Scores that are too large are cut. */
	assert_int_equal(choose(&s,
				"	return candidate->pid == 103 ? -(1ll << 62) : "
				"candidate->pid == 105 ? 1ll << 60 : 0;\n",
				said, &die),
			 105);
	assert_string_equal(said, "score 1152921504606846976");
	/* Those of a whole cgroup, too, and it stays one. */
	assert_int_equal(choose(&s,
				"	return candidate->pid == 103 ? OOM_POLICY_MOST - 1 : "
				"OOM_POLICY_WHOLE_CGROUP(candidate->pid == 102 ? 1ll << 61 : "
				"-(1ll << 61));\n",
				said, &die),
			 102);
	assert_string_equal(said, "score 1152921504606846976, whole cgroup");
	assert_int_equal(die, 2);
	free(s.processes);
}

static void says_what_is_wrong(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct policy_text text;
	struct policy *p;

	(void)state;
	/* What does not compile, and what the kernel refuses, at their lines. */
	assert_true(open_body("	return candidate->nonsense;\n", &text, &p, &why) < 0);
	assert_non_null(strstr(strbuf_text(&why), "body.bpf.c:4:"));
	assert_non_null(strstr(strbuf_text(&why), "nonsense"));
	policy_text_free(&text);
	strbuf_reset(&why);
	assert_true(open_body("	s64 n = 1;\n"
			      "	return n + *(volatile s64 *)candidate->age_ns;\n",
			      &text, &p, &why) < 0);
	assert_non_null(strstr(strbuf_text(&why), "body.bpf.c:5: the kernel's verifier refuses"));
	policy_text_free(&text);
}

/* One that was joined, and then lost a part of its frame. */
static void notices_a_broken_frame(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct policy_source source = {.name = "broken", .tool = "test", .version = "1"};
	struct policy_choice choice;
	struct policy_text text;
	struct policy *p;
	struct domain d;
	struct scene s;

	(void)state;
	assert_int_equal(open_body("	return candidate->points;\n", &text, &p, &why), 0);
	policy_close(p);
	/* Then it passes all by. */
	memcpy(strstr(text.text.data, "if (!key)"), "if (key) ", 9);
	source.text = (struct source){.text = text.text.data, .lines = text.lines};
	assert_int_equal(policy_open_text(&source, &p, &why), 0);
	make(&s, 3);
	domain_of_machine(&s.machine, &d);
	assert_true(policy_decide(p, &s.machine, &d, &choice, &why) < 0);
	assert_string_equal(strbuf_text(&why),
			    "the policy broken cannot be run: it did not answer for each process");
	policy_close(p);
	policy_text_free(&text);
	free(s.processes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_about_each),	  cmocka_unit_test(tells_the_facts),
		cmocka_unit_test(takes_all_answers),	  cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(notices_a_broken_frame),
	};
	int unavailable = bpf_test_unavailable();

	if (unavailable >= 0)
		return unavailable;
	return cmocka_run_group_tests(tests, bpf_test_setup, bpf_test_teardown);
}
