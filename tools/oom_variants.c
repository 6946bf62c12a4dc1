#include "tools/texts.h"

const struct tracer_variant oom_variants[] = {
	{"fentry", (const char *const[]){"-DPROBE_FENTRY", NULL}, TRACER_NEEDS_FENTRY},
	{"kprobe", (const char *const[]){"-DPROBE_KPROBE", NULL}, TRACER_NEEDS_KPROBE},
	{"mark_victim", (const char *const[]){"-DPROBE_MARK_VICTIM", NULL}, 0},
	{NULL, NULL, 0},
};
