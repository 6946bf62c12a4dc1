/*
 * What a piece of machine code refers to: variables that it reads, writes, compares or takes the
 * address of, functions that it calls. Not a disassembler: only the forms that Go's compiler uses
 * for variables of the runtime are known, and a find counts only if what it refers to can be a
 * variable (or code), so that bytes which merely look like an instruction hardly ever count.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/elf_image.h"

enum go_operation {
	GO_LOAD,
	GO_STORE,
	GO_COMPARE, /* with the constant VALUE */
	GO_ADDRESS, /* takes the address */
	GO_CALL,
	GO_SHIFT, /* to the left, by VALUE */
};

struct go_instruction {
	enum go_operation operation;
	uint8_t width;	 /* bytes that are read or written; 0 where that means nothing */
	uint32_t value;	 /* of COMPARE and SHIFT */
	uint64_t at;	 /* its address */
	uint64_t target; /* the variable's or function's address; 0 for SHIFT */
};

struct go_code {
	uint64_t address;
	const uint8_t *bytes;
	size_t size;
	const struct elf_segment *segments; /* tell variables and functions from anything else */
	size_t segment_count;
};

/* Up to MOST of them in the order of the code; returns how many. */
size_t go_instructions_x86(const struct go_code *code, struct go_instruction *ret, size_t most);
size_t go_instructions_arm64(const struct go_code *code, struct go_instruction *ret, size_t most);

/* Can a variable of SIZE bytes be there: in a writable segment, aligned? Can a function? */
bool go_is_variable(const struct elf_segment *segments, size_t n, uint64_t address, uint64_t size);
bool go_is_function(const struct elf_segment *segments, size_t n, uint64_t address);
