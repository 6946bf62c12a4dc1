/* A machine from files, and the texts in them. */
#include "unit/unit.h"

#include <errno.h>

#include "rank/machine_text.h"
#include "rank/ranking.h"

#define STATUS                                                                             \
	"Name:\tx\nUid:\t33 1 2 3\nVmRSS:\t 999 kB\nRssAnon:\t 400 kB\nRssFile:\t 80 kB\n" \
	"RssShmem:\t 12 kB\nVmPTE:\t 44 kB\nVmSwap:\t 8 kB\nThreads:\t2\n"                 \
	"Mems_allowed:\t00000001,00000000,80000003\nMems_allowed_list:\t0\n"

static void status(void **state)
{
	struct status_text s;

	(void)state;
	assert_int_equal(status_text_parse(STATUS, &s), 0);
	assert_int_equal(s.uid, 33);
	assert_int_equal(s.threads, 2);
	assert_true(s.has_memory);
	assert_int_equal(s.anon_kib, 400);
	assert_int_equal(s.file_kib, 80);
	assert_int_equal(s.shmem_kib, 12);
	assert_int_equal(s.swap_kib, 8);
	assert_int_equal(s.pgtables_kib, 44);
	assert_int_equal(s.memory_nodes, 0x80000003);
	/* A kernel thread, a zombie; a kernel without cpusets. */
	assert_int_equal(status_text_parse("Uid:\t0 0 0 0\nThreads:\t1\n", &s), 0);
	assert_false(s.has_memory);
	assert_true(s.memory_nodes == UINT64_MAX);
	/* A line is missing, or is none; too much for bytes. */
	assert_int_equal(status_text_parse("Uid:\t0\nThreads:\t1\nVmRSS:\t1 kB\n", &s), -EBADMSG);
	assert_int_equal(status_text_parse("Threads:\t1\n", &s), -EBADMSG);
	assert_int_equal(status_text_parse("", &s), -EBADMSG);
	assert_int_equal(status_text_parse("Uid:\t0\nThreads:\t1\nVmRSS:\t1\nRssAnon:\t"
					   "18446744073709551615 kB\n",
					   &s),
			 -EBADMSG);
}

static void other_texts(void **state)
{
	uint64_t pages[64] = {0}, nodes = 0, value;

	(void)state;
	zoneinfo_text_parse("Node 0, zone DMA\n        present  5\nNode 0, zone Normal\n"
			    "        present  7\n        managed  6\nNode 3, zone Normal\n"
			    "        present  2\nNode 70, zone Normal\n        present  1\n",
			    pages, &nodes);
	assert_int_equal(nodes, 9);
	assert_int_equal(pages[0], 12);
	assert_int_equal(pages[3], 2);
	assert_int_equal(stat_text_find("file_mapped 3\nfile 4096\n", "file", &value), 0);
	assert_int_equal(value, 4096);
	assert_int_equal(stat_text_find("file_mapped 3\n", "file", &value), -ENOENT);
	assert_true(limit_text_parse("4096\n", &value));
	assert_int_equal(value, 4096);
	assert_true(limit_text_parse("0\n", &value));
	assert_false(limit_text_parse("max\n", &value));
	assert_false(limit_text_parse("9223372036854771712\n", &value));
	assert_false(limit_text_parse("", &value));
	assert_int_equal(list_text_parse("0-2,5,63-80\n", &value), 0);
	assert_true(value == (UINT64_C(1) << 63 | 0x27));
	assert_int_equal(list_text_parse("5-1\n", &value), -EBADMSG);
	assert_int_equal(list_text_parse("\n", &value), 0);
	assert_int_equal(value, 0);
}

static void put_process(const char *top, const char *pid, const char *stat, const char *cgroup)
{
	static const char *const names[] = {"stat",	 "status",	  "cgroup",
					    "oom_score", "oom_score_adj", "cmdline"};
	const char *const texts[] = {stat, STATUS, cgroup, "670\n", "-7\n", "a\n"};
	char name[64];

	snprintf(name, sizeof(name), "proc/%s", pid);
	put_file(top, name, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(name, sizeof(name), "proc/%s/%s", pid, names[i]);
		put_file(top, name, texts[i]);
	}
}

