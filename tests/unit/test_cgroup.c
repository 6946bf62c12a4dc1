/* Memory cgroups: which one a process is in, and what it and those above it allow. */
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "proc/cgroup.h"

static void finds_the_memory_cgroup(void **state)
{
	static const struct {
		const char *text;
		int version;
		const char *path;
	} cases[] = {
		{"0::/system.slice/shop.service\n", 2, "/system.slice/shop.service"},
		{"0::/", 2, "/"},
		{"9:name=systemd:/x\n4:memory:/shop:1\n0::/y\n", 1, "/shop:1"},
		{"0::/y\n4:cpu,memory:/shop\n3:cpuset:/z\n", 1, "/shop"},
		{"4:memory,cpu:/shop\n0::/y\n", 1, "/shop"},
		{"3:memoryless,cpu:/shop\n0::/y\n", 2, "/y"},
		{"3:cpu:/shop\n", -ENOENT, ""},
		{"4\n5:\nmemory\n", -ENOENT, ""},
		{"", -ENOENT, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf path = {0};

		assert_int_equal(cgroup_parse_memory(cases[i].text, &path), cases[i].version);
		assert_string_equal(strbuf_text(&path), cases[i].path);
	}
}

static void the_smallest_limit_counts(void **state)
{
	char top[] = "/tmp/oomtools-cgroup.XXXXXX", command[64];
	uint64_t limit;

	(void)state;
	assert_non_null(mkdtemp(top));
	put_file(top, "pod", NULL);
	put_file(top, "pod/a", NULL);
	put_file(top, "pod/a/leaf", NULL);
	put_file(top, "free", NULL);
	put_file(top, "pod/max", "67108864\n");
	put_file(top, "pod/a/max", "1009000448\n");
	put_file(top, "free/max", "max\n");
	/* The leaf has no such file, what is above it allows more, and above that less. */
	assert_int_equal(cgroup_memory_limit_at(top, "/pod/a/leaf", "max", &limit), 0);
	assert_int_equal(limit, 67108864);
	assert_int_equal(cgroup_memory_limit_at(top, "/free", "max", &limit), 0);
	assert_int_equal(limit, 0);
	assert_int_equal(cgroup_memory_limit_at(top, "/", "max", &limit), 0);
	assert_int_equal(limit, 0);
	put_file(top, "max", "9223372036854771712\n"); /* v1, unlimited */
	put_file(top, "pod/max", "1013000000\n");
	assert_int_equal(cgroup_memory_limit_at(top, "/pod/a", "max", &limit), 0);
	assert_int_equal(limit, 1009000448);
	put_file(top, "max", "4096\n");
	assert_int_equal(cgroup_memory_limit_at(top, "/pod/a", "max", &limit), 0);
	assert_int_equal(limit, 4096);
	assert_int_equal(cgroup_memory_limit_at(top, "/gone", "max", &limit), -ENOENT);
	assert_int_equal(cgroup_memory_limit_at(top, "/../pod", "max", &limit), -ENOENT);
	assert_int_equal(cgroup_memory_limit_at(top, "", "max", &limit), -ENOENT);
	snprintf(command, sizeof(command), "rm -r %s", top);
	assert_int_equal(system(command), 0);
	assert_int_equal(cgroup_memory_limit(0x7fffffff, &limit), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_memory_cgroup),
		cmocka_unit_test(the_smallest_limit_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
