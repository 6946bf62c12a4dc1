/* The block of oomkill -x, for kills of each kind. The texts are tests/expected/explain-NAME.txt.
 */
#include "unit/unit.h"

#include "base/file.h"
#include "oom/kill_explain.h"

#define ID "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
#define UID "7b2f1c9e-5a00-11e9-b385-42010a80018d"
#define POD                                         \
	"/kubepods.slice/kubepods-burstable.slice/" \
	"kubepods-burstable-pod7b2f1c9e_5a00_11e9_b385_42010a80018d.slice"
#define SCOPE "cri-containerd-" ID ".scope"
#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define MS UINT64_C(1000000)

static char *text(const char *s)
{
	char *copy = strdup(s);

	assert_non_null(copy);
	return copy;
}

/* Fails with what the block was, so that it can be looked at and kept. */
static void expect(const char *name, struct kill *k)
{
	_cleanup_strbuf_ struct strbuf path = {0}, expected = {0}, out = {0};
	const char *source = getenv("srcdir");

	strbuf_printf(&path, "%s/tests/expected/explain-%s.txt", source ? source : ".", name);
	assert_int_equal(kill_explain(k, &out), 0);
	(void)file_read(strbuf_text(&path), 1 << 20, &expected);
	if (strcmp(strbuf_text(&out), strbuf_text(&expected)))
		fprintf(stderr, "--- %s\n%s", name, strbuf_text(&out));
	assert_string_equal(strbuf_text(&out), strbuf_text(&expected));
	/* Pages are no unit for people. */
	assert_null(strstr(strbuf_text(&out), " pages"));
	kill_free(k);
}

static struct kill *new_kill(void)
{
	struct kill *k = kill_new();

	assert_non_null(k);
	k->victim.pid = k->victim.tid = 8614;
	k->victim.comm = text("leakyserver");
	k->trigger.pid = k->trigger.tid = 4711;
	k->trigger.comm = text("nginx");
	k->order = 0;
	return k;
}

static void add_memory(struct kill_process *p, uint64_t anon)
{
	p->anon_bytes = anon;
	p->file_bytes = 4 * MIB;
	p->shmem_bytes = 64 * KIB;
	p->rss_bytes = anon + 4 * MIB + 64 * KIB;
	p->swap_bytes = 3 * MIB;
	p->pgtables_bytes = 224 * KIB;
	p->peak_rss_bytes = p->rss_bytes + MIB;
	p->locked_bytes = 0;
}

static void add_victim(struct kill *k, uint64_t anon)
{
	struct kill_process *v = &k->victim;

	add_memory(v, anon);
	v->uid = 1009;
	v->oom_score_adj = 0;
	v->parent_pid = 8575;
	v->parent_comm = text("containerd-shim");
	v->age_ns = 4300 * MS;
	v->threads = 21;
	v->command_line = text("./leakyserver --listen 0.0.0.0:8080 --cache 4g");
	k->points = (int64_t)((v->rss_bytes + v->swap_bytes + v->pgtables_bytes) / 4096);
}

static void add_machine(struct kill *k, uint64_t available)
{
	struct kill_machine *m = &k->machine;

	m->total_bytes = 8 * GIB;
	m->available_bytes = available;
	m->swap_total_bytes = 2 * GIB;
	m->swap_free_bytes = 20 * MIB;
	m->loadavg = text("2.46 2.20 1.56 7/110 8634");
	m->pressure_some_avg10 = 38.12;
	m->pressure_some_avg60 = 12;
	m->pressure_some_avg300 = 3.01;
	m->pressure_full_avg10 = 30.11;
	m->pressure_full_avg60 = 9.1;
	m->pressure_full_avg300 = 2.2;
}

static void add_course(struct kill *k)
{
	k->course.signalled_ns = 210000;
	k->course.exited_ns = 12 * MS;
	k->course.freed_ns = 14 * MS;
	k->course.freed_bytes = 67 * MIB;
	k->course.complete = true;
}

static void add_domain(struct kill *k, const char *kind, uint64_t bytes)
{
	k->domain.kind = text(kind);
	k->domain.bytes = bytes;
	k->domain.pages = bytes / 4096;
}

static void add_allocation(struct kill *k, const char *flags, int64_t order)
{
	k->gfp_flags = text(flags);
	k->gfp_mask = 0xcc0;
	k->order = order;
}

static void add_container(struct kill_container *c)
{
	c->id = text(ID);
	c->runtime = text("containerd");
	c->name = text("shop");
	c->pod_uid = text(UID);
	c->pod_name = text("shop-0");
	c->pod_namespace = text("prod");
	c->pod_qos = text("burstable");
	c->unit = text(SCOPE);
}

