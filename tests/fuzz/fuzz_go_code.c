/*
 * Any bytes as machine code, of both kinds of machines that are known: what is found must lie in
 * the code and refer to where variables and functions can be. The seeds are what "test_go_binary
 * DIRECTORY code" writes, and runtime.stkbucket of real programs.
 */
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/macro.h"
#include "go/go_instructions.h"

#define MOST 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct go_code *code, const struct go_instruction *in, size_t n)
{
	uint64_t last = code->address;

	if (n > MOST)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (in[i].at < last || in[i].at >= code->address + code->size)
			abort();
		last = in[i].at + 1;
		if (in[i].operation == GO_CALL &&
		    !go_is_function(code->segments, code->segment_count, in[i].target))
			abort();
		if (in[i].operation < GO_CALL &&
		    !go_is_variable(code->segments, code->segment_count, in[i].target, 1))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The last segment ends where addresses do. */
	static const struct elf_segment segments[] = {
		{.address = 0x401000, .memory_size = 0x100000, .flags = PF_R | PF_X},
		{.address = 0x501000, .memory_size = 0x200000, .flags = PF_R | PF_W},
		{.address = UINT64_MAX - 0xfff, .memory_size = 0xfff, .flags = PF_R | PF_W},
	};
	struct go_code code = {.address = 0x401800,
			       .bytes = data,
			       .size = size,
			       .segments = segments,
			       .segment_count = ARRAY_SIZE(segments)};
	static struct go_instruction in[MOST];

	check(&code, in, go_instructions_x86(&code, in, MOST));
	check(&code, in, go_instructions_arm64(&code, in, MOST));
	code.address = UINT64_MAX - size;
	go_instructions_x86(&code, in, MOST);
	go_instructions_arm64(&code, in, MOST);
	return 0;
}
