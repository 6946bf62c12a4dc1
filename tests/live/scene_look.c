#include "scene_look.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/macro.h"
#include "bpf/tracer.h"

EMBEDDED_TEXT(oomrank);

static struct tracer *tracer;

int scene_look_start(struct strbuf *why)
{
	struct tracer_config config = {
		.name = "oomrank", .text = oomrank_text, .lines = oomrank_lines};
	int result = tracer_new(&config, &tracer);

	if (result == 0)
		result = tracer_start(tracer);
	if (result < 0)
		strbuf_puts(why, tracer ? tracer_error(tracer) : strerror(-result));
	return result;
}

int scene_look(struct machine **ret, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf records = {0};
	_cleanup_close_ int fd = tracer_iterate(tracer, "iter__task");
	int result = fd < 0 ? fd : file_read_fd(fd, 64 << 20, &records);

	if (result < 0) {
		strbuf_printf(why, "the iterator: %s", strerror(-result));
		return result;
	}
	return machine_from_records((const struct oomrank_task *)records.data,
				    records.length / sizeof(struct oomrank_task), ret, why);
}

void scene_look_end(void)
{
	tracer_close(tracer);
}