/* A container at its limit; the trigger is a thread of the victim. */
static struct kill *memcg_kill(void)
{
	struct kill *k = new_kill();
	struct kill_domain *d = &k->domain;

	add_victim(k, 60 * MIB);
	add_machine(k, 3 * GIB);
	add_course(k);
	add_domain(k, "memcg", 64 * MIB);
	add_allocation(k, "GFP_KERNEL", 0);
	k->trigger.pid = k->victim.pid;
	k->trigger.tid = 8620;
	d->memcg_path = text(POD "/" SCOPE);
	d->memcg_version = 2;
	d->memcg_limit_bytes = d->memcg_usage_bytes = 64 * MIB;
	d->memcg_failcnt = 1042;
	d->memcg_swap_usage_bytes = 3 * MIB;
	d->memcg_swap_limit_bytes = UINT64_MAX - 1;
	d->memcg_oom_kill_events = 3;
	k->course.memcg_usage_bytes = 500 * KIB;
	k->victim.memcg_path = text(POD "/" SCOPE);
	k->victim.pid_in_namespace = 1;
	add_container(&d->container);
	add_container(&k->victim.container);
	return k;
}

static void explains_a_memcg(void **state)
{
	(void)state;
	expect("memcg", memcg_kill());
}

/* A pod is full, one of its containers is hit; cgroup v1, and the memory goes slowly. */
static void explains_a_pod(void **state)
{
	struct kill *k = memcg_kill();
	struct kill_container *c = &k->domain.container;

	(void)state;
	free(k->domain.memcg_path);
	k->domain.memcg_path = text(POD);
	k->domain.memcg_version = 1;
	k->domain.memcg_swap_limit_bytes = 128 * MIB;
	k->domain.memcg_oom_kill_events = 0;
	k->domain.memcg_failcnt = 1;
	free(STEAL(c->id));
	free(STEAL(c->name));
	free(STEAL(c->runtime));
	free(c->unit);
	c->unit = text("kubepods-burstable-pod7b2f1c9e_5a00_11e9_b385_42010a80018d.slice");
	k->course.complete = false;
	k->course.freed_ns = k->course.exited_ns = KILL_UNKNOWN;
	k->course.reaped_ns = 2100 * MS;
	k->course.reaped_bytes = 12 * MIB;
	expect("pod", k);
}

static void explains_the_machine(void **state)
{
	struct kill *k = new_kill();

	(void)state;
	add_victim(k, 7 * GIB);
	add_machine(k, 100 * MIB);
	add_course(k);
	add_domain(k, "machine", 10 * GIB);
	add_allocation(k, "GFP_HIGHUSER_MOVABLE|__GFP_COMP", 0);
	k->trigger.uid = 33;
	k->trigger.rss_bytes = 12 * MIB;
	k->trigger.oom_score_adj = -500;
	k->trigger.memcg_path = text("/system.slice/nginx.service");
	k->victim.memcg_path = text("/user.slice/user-1009.slice/session-2.scope");
	k->course.exited_ns = 15 * MS;
	k->victim.container.unit = text("session-2.scope");
	expect("machine", k);
}

static void explains_nodes(void **state)
{
	struct kill *k = new_kill();

	(void)state;
	add_victim(k, GIB);
	add_machine(k, 6 * GIB);
	add_domain(k, "cpuset", 3 * GIB);
	add_allocation(k, "GFP_KERNEL|__GFP_THISNODE|__GFP_NOFAIL", 3);
	k->domain.nodes = text("0-1,4");
	expect("cpuset", k);

	k = new_kill();
	add_victim(k, GIB);
	add_machine(k, GIB);
	add_domain(k, "mempolicy", 3 * GIB);
	add_allocation(k, "GFP_USER|__GFP_ACCOUNT", 0);
	expect("mempolicy", k);
}

static void explains_sysrq(void **state)
{
	struct kill *k = new_kill();

	(void)state;
	add_victim(k, GIB);
	add_machine(k, GIB);
	add_domain(k, "machine", 10 * GIB);
	add_allocation(k, "GFP_KERNEL", -1);
	expect("sysrq", k);
}

static void explains_who_asked(void **state)
{
	struct kill *k = new_kill();

	(void)state;
	add_victim(k, GIB);
	add_machine(k, GIB);
	add_course(k);
	add_domain(k, "machine", 10 * GIB);
	add_allocation(k, "GFP_KERNEL", 0);
	k->trigger.pid = k->victim.pid;
	k->points = KILL_UNKNOWN_INT;
	expect("allocating", k);
}

