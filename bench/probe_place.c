/*
 * probe_place [ROUNDS [CALLS]]: what a hit of a uprobe costs by the instruction that it lies on, at
 * the entry of functions as Go makes them; CPU time of this thread, what it takes without a probe
 * deducted. All places in turn, ROUNDS (21) times CALLS (100000); prints the median and the least
 * of each. The BPF program counts what arrives, as that of goalloctop at the least has to, and all
 * must have arrived. x86-64 only.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/parse.h"
#include "bpf/kernel_map.h"
#include "bpf/tracer.h"

#define ROUNDS_MOST 1000

static const char text[] = "BPF_ARRAY(hits, u64, 1);\n"
			   "int uprobe__hit(struct pt_regs *ctx)\n"
			   "{\n"
			   "	if (!(ctx->flags & 0x41))\n"
			   "		hits.atomic_increment(0);\n"
			   "	return 0;\n"
			   "}\n";

#ifdef __x86_64__
/* The check passes: the stack is not at 0. */
__asm__(".pushsection .text\n"
	"go_1_19:	cmp $0, %rsp\n"
	"go_1_19_jump:	jbe go_1_19\n"
	"go_1_19_behind: sub $0x28, %rsp\n"
	"		add $0x28, %rsp\n"
	"		ret\n"
	"go_1_21:	cmp $0, %rsp\n"
	"go_1_21_jump:	jbe go_1_21\n"
	"go_1_21_behind: push %rbp\n"
	"		mov %rsp, %rbp\n"
	"		sub $0x20, %rsp\n"
	"		add $0x20, %rsp\n"
	"		pop %rbp\n"
	"		ret\n"
	".popsection");
#else
__asm__(".pushsection .text\n"
	"go_1_19: go_1_19_jump: go_1_19_behind: go_1_21: go_1_21_jump: go_1_21_behind:\n"
	".popsection");
#endif
void go_1_19(void);
void go_1_21(void);
extern const char go_1_19_jump[], go_1_19_behind[], go_1_21_jump[], go_1_21_behind[];

static const struct place {
	const char *name;
	void (*call)(void);
	const char *at;
} places[] = {
	{"Go 1.19, behind the check (sub)", go_1_19, go_1_19_behind},
	{"Go 1.19, the check's jump", go_1_19, go_1_19_jump},
	{"Go 1.21, behind the check (push)", go_1_21, go_1_21_behind},
	{"Go 1.21, the check's jump", go_1_21, go_1_21_jump},
};
#define PLACES ARRAY_SIZE(places)

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static double call(const struct place *place, uint64_t calls)
{
	uint64_t start = cpu_ns();

	for (uint64_t i = 0; i < calls; i++)
		place->call();
	return (double)(cpu_ns() - start) / (double)calls;
}

/* Where in the file it lies, which is mapped as a whole. 0: nowhere. */
static uint64_t offset_of(const char *at)
{
	uint64_t begin, end, offset, found = 0, address = (uint64_t)(uintptr_t)at;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];

	while (maps && !found && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64, &begin, &end, &offset) ==
			    3 &&
		    address >= begin && address < end)
			found = address - begin + offset;
	if (maps)
		fclose(maps);
	return found;
}

static uint64_t arrived(struct tracer *t)
{
	uint64_t n = 0;
	uint32_t zero = 0;

	(void)kernel_map_lookup(tracer_map_fd(t, "hits"), &zero, &n);
	return n;
}

static int measure(struct tracer *t, const struct place *place, uint64_t calls, double *ret)
{
	uint64_t attachment, before = arrived(t);
	double without = call(place, calls);
	int r = tracer_attach_uprobe(t, "uprobe__hit", "/proc/self/exe", offset_of(place->at),
				     getpid(), &attachment);

	if (r < 0) {
		fprintf(stderr, "probe_place: %s: %s\n", place->name, strerror(-r));
		return r;
	}
	*ret = call(place, calls) - without;
	tracer_detach(t, attachment);
	if (arrived(t) - before == calls)
		return 0;
	fprintf(stderr, "probe_place: %s: not all have arrived\n", place->name);
	return -1;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int run(struct tracer *t, size_t rounds, uint64_t calls)
{
	static double all[PLACES][ROUNDS_MOST];
	int r = tracer_start(t);

	if (r < 0)
		fprintf(stderr, "probe_place: %s\n", tracer_error(t));
	for (size_t i = 0; i < rounds; i++)
		for (size_t p = 0; p < PLACES && r == 0; p++)
			r = measure(t, &places[p], calls, &all[p][i]);
	for (size_t p = 0; p < PLACES && r == 0; p++) {
		qsort(all[p], rounds, sizeof(double), compare);
		printf("%-34s %6.0f ns a hit, %6.0f at the least\n", places[p].name,
		       all[p][rounds / 2], all[p][0]);
	}
	return r;
}

int main(int argc, char *argv[])
{
	const struct tracer_config config = {.name = "probe_place",
					     .version = PACKAGE_VERSION,
					     .text = text,
					     .file = "probe_place.c"};
	uint64_t rounds = 21, calls = 100000;
	struct tracer *t = NULL;
	int r;

#ifndef __x86_64__
	fputs("probe_place: this machine is no x86-64\n", stderr);
	return 1;
#endif
	if ((argc > 1 && parse_number(argv[1], 1, ROUNDS_MOST, &rounds) < 0) ||
	    (argc > 2 && parse_number(argv[2], 1, 100000000, &calls) < 0) || argc > 3)
		return 2;
	r = tracer_new(&config, &t);
	if (r == 0)
		r = run(t, rounds, calls);
	tracer_close(t);
	return r < 0;
}
