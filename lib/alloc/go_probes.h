/*
 * The uprobes on functions of the Go runtime: attached to each process by itself, so that others
 * that run the same executable are left alone, or once to the executable, where all who run it are
 * wanted: an attachment costs a descriptor, and every passage asks all that are there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "bpf/tracer.h"
#include "go/go_binary.h"

/* What is wanted; each is a program of bpf-src/goalloctop.bpf.c, or two. */
enum go_probe_set {
	GO_PROBE_SAMPLES = 1, /* sampled allocations and frees */
	GO_PROBE_REFILLS = 2, /* spans that are used up, large objects */
	GO_PROBE_GC_END = 4,
	GO_PROBE_GC_BEGIN = 8,
};

struct go_probes;

/* SHARED: all who run an executable are wanted. TRACER outlives it. 0 or -ENOMEM. */
int go_probes_new(struct tracer *tracer, unsigned int set, bool shared, struct go_probes **ret);
void go_probes_free(struct go_probes *probes);

/*
 * Which of the probes lie on a jump (struct go_probe_point), in bits of enum goalloctop_place: the
 * programs have to know before they run. 0 or as go_probes_attach().
 */
int go_probes_look_up(struct go_probes *probes, const struct go_binary *binary,
		      uint16_t *ret_on_jump, struct strbuf *why);

/*
 * 0; or WHY has a line for the user: -ENOENT: the runtime has no such functions, -ENOEXEC: the
 * process does not run the file itself (it was packed), -EOPNOTSUPP: the kernel has no uprobes;
 * -EPERM, -EACCES: not allowed; -ESRCH; -EMFILE; -ENOMEM, or another -errno.
 */
int go_probes_attach(struct go_probes *probes, pid_t pid, const struct go_binary *binary,
		     struct strbuf *why);
void go_probes_detach(struct go_probes *probes, pid_t pid);
