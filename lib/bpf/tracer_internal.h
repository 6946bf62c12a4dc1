/* A tracer, for tracer.c, which runs it, and tracer_tell.c, which tells what runs. */
#pragma once

#include "base/strbuf.h"
#include "bpf/attachment.h"
#include "bpf/compile_client.h"
#include "bpf/kernel_features.h"
#include "bpf/probe_set.h"
#include "bpf/tracer.h"

/* What runs, or during prepare() what will. */
struct running {
	struct probe_set *set;
	void *btf; /* NULL: not kept, or the image has none */
	size_t btf_size;
};

struct tracer {
	struct tracer_config config;
	struct kernel_features features;
	struct running running;
	struct attachments *attached;
	struct strbuf error;
	unsigned int error_line;
	struct tracer_supply supply;
	char *variant;
	struct compiler *ahead; /* started by tracer_swap_ahead(); or NULL */
};
