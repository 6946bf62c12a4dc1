/* What the machine says of itself: memory, pressure, room in cgroups, the lines above a table. */
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "alloc/system_lines.h"
#include "proc/cgroup_memory.h"
#include "proc/meminfo.h"
#include "proc/pressure.h"

static const char meminfo[] = "MemTotal:       24609332 kB\n"
			      "MemFree:        21012345 kB\n"
			      "MemAvailable:   23001111 kB\n"
			      "SwapCached:            3 kB\n"
			      "SwapTotal:       2097152 kB\n"
			      "SwapFree:        1048576 kB\n";
static const char pressure[] = "some avg10=0.12 avg60=3.40 avg300=5.06 total=7008\n"
			       "full avg10=0.01 avg60=0.20 avg300=0.30 total=1009\n";

static void memory(void **state)
{
	struct meminfo m;

	(void)state;
	assert_int_equal(meminfo_parse(meminfo, &m), 0);
	assert_int_equal(m.total_bytes, 24609332ull * 1024);
	assert_int_equal(m.available_bytes, 23001111ull * 1024);
	assert_int_equal(m.swap_total_bytes, 2097152ull * 1024);
	assert_int_equal(m.swap_free_bytes, 1048576ull * 1024);
	assert_int_equal(meminfo_parse("", &m), -EBADMSG);
	assert_int_equal(meminfo_parse("MemTotal: x kB\n", &m), -EBADMSG);
	assert_int_equal(meminfo_parse(strchr(meminfo, '\n'), &m), -EBADMSG);
	assert_int_equal(meminfo_read("/nowhere", &m), -ENOENT);
	assert_int_equal(meminfo_read("", &m), 0);
	assert_true(m.total_bytes >= m.available_bytes);
}

static void stalls(void **state)
{
	struct pressure p;

	(void)state;
	assert_int_equal(pressure_parse(pressure, &p), 0);
	assert_true(p.some.avg10 > 0.119 && p.some.avg10 < 0.121);
	assert_true(p.some.avg300 > 5.05 && p.full.avg60 < 0.21);
	assert_int_equal(p.some.total_us, 7008);
	assert_int_equal(p.full.total_us, 1009);
	/* As "cpu" was before Linux 5.13. */
	assert_int_equal(pressure_parse("some avg10=1.00 avg60=0.00 avg300=0.00 total=3\n", &p), 0);
	assert_int_equal(p.full.total_us, 0);
	assert_int_equal(pressure_parse("some avg10=1.00\n", &p), -EBADMSG);
	assert_int_equal(pressure_parse("", &p), -EBADMSG);
	assert_int_equal(pressure_read("/nowhere", "memory", &p), -ENOENT);
}

static void discard(const char *top)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", top);
	assert_int_equal(system(command), 0);
}

static void lines(void **state)
{
	char top[] = "/tmp/oomtools-system.XXXXXX";
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	setenv("TZ", "UTC", 1);
	assert_non_null(mkdtemp(top));
	put_file(top, "proc", NULL);
	assert_int_equal(system_lines(top, 3723000000000ull, 0, &out), 0);
	assert_string_equal(strbuf_text(&out), "01:02:03\n");
	put_file(top, "proc/loadavg", "0.20 0.18 0.12 1/80 11206\n");
	put_file(top, "proc/meminfo", meminfo);
	strbuf_reset(&out);
	assert_int_equal(system_lines(top, 3723000000000ull, 1, &out), 0);
	assert_string_equal(strbuf_text(&out),
			    "1970-01-01 01:02:03.000 loadavg: 0.20 0.18 0.12 1/80 11206\n"
			    "mem 21.9G of 23.5G available, swap 1.0G of 2.0G used\n");
	put_file(top, "proc/pressure", NULL);
	put_file(top, "proc/pressure/memory", pressure);
	strbuf_reset(&out);
	assert_int_equal(system_lines(top, 3723000000000ull, 0, &out), 0);
	assert_string_equal(strbuf_text(&out),
			    "01:02:03 loadavg: 0.20 0.18 0.12 1/80 11206\n"
			    "mem 21.9G of 23.5G available, swap 1.0G of 2.0G used, PSI some 0.12% "
			    "full 0.01%\n");
	discard(top);
}

static void names_of_cgroups(void **state)
{
	char top[] = "/tmp/oomtools-system.XXXXXX", name[128];
	struct cgroup_memory c = {.version = 2, .mount_point = top};
	static const struct {
		const char *name, *path;
	} cases[] = {
		{"pod", "/pod"}, {"/pod", "/pod"}, {"/pod/leaf/", "/pod/leaf"},
		{"/", "/"},	 {"link", "/pod"}, {"pod/../pod/leaf", "/pod/leaf"},
		{"gone", NULL},	 {"..", NULL},	   {"file", NULL},
	};

	(void)state;
	assert_non_null(mkdtemp(top));
	put_file(top, "pod", NULL);
	put_file(top, "pod/leaf", NULL);
	put_file(top, "file", "");
	snprintf(name, sizeof(name), "%s/link", top);
	assert_int_equal(symlink("pod", name), 0);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf path = {0}, why = {0};
		const char *want = cases[i / 2].path;

		/* As a path below the mount point, and as the directory. */
		snprintf(name, sizeof(name), "%s%s%s", i % 2 ? top : "", i % 2 ? "/" : "",
			 cases[i / 2].name);
		assert_int_equal(cgroup_memory_resolve(&c, name, &path, &why), want ? 0 : -ENOENT);
		if (want)
			assert_string_equal(strbuf_text(&path), want);
		else
			assert_non_null(strstr(strbuf_text(&why), "no memory cgroup"));
	}
	discard(top);
	assert_true(cgroup_is_below("/a/b", "/a"));
	assert_true(cgroup_is_below("/a", "/a"));
	assert_true(cgroup_is_below("/a", "/"));
	assert_false(cgroup_is_below("/ab", "/a"));
	assert_false(cgroup_is_below("/", "/a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory),
		cmocka_unit_test(stalls),
		cmocka_unit_test(lines),
		cmocka_unit_test(names_of_cgroups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
