/*
 * The Go linker's table from addresses to functions, files, lines and inlined calls
 * (runtime.pclntab), Go 1.18 to 1.27, 64-bit. It is in every Go program, stripped or not. Layout:
 * runtime/symtab.go, cmd/link/internal/ld/pcln.go, internal/abi/symtab.go of these versions.
 * Nothing is loaded: every access is a bounds-checked read through the image, which must outlive
 * the table.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "symbol/elf_image.h"

#define GO_CHAIN_MOST 64 /* frames at one address; the compiler's inlining is far shallower */

struct pclntab;

/* One logical frame. Names are as the linker wrote them, with full type arguments; owned by the
 * table. */
struct go_frame {
	const char *function;
	const char *file;    /* "" unknown */
	uint32_t line;	     /* 0 unknown */
	uint32_t start_line; /* of the function; 0 unknown (Go < 1.20) */
	uint64_t entry; /* where the code that the frame is in starts: of the outermost function */
	uint64_t pc;	/* what stands for the frame: the address asked for, or an inlined call's */
	bool inlined;	/* into the next frame of the chain */
	uint8_t function_kind; /* funcID; the numbers change with the version */
};

struct go_function {
	const char *name; /* in: what to look for */
	uint64_t start;	  /* out: link-time; 0 not found */
	uint64_t end;
};

/* -ENOENT: no such table, so not a Go program. -ENODATA: one of before Go 1.18. -EBADMSG: corrupt.
 * WHY (may be NULL) gets the reason. */
int pclntab_open(struct elf_image *image, struct strbuf *why, struct pclntab **ret);
void pclntab_close(struct pclntab *table);
#define _cleanup_pclntab_ _cleanup_(pclntab_closep)
void pclntab_closep(struct pclntab **table);

/* False: its magic number is that of no version, as obfuscators leave it; the rest makes sense. */
bool pclntab_is_known(const struct pclntab *table);

/*
 * The innermost frame at the link-time address PC. -ENOENT: not in a Go function; -EBADMSG:
 * corrupt. For a return address ask for the address before it.
 */
int pclntab_frame(struct pclntab *table, uint64_t pc, struct go_frame *ret);

/* All frames at PC, innermost first, MOST of them at most. Returns their number or -errno as above.
 */
int pclntab_chain(struct pclntab *table, uint64_t pc, struct go_frame *frames, size_t most);

/* Find functions by name, all in one pass. Returns how many were found or -errno. */
int pclntab_find_functions(struct pclntab *table, struct go_function *functions, size_t n);
