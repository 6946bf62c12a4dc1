/* May this process load and attach BPF programs? */
#pragma once

#include "base/strbuf.h"

/*
 * 0, or -EPERM with the reason and what to do appended to WHY. Root in a container without the
 * capabilities is told which are missing.
 */
int privilege_check_bpf(struct strbuf *why);
