/*
 * What memrate reads without BPF: files of a process, of the machine, and of a memory cgroup, made
 * of what comes between lines of two hyphens. What is told of them must be numbers of sense.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "rate/limit.h"
#include "rate/reading.h"

#define SEPARATOR "\n--\n"
#define ROUNDS 4 /* a trend takes three readings */
#define SECOND UINT64_C(1000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = {
	"proc/7/stat", "proc/7/status", "proc/7/cgroup", "proc/meminfo",
	"g/limit",     "g/usage",	"g/memory.stat", "g/memory.high",
	"g/swap",      "g/swap.max",	"g/swappiness",
};

/* The same files by their names in both hierarchies. */
static const char *const links[][2] = {
	{"limit", "g/memory.max"},
	{"limit", "g/memory.limit_in_bytes"},
	{"usage", "g/memory.current"},
	{"usage", "g/memory.usage_in_bytes"},
	{"swap", "g/memory.swap.current"},
	{"swap", "g/memory.memsw.usage_in_bytes"},
	{"swap.max", "g/memory.swap.max"},
	{"swap.max", "g/memory.memsw.limit_in_bytes"},
	{"swappiness", "g/memory.swappiness"},
};

static char root[64];

static const char *below(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s%s%s", root, *name ? "/" : "", name);
	return path;
}

static void remove_all(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		(void)unlink(below(files[i]));
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		(void)unlink(below(links[i][1]));
	(void)rmdir(below("proc/7"));
	(void)rmdir(below("proc"));
	(void)rmdir(below("g"));
	(void)rmdir(below(""));
}

static void make_all(void)
{
	const char *top = getenv("TMPDIR");

	snprintf(root, sizeof(root), "%.40s/fuzz-rate.XXXXXX", top ? top : "/tmp");
	if (!mkdtemp(root) || atexit(remove_all) || mkdir(below("proc"), 0700) < 0 ||
	    mkdir(below("proc/7"), 0700) < 0 || mkdir(below("g"), 0700) < 0)
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlink(links[i][0], below(links[i][1])) < 0)
			abort();
}

static void put(const char *name, const char *text, size_t n)
{
	int fd = open(below(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, n) != (ssize_t)n)
		abort();
	close(fd);
}

static void check_processes(void)
{
	struct rate_reading r = {0};

	if (rate_reading_from_proc(root, &r) < 0)
		abort();
	for (size_t i = 0; i < r.n; i++) {
		const struct rate_process *p = &r.list[i];

		if (p->pid != 7 || strlen(p->comm) > MEMRATE_COMM_SIZE)
			abort();
		for (int k = 0; k < RATE_KINDS; k++)
			if (p->bytes[k] < 0)
				abort();
	}
	rate_reading_clear(&r);
}

static void check_limit(const struct limit *l)
{
	struct json_writer *w = json_writer_open();
	_cleanup_strbuf_ struct strbuf out = {0};

	if (!(l->time.seconds >= 0) || !(l->time.earliest >= 0) || limit_room(l) > l->limit_bytes)
		abort();
	limit_write_json(l, w);
	if (json_writer_line(w, &out) < 0)
		abort();
}

/* It grows by a page each time, so that there is something to foretell. */
static void check_limits(int version)
{
	char mount_point[80];
	struct cgroup_memory c = {.version = version, .mount_point = mount_point};
	_cleanup_limits_ struct limits *l = NULL;
	struct meminfo m = {0};

	snprintf(mount_point, sizeof(mount_point), "%s", root);
	if (limits_open(&c, &l) < 0)
		abort();
	(void)meminfo_read(root, &m);
	for (uint64_t i = 1; i <= ROUNDS; i++) {
		limits_begin(l, i * SECOND, &m);
		(void)limits_add(l, "/g");
		limits_end(l);
		m.available_bytes -= MIN(m.available_bytes, (uint64_t)4096);
	}
	for (size_t i = 0; i < limits_count(l); i++)
		check_limit(limits_at(l, i));
	check_limit(limits_first(l, "/g"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;

	if (!*root)
		make_all();
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		size_t n = (size_t)(end - text), length = strlen(SEPARATOR);
		const char *next = n ? memmem(text, n, SEPARATOR, length) : NULL;

		put(files[i], text, next ? (size_t)(next - text) : n);
		text = next ? next + length : end;
	}
	check_processes();
	check_limits(1);
	check_limits(2);
	return 0;
}
