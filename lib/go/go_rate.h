/*
 * The sampling rate of a running Go program's heap profiler (runtime.MemProfileRate), changed from
 * outside. In a program where nothing refers to the profile the linker has the rate set to 0, and
 * no bucket is ever made; the profiler itself is there, reads the rate at each allocation, and
 * begins to work when the rate is not 0 (runtime/malloc.go, Go 1.18 to 1.27).
 *
 * This writes into somebody's process. So the layout must be beyond doubt, the memory must be that
 * of the executable that was examined, and the value that is replaced must be the expected one.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "go/go_binary.h"

#define GO_RATE_DEFAULT 524288 /* the runtime's own */
/* The runtime draws no longer distances between samples (fastexprand of runtime/malloc.go), so a
 * profile scaled by a larger rate would be wrong. */
#define GO_RATE_MOST 0x7000000

struct go_rate;

/*
 * The memory of a process: of this very one, whatever becomes of its PID, until it ends or executes
 * something else. BINARY (used during the call only) is what is known of its executable, or of a
 * library that it has loaded, with that load bias (NULL: the executable). On failure WHY gets
 * the reason: -ESRCH gone, or it runs another executable; -EPERM; -EBADMSG: it is not sure that the
 * addresses are right, nothing may be written.
 */
int go_rate_open(pid_t pid, const struct go_binary *binary, const uint64_t *library_bias,
		 struct strbuf *why, struct go_rate **ret);
void go_rate_close(struct go_rate *rate);

/*
 * Has the runtime done with setting the rate itself? 1: yes, and its variables make sense. 0: not
 * yet, ask again. -ESRCH, or -EBADMSG: they make no sense, nothing may be written.
 */
int go_rate_settled(const struct go_rate *rate, struct strbuf *why);

/* 0, -ESRCH: the process has ended, or another -errno. */
int go_rate_get(const struct go_rate *rate, int64_t *ret);

/*
 * Write TO where FROM stands. -EBUSY: there is another value, nothing was written. -EIO: what was
 * written does not read back. -ESRCH, or another -errno.
 */
int go_rate_change(const struct go_rate *rate, int64_t from, int64_t to);
