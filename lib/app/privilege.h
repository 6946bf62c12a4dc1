/* What may this process do? */
#pragma once

#include "base/strbuf.h"

/*
 * Load and attach BPF programs: 0, or -EPERM with the reason and what to do appended to WHY. Root
 * in a container without the capabilities is told which are missing.
 */
int privilege_check_bpf(struct strbuf *why);

/* Read and write the memory of any process: 0, or -EPERM with the same. */
int privilege_check_ptrace(struct strbuf *why);
