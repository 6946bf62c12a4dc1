/*
 * --enable-profiling: the heap profile of programs where the Go linker has switched it off. The
 * only thing goalloctop ever writes into a program; what was changed is restored at the end.
 */
#include <unistd.h>

#include "tools/goalloctop.h"

#define NS_PER_S 1000000000ull

int goalloctop_enable_begin(struct goalloctop *t)
{
	return t->enable.given ? enabler_open((int64_t)t->enable.value, &t->enabler) : 0;
}

static struct oomprof_process process_of(const struct go_program *p)
{
	uint64_t tick = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);

	return (struct oomprof_process){.pid = (uint32_t)p->process.pid,
					.start_ns = p->process.start_ticks * tick};
}

static int add(struct goalloctop *t, struct go_program *p)
{
	const struct enabler_program program = {
		.process = process_of(p),
		.binary = p->image.binary,
		.exec_ns = p->started_ns,
		.in_library = p->image.place == IMAGE_LIBRARY,
		.bias = p->bias,
		.borrowed = true,
	};

	p->enabling = true;
	return enabler_add(t->enabler, &program);
}

int goalloctop_enable(struct goalloctop *t)
{
	struct go_program *const *all;
	struct victim_enabled enabled;
	size_t n;
	int r = 0;

	if (!t->enabler)
		return 0;
	n = go_programs_list(t->programs, &all);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct go_program *p = all[i];
		const struct oomprof_process process = process_of(p);

		if (p->image.binary->profiling_linked || p->state == GO_PROGRAM_EXITED)
			continue;
		if (!p->enabling)
			r = add(t, p);
		p->enabled = enabler_find(t->enabler, &process, NULL, &enabled);
	}
	return r;
}

void goalloctop_enable_end(struct goalloctop *t)
{
	enabler_close(t->enabler);
	t->enabler = NULL;
}
