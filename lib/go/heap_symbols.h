/*
 * Names for the stacks of a heap profile. The addresses in a bucket's stack are return addresses of
 * logical frames, inlined ones included: each stands for one frame, the innermost at the address
 * before it. Every address is looked up once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "go/go_binary.h"
#include "go/heap_profile.h"

struct heap_symbols;

struct heap_symbol {
	uint64_t pc; /* the return address, as in the stack */
	struct heap_frame frame;
	const char *symbol_name; /* with full type arguments, as the runtime's own profile has it */
	uint32_t start_line;
	uint64_t entry;	 /* of the outermost function there; 0 unknown */
	bool inlined;	 /* into the frame that follows in the stack */
	bool known;	 /* the executable has a name for it */
	bool goexit;	 /* the root of every goroutine: never shown */
	bool hide_known; /* the next one is filled in when it is asked for */
	bool hide;	 /* the runtime's own: hidden at the head of a stack */
};

/* Fails for want of memory only. What is wrong with the executable has names be addresses. */
int heap_symbols_new(const struct go_binary *binary, uint64_t bias, struct heap_symbols **ret);
void heap_symbols_free(struct heap_symbols *symbols);

/* No more stacks: let go of the executable. The symbols stay. */
void heap_symbols_close(struct heap_symbols *symbols);

/* Are there names at all? */
bool heap_symbols_named(const struct heap_symbols *symbols);

const struct heap_symbol *heap_symbols_get(const struct heap_symbols *symbols, uint32_t position);

/*
 * The frames of a stack that are shown, as positions for heap_symbols_get(): the runtime's own
 * leading ones hidden as runtime/pprof does, runtime.goexit dropped, and the inline parents of the
 * last address added, which the runtime's depth limit may have cut off. RET is owned by the symbols
 * and valid until the next call. Returns the number of frames or -errno.
 */
int heap_symbols_stack(struct heap_symbols *symbols, const uint64_t *stack, size_t n,
		       const uint32_t **ret);
