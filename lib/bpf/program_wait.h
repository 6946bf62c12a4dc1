/* The end of programs that run: what they still write, and what they still use. */
#pragma once

/*
 * Wait until no BPF program runs any more that was running at the call: some 10 ms. After a swap
 * nothing of the old text runs then, and all that it had to tell is in its rings. (Programs that
 * may sleep are not waited for.) 0 or -errno.
 */
int program_wait(void);
