/*
 * What this kernel can do, asked by name and by trial, never by version. A distribution backports,
 * a policy forbids: only trying tells.
 */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"

struct kernel_features {
	bool btf;	   /* /sys/kernel/btf/vmlinux is there */
	bool loop;	   /* bpf_loop() (Linux 5.17) */
	bool atomic_fetch; /* atomic instructions that give the value from before (Linux 5.12) */
	bool ring_buffer;  /* BPF_MAP_TYPE_RINGBUF (Linux 5.8) */
	bool reads;	 /* BPF may read the kernel's memory: not under lockdown=confidentiality */
	int kprobe_type; /* perf_event_attr.type of kprobes and uprobes; -1 without */
	int uprobe_type;
	/* Why fentry or kprobe programs would not run here; "" if nothing speaks against them. */
	char no_fentry[128];
	char no_kprobe[128];
};

/* Some trial loads, under a millisecond. Fails only without BPF at all: -EPERM, -ENOSYS. */
int kernel_features_read(struct kernel_features *ret);

/*
 * The features as flags for the compiler, appended to FLAGS as "-DHAVE_X=1 ": HAVE_BPF_LOOP,
 * HAVE_ATOMIC_FETCH, HAVE_RINGBUF.
 */
void kernel_features_flags(const struct kernel_features *features, struct strbuf *flags);

/* The same for another kernel, as its BTF tells (enum bpf_func_id, enum bpf_map_type). */
struct btf;
void kernel_features_from_btf(const struct btf *btf, struct kernel_features *ret);

/*
 * An open directory of the tracefs, mounted or not (an own detached mount then); the caller closes
 * it. -errno without one.
 */
int kernel_tracefs_open(void);
