/*
 * Where functions of the Go runtime can be probed: places in the file, found by name in the
 * function table, so in stripped programs, too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/go_binary.h"

struct go_probe_point {
	const char *function;
	/*
	 * Of the conditional jump that ends the check whether the stack is large enough, or of the
	 * entry where there is no such check. Registers of arguments are as at the entry. 0: no
	 * such function.
	 */
	uint64_t offset;
	/*
	 * It is that jump. The flags say whether it is going to be taken (unsigned lower or same):
	 * then the stack is too small or the goroutine is to be preempted, and the function begins
	 * anew. What passes there counts only if it is not.
	 */
	bool on_jump;
};

/* Fills in the offsets. How many were found, or -errno. */
int go_probe_points(const struct go_binary *binary, struct go_probe_point *points, size_t n);

/*
 * How far into CODE, N bytes at the entry of a function, the jump is that ends the check of the
 * stack; 0 where it has none or one of another form. MACHINE is EM_X86_64 or EM_AARCH64.
 */
size_t go_stack_check_jump(uint16_t machine, const uint8_t *code, size_t n);
