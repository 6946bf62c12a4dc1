/*
 * A program in the image of the Go linker's, 7 KiB large, for tests: some functions, one of them
 * with an inlined call, the runtime's variables and code that refers to them, a symbol table. It
 * cannot run.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "go/go_binary.h"

struct tiny_go {
	int minor;	/* Go 1.MINOR: 18 to 27; decides the layout */
	bool pie;	/* addresses in the data come from relocations */
	bool stripped;	/* no symbol table */
	bool bare;	/* no section headers either */
	bool merged;	/* Go's sections are part of others, as the C linker leaves them */
	bool arm64;	/* for that machine, else x86-64 */
	bool renamed;	/* the runtime's functions have other names */
	uint32_t magic; /* of the function table; 0: that of the version */
};

#define TINY_GO_BASE 0x400000ull
#define TINY_GO_TEXT 0x401800ull	   /* the first function: runtime.mallocgc, 0x40 bytes */
#define TINY_GO_LEAK (TINY_GO_TEXT + 0x40) /* main.leak[go.shape.int], 0xc0 bytes */
#define TINY_GO_INLINED                                                                         \
	(TINY_GO_LEAK + 0x20)		     /* main.newNode inlined there, 0x20 bytes, line 50 \
					      */
#define TINY_GO_CALL (TINY_GO_LEAK + 0x10)   /* where main.leak calls it, line 11 */
#define TINY_GO_GOEXIT (TINY_GO_LEAK + 0xc0) /* runtime.goexit, 0x20 bytes */
#define TINY_GO_GOEXIT_END (TINY_GO_GOEXIT + 0x20) /* behind it: more of the runtime */
#define TINY_GO_END (TINY_GO_TEXT + 0x1e0)
#define TINY_GO_MBUCKETS 0x401a00ull
#define TINY_GO_RATE 0x401a08ull
#define TINY_GO_CYCLE 0x401a10ull
#define TINY_GO_BUCKHASH 0x401a18ull

/* Append the file to OUT. */
void tiny_go_build(const struct tiny_go *what, struct strbuf *out);

/* What tiny_go.c needs of tiny_code.c: fill in the code. TEXT is where TINY_GO_TEXT is. */
void tiny_code_put(uint8_t *text, uint16_t machine, int minor);

/* An unlinked file with these bytes; the caller closes it. */
int tiny_file(const void *bytes, size_t n);

/* That of Go 1.MINOR, opened; the caller closes it. NULL on failure. */
struct go_binary *tiny_go_open(int minor);
