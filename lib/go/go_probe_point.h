/*
 * Where functions of the Go runtime can be probed: places in the file, found by name in the
 * function table, so in stripped programs, too.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "go/go_binary.h"

struct go_probe_point {
	const char *function;
	/*
	 * Of the first instruction behind the check whether the stack is large enough: where it is
	 * not, or the goroutine is to be preempted, the function begins anew, and a probe at its
	 * entry counts twice. Registers are as at the entry. 0: no such function.
	 */
	uint64_t offset;
};

/* Fills in the offsets. How many were found, or -errno. */
int go_probe_points(const struct go_binary *binary, struct go_probe_point *points, size_t n);

/*
 * How many of the N bytes of CODE, at the entry of a function, belong to the check of the stack; 0
 * where it has none or one of another form. MACHINE is EM_X86_64 or EM_AARCH64.
 */
size_t go_stack_check_size(uint16_t machine, const uint8_t *code, size_t n);
