/* Memory cgroups: which one a process is in, and what it and those above it allow. */
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "proc/cgroup.h"
#include "proc/cgroup_memory.h"

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

/* The limit with the least room counts, be it the larger one; and which is the smallest is told. */
static void room(void **state)
{
	char top[] = "/tmp/oomtools-cgroup.XXXXXX", command[64];
	struct cgroup_memory c = {.version = 2, .mount_point = top};
	struct cgroup_room r = {1, 1, 1};

	(void)state;
	assert_non_null(mkdtemp(top));
	put_file(top, "pod", NULL);
	put_file(top, "pod/leaf", NULL);
	put_file(top, "pod/leaf/sub", NULL);
	put_file(top, "pod/leaf/memory.max", "67108864\n");
	put_file(top, "pod/leaf/memory.current", "1048576\n");
	assert_int_equal(cgroup_memory_room(&c, "/pod", &r), 0);
	assert_int_equal(r.limit_bytes, 0);
	assert_int_equal(r.smallest_limit_bytes, 0);
	assert_int_equal(cgroup_memory_room(&c, "/pod/leaf/sub", &r), 0);
	assert_int_equal(r.limit_bytes, 67108864);
	assert_int_equal(r.used_bytes, 1048576);
	put_file(top, "pod/memory.max", "1073741824\n");
	put_file(top, "pod/memory.current", "1073741823\n");
	assert_int_equal(cgroup_memory_room(&c, "/pod/leaf", &r), 0);
	assert_int_equal(r.limit_bytes, 1073741824);
	assert_int_equal(r.used_bytes, 1073741823);
	assert_int_equal(r.smallest_limit_bytes, 67108864);
	put_file(top, "pod/memory.current", "2073741823\n"); /* lowered below what is used */
	assert_int_equal(cgroup_memory_room(&c, "/pod/leaf", &r), 0);
	assert_int_equal(r.used_bytes, 2073741823);
	assert_int_equal(cgroup_memory_room(&c, "/gone", &r), -ENOENT);
	assert_int_equal(cgroup_memory_room(&c, "/../pod", &r), -ENOENT);
	assert_int_equal(cgroup_memory_room(&c, "", &r), -ENOENT);
	assert_int_equal(cgroup_memory_room(&c, "/", &r), 0);
	assert_int_equal(r.smallest_limit_bytes, 0);
	c.version = 1;
	put_file(top, "pod/leaf/memory.limit_in_bytes", "9223372036854771712\n");
	put_file(top, "pod/memory.limit_in_bytes", "4096\n");
	put_file(top, "pod/memory.usage_in_bytes", "1024\n");
	assert_int_equal(cgroup_memory_room(&c, "/pod/leaf", &r), 0);
	assert_int_equal(r.limit_bytes, 4096);
	assert_int_equal(r.used_bytes, 1024);
	assert_int_equal(r.smallest_limit_bytes, 4096);
	c.version = 0;
	assert_int_equal(cgroup_memory_room(&c, "/pod", &r), -ENOENT);
	snprintf(command, sizeof(command), "rm -r %s", top);
	assert_int_equal(system(command), 0);
	assert_int_equal(cgroup_memory_limit(0x7fffffff), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_memory_cgroup),
		cmocka_unit_test(room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