#define STAT(pid, start)                                               \
#pid " (a) b) S 1 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 " #start \
	     " 4096 1 0 1 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

static void put_machine(const char *top)
{
	put_file(top, "proc", NULL);
	put_file(top, "proc/meminfo",
		 "MemTotal: 4096 kB\nMemAvailable: 1024 kB\nSwapTotal: 400 kB\nSwapFree: 4 kB\n");
	put_file(top, "proc/mounts", "none /cg cgroup2 rw 0 0\n");
	put_file(top, "captured", "time_ns 77\npage_bytes 4096\n");
	put_file(top, "cg", NULL);
	put_file(top, "cg/young", NULL);
	put_file(top, "cg/young/.inode", "900\n");
	put_file(top, "cg/young/memory.current", "5\n");
	put_file(top, "cg/young/memory.max", "409600\n");
	put_file(top, "cg/young/memory.swap.max", "0\n");
	put_file(top, "cg/young/memory.oom.group", "1\n");
	put_file(top, "cg/young/memory.stat", "file 4096\npgscan 3\n");
	put_file(top, "cg/bare", NULL);
	put_file(top, "cg/young/leaf", NULL);
	put_process(top, "30", STAT(30, 9), "0::/young/leaf\n");
	put_process(top, "20", STAT(20, 10), "0::/bare\n");
	put_file(top, "proc/10", NULL); /* ended while it was captured */
	put_file(top, "proc/1x", NULL);
}

static void from_files(void **state)
{
	char top[] = "/tmp/oomtools-machine.XXXXXX", command[64];
	_cleanup_strbuf_ struct strbuf why = {0};
	_cleanup_machine_ struct machine *m = NULL;
	const struct machine_process *p;
	struct domain d;

	(void)state;
	assert_non_null(mkdtemp(top));
	put_machine(top);
	assert_int_equal(machine_from_proc(top, &m, &why), 0);
	assert_int_equal(m->time_ns, 77);
	assert_int_equal(m->memory.total_bytes, 4096 * 1024);
	assert_int_equal(m->cgroup_version, 2);
	/* Without the controller a cgroup is none of memory, and those in it are in the next above.
	 */
	assert_int_equal(m->n_cgroups, 2);
	assert_string_equal(m->cgroups[1].path, "/young");
	assert_int_equal(m->cgroups[1].inode, 900);
	assert_true(m->cgroups[1].kills_group && m->cgroups[1].has_swap_limit);
	assert_int_equal(m->cgroups[1].file_bytes, 4096);
	assert_int_equal(m->cgroups[1].scanned_pages, 3);
	assert_int_equal(machine_find_cgroup(m, "/young"), 1);
	assert_int_equal(machine_find_cgroup(m, "/leaf"), MACHINE_NONE);
	assert_int_equal(m->vanished, 1);
	assert_int_equal(m->n_processes, 2);
	p = m->processes; /* the oldest first */
	assert_int_equal(p[0].task.pid, 30);
	assert_int_equal(p[0].cgroup, 1);
	assert_int_equal(p[1].cgroup, 0);
	assert_string_equal(p[0].task.comm, "a) b");
	assert_int_equal(p[0].task.anon_pages, 100);
	assert_int_equal(p[0].task.pgtables_bytes, 44 * 1024);
	assert_int_equal(p[0].task.oom_score_adj, -7);
	assert_int_equal(p[0].oom_score, 670);
	assert_int_equal(domain_of_cgroup(m, 1, &d), 0);
	assert_int_equal(d.total_pages, 100); /* no swap */
	domain_of_machine(m, &d);
	assert_int_equal(d.total_pages, 1024 + 100);
	snprintf(command, sizeof(command), "rm -r %s", top);
	assert_int_equal(system(command), 0);
}

static void nothing_there(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct machine *m;

	(void)state;
	assert_int_equal(machine_from_proc("/nowhere", &m, &why), -ENOENT);
	assert_string_equal(strbuf_text(&why),
			    "cannot read /nowhere/proc/meminfo: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status),
		cmocka_unit_test(other_texts),
		cmocka_unit_test(from_files),
		cmocka_unit_test(nothing_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
