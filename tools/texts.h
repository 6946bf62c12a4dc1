/* The BPF texts built in, and the ways to attach those that follow an OOM kill. */
#pragma once

#include "bpf/tracer.h"

EMBEDDED_TEXT(oomkill);
EMBEDDED_TEXT(oomprof);
EMBEDDED_TEXT(goalloctop);
EMBEDDED_TEXT(memrate);
EMBEDDED_TEXT(oomrank);

/* fentry, else a kprobe, else the BTF tracepoint with a look at the stack (bpf-src/oom.bpf.h). */
extern const struct tracer_variant oom_variants[];
