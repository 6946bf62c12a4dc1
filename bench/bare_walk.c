/*
 * bare_walk TEXT PID HEAD RECORDS-SIZE: load the BPF text (bare_walk.bpf.c), say "ready", and when
 * PID has ended print how many buckets its walk has read, how many found no room in the ring, and
 * the nanoseconds.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "bpf/kernel_map.h"
#include "bpf/tracer.h"

#define RING_BYTES (512u << 20) /* for a million records */

struct bare_walk {
	uint64_t pid, address, read, failed, ns, records_size, taken;
};

static int prepare(struct tracer *t, void *data)
{
	uint32_t zero = 0;

	return kernel_map_update(tracer_map_fd(t, "walks"), &zero, data);
}

static int run(struct tracer *t, pid_t pid, struct bare_walk *walk)
{
	uint32_t zero = 0;
	int r = tracer_start(t);

	if (r < 0) {
		fprintf(stderr, "bare_walk: %s\n", tracer_error(t));
		return r;
	}
	puts("ready");
	fflush(stdout);
	while (kill(pid, 0) == 0)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	return kernel_map_lookup(tracer_map_fd(t, "walks"), &zero, walk);
}

int main(int argc, char *argv[])
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const struct tracer_map_size sizes[] = {{"ring", RING_BYTES}, {0}};
	struct bare_walk walk = {0};
	struct tracer *t = NULL;
	int r;

	if (argc != 5)
		return 2;
	walk.pid = strtoull(argv[2], NULL, 0);
	walk.address = strtoull(argv[3], NULL, 0);
	walk.records_size = strtoull(argv[4], NULL, 0);
	r = file_read(argv[1], 1 << 20, &text);
	if (r == 0)
		r = tracer_new(&(struct tracer_config){.name = "bare_walk",
						       .version = PACKAGE_VERSION,
						       .text = strbuf_text(&text),
						       .file = argv[1],
						       .map_sizes = sizes,
						       .prepare = prepare,
						       .data = &walk},
			       &t);
	if (r == 0)
		r = run(t, (pid_t)walk.pid, &walk);
	tracer_close(t);
	if (r < 0)
		fprintf(stderr, "bare_walk: %s\n", strerror(-r));
	else
		printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", walk.read, walk.failed, walk.ns);
	return r < 0;
}
