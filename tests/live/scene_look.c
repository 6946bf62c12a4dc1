#include "scene_look.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/macro.h"
#include "bpf/kernel_map.h"
#include "bpf/tracer.h"
#include "rank/counting.h"
#include "rank/domain.h"

EMBEDDED_TEXT(oomrank);

static struct tracer *tracer;

static int read_records(struct strbuf *ret, size_t *ret_n)
{
	_cleanup_close_ int fd = tracer_iterate(tracer, "iter__task");
	int result = fd < 0 ? fd : file_read_fd(fd, 64 << 20, ret);

	*ret_n = ret->length / sizeof(struct oomrank_task);
	return result;
}

static int set_exact(bool exactly)
{
	const uint32_t zero = 0, exact = exactly;

	return kernel_map_update(tracer_map_fd(tracer, "pages_exact"), &zero, &exact);
}

static int read_counters(bool exactly, pid_t pid, struct oomrank_task *ret, void *unused)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	const struct oomrank_task *records;
	size_t n = 0;
	int result = set_exact(exactly);

	(void)unused;
	if (result == 0)
		result = read_records(&bytes, &n);
	records = (const void *)bytes.data;
	for (size_t i = 0; result == 0 && i < n; i++)
		if (records[i].pid == (uint32_t)pid) {
			*ret = records[i];
			return 0;
		}
	return result < 0 ? result : -ESRCH;
}

/* As oomrank does: by which counters this kernel goes. */
static int find_counters(void)
{
	struct machine m = {.page_bytes = (uint64_t)sysconf(_SC_PAGESIZE)};
	struct domain all;
	bool exact = false;

	if (tracer_map_fd(tracer, "pages_cpu") < 0)
		return 0;
	if (meminfo_read("", &m.memory) < 0)
		return -EIO;
	domain_of_machine(&m, &all);
	if (counting_find(read_counters, NULL, all.total_pages, &exact) < 0)
		exact = false;
	return set_exact(exact);
}

int scene_look_start(struct strbuf *why)
{
	struct tracer_config config = {
		.name = "oomrank", .text = oomrank_text, .lines = oomrank_lines};
	int result = tracer_new(&config, &tracer);

	if (result == 0)
		result = tracer_start(tracer);
	if (result < 0) {
		strbuf_puts(why, tracer ? tracer_error(tracer) : strerror(-result));
		return result;
	}
	return find_counters();
}

int scene_look(struct machine **ret, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	size_t n = 0;
	int result = read_records(&bytes, &n);

	if (result < 0) {
		strbuf_printf(why, "the iterator: %s", strerror(-result));
		return result;
	}
	return machine_from_records((const void *)bytes.data, n, ret, why);
}

void scene_look_end(void)
{
	tracer_close(tracer);
}