static void explains_the_unknown(void **state)
{
	struct kill *k = kill_new();

	(void)state;
	assert_non_null(k);
	expect("unknown", k);
}

static void is_harmless(void **state)
{
	static const char bad[] = "a\033[2J\n'\"\\\xff\xe2\x80\xae b";
	struct kill *k = memcg_kill();
	char **const texts[] = {
		&k->victim.comm,
		&k->trigger.comm,
		&k->victim.parent_comm,
		&k->victim.command_line,
		&k->victim.memcg_path,
		&k->domain.memcg_path,
		&k->gfp_flags,
		&k->machine.loadavg,
		&k->domain.container.id,
		&k->domain.container.name,
		&k->domain.container.runtime,
		&k->domain.container.pod_name,
		&k->domain.container.pod_qos,
		&k->domain.container.unit,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		free(*texts[i]);
		*texts[i] = text(bad);
	}
	assert_non_null(kill_add_member(k));
	k->members[0].why = text(bad);
	k->members[0].process.comm = text(bad);
	expect("hostile", k);
}

static void add_members(struct kill *k, int n, const char *why)
{
	for (int i = 0; i < n; i++) {
		struct kill_member *m = kill_add_member(k);

		assert_non_null(m);
		m->why = text(why);
		m->process.pid = (uint64_t)(9001 + i);
		m->process.comm = text("worker");
		add_memory(&m->process, 3 * MIB);
	}
}

static void explains_a_group(void **state)
{
	struct kill *k = memcg_kill();

	(void)state;
	add_members(k, 200, "memory.oom.group");
	expect("group", k);

	k = memcg_kill();
	add_members(k, 1, "shares memory");
	expect("shared", k);
}

static void explains_the_score(void **state)
{
	struct kill *k = memcg_kill();

	(void)state;
	add_memory(&k->victim, 20 * MIB);
	k->victim.oom_score_adj = 998;
	k->points = (int64_t)(27 * MIB / 4096) + 998 * (int64_t)(k->domain.pages / 1000);
	expect("adjusted", k);

	k = memcg_kill();
	k->victim.oom_score_adj = -500;
	k->points -= 500 * (int64_t)(k->domain.pages / 1000);
	k->course.memcg_usage_bytes = 63 * MIB;
	expect("protected", k);
}

/* Nothing overflows, and a long command line is cut in the middle. */
static void bears_huge_numbers(void **state)
{
	struct kill *k = memcg_kill();
	_cleanup_strbuf_ struct strbuf command = {0};

	(void)state;
	k->domain.bytes = k->domain.pages = UINT64_MAX - 1;
	k->domain.memcg_limit_bytes = UINT64_MAX - 1;
	k->victim.rss_bytes = k->victim.swap_bytes = UINT64_MAX - 1;
	k->victim.pid = k->victim.age_ns = k->victim.threads = UINT64_MAX - 1;
	k->victim.oom_score_adj = INT64_MAX;
	k->points = INT64_MAX;
	k->order = INT64_MAX;
	k->course.freed_ns = k->course.freed_bytes = UINT64_MAX - 1;
	strbuf_puts(&command, "/usr/lib/jvm/java-17-openjdk-amd64/bin/java");
	for (int i = 0; i < 100; i++)
		strbuf_printf(&command, " -Dsome.property.%d=\xc3\xa4", i);
	strbuf_puts(&command, " -jar /opt/shop/shop.jar");
	free(k->victim.command_line);
	k->victim.command_line = strbuf_steal(&command);
	k->victim.command_line_cut = true;
	add_members(k, 2, "memory.oom.group");
	k->members[0].process.rss_bytes = UINT64_MAX - 1;
	expect("huge", k);

	/* One word of 4000 letters. */
	k = memcg_kill();
	for (int i = 0; i < 4000; i++)
		strbuf_puts(&command, "\xc3\xa4");
	free(k->victim.command_line);
	k->victim.command_line = strbuf_steal(&command);
	expect("word", k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explains_a_memcg),	cmocka_unit_test(explains_a_pod),
		cmocka_unit_test(explains_the_machine), cmocka_unit_test(explains_nodes),
		cmocka_unit_test(explains_sysrq),	cmocka_unit_test(explains_who_asked),
		cmocka_unit_test(explains_the_unknown), cmocka_unit_test(is_harmless),
		cmocka_unit_test(explains_a_group),	cmocka_unit_test(explains_the_score),
		cmocka_unit_test(bears_huge_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
