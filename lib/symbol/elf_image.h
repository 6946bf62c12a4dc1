/*
 * An executable, opened through a descriptor that is kept: the file may be deleted, its container
 * gone. 64-bit little-endian ELF only. Nothing is mapped (a file that is truncated under us gives
 * an error, not SIGBUS), nothing of the file is believed unchecked. Reads go through a small block
 * cache, so that many small reads are cheap and a large table needs no memory. Functions return 0
 * or -errno: -EBADMSG means that the file contradicts itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct elf_image;

/* A PT_LOAD. Addresses are link-time ones everywhere. */
struct elf_segment {
	uint64_t address;
	uint64_t memory_size;
	uint64_t file_size;
	uint64_t offset;
	uint32_t flags; /* PF_R, PF_W, PF_X */
};

struct elf_section {
	uint64_t address;
	uint64_t size;
	uint64_t offset;
};

/* A symbol by name; FOUND is set by elf_image_find_symbols(). */
struct elf_symbol {
	const char *name;
	uint64_t address;
	uint64_t size;
	bool found;
};

/*
 * FD is duplicated. -ENOEXEC: not an ELF file of our kind, -EBADMSG: a corrupt one; WHY (may be
 * NULL) then gets the reason as text.
 */
int elf_image_open_fd(int fd, struct strbuf *why, struct elf_image **ret);
void elf_image_close(struct elf_image *image);
#define _cleanup_elf_image_ _cleanup_(elf_image_closep)
void elf_image_closep(struct elf_image **image);

/*
 * From now on read at most BYTES of the file, in all; then reads fail with -EFBIG. For looking into
 * a file that nobody vouches for: what it claims may lead anywhere in it any number of times.
 */
void elf_image_limit(struct elf_image *image, uint64_t bytes);
uint64_t elf_image_file_size(const struct elf_image *image);

uint16_t elf_image_machine(const struct elf_image *image); /* EM_X86_64... */
uint16_t elf_image_type(const struct elf_image *image);	   /* ET_EXEC or ET_DYN */
uint64_t elf_image_entry(const struct elf_image *image);

/* The loaded segments; owned by the image. Returns their number. */
size_t elf_image_segments(const struct elf_image *image, const struct elf_segment **ret);

/* The GNU build id in hex, appended to OUT; nothing if there is none. */
void elf_image_build_id(struct elf_image *image, struct strbuf *out);

/* -ENOENT: no such section (or no section headers at all). */
int elf_image_find_section(struct elf_image *image, const char *name, struct elf_section *ret);

/* Look for all N names in one pass over .symtab. Returns how many were found, -ENOENT: no .symtab.
 */
int elf_image_find_symbols(struct elf_image *image, struct elf_symbol *symbols, size_t n);

#define ELF_PLACE_NAME_SIZE 256

/* A place in the code, and the function that it is in. */
struct elf_place {
	uint64_t address;		/* in: link-time */
	uint64_t start;			/* of the function */
	char name[ELF_PLACE_NAME_SIZE]; /* as the file has it, any bytes; cut if it is longer */
	unsigned int rank;		/* of this name among those of the same function */
	bool found;
};

/*
 * Which functions N places are in, by the symbols of tables of one KIND (SHT_SYMTAB or SHT_DYNSYM),
 * in one pass. A function is named only if its symbol says that it reaches so far: what merely lies
 * behind one may be another that has no symbol. Returns how many were found; -ENOENT: no such
 * table.
 */
int elf_image_symbols_at(struct elf_image *image, uint32_t kind, struct elf_place *places,
			 size_t n);

/* The link-time address of what is at OFFSET of the file, in an executable segment. -EFAULT. */
int elf_image_code_address(const struct elf_image *image, uint64_t offset, uint64_t *ret);

/*
 * The name and CRC of the file with the symbols that were taken out of this one (.gnu_debuglink).
 * -ENOENT: it names none.
 */
int elf_image_debug_link(struct elf_image *image, char name[ELF_PLACE_NAME_SIZE],
			 uint32_t *ret_crc);

/*
 * Where strings that begin with PREFIX are in SIZE bytes of the file from OFFSET on: EACH gets the
 * place (counted from OFFSET) and what stands there, up to 127 characters. It stops the search by
 * returning something else than 0. Returns that, 0, or -errno.
 */
int elf_image_find_strings(struct elf_image *image, uint64_t offset, uint64_t size,
			   const char *prefix,
			   int (*each)(void *context, uint64_t at, const char *text),
			   void *context);

/* The place in the file of what is at ADDRESS, and how many bytes the file has from there on in the
 * segment. -EFAULT: nothing of the file is there. */
int elf_image_file_offset(const struct elf_image *image, uint64_t address, uint64_t *ret_offset,
			  uint64_t *ret_size);

/*
 * N bytes as they would be in memory at ADDRESS: file contents, zeroes in the bss. -EFAULT: not all
 * in one segment. _relocated: with the R_*_RELATIVE relocations applied for a load bias of 0, which
 * a PIE has zeroes for in the file; a pass over all relocations, so for a few structures, not for a
 * table.
 */
int elf_image_read(struct elf_image *image, uint64_t address, void *buffer, size_t n);
int elf_image_read_relocated(struct elf_image *image, uint64_t address, void *buffer, size_t n);

/* Like elf_image_read() but fewer bytes where the segment ends. Returns how many, at least 1. */
ssize_t elf_image_read_some(struct elf_image *image, uint64_t address, void *buffer, size_t n);

/*
 * Where 8-aligned words of the writable segments hold VALUE, relocations applied: up to MOST
 * addresses into AT. Returns how many there are (MOST at most) or -errno.
 */
int elf_image_find_word(struct elf_image *image, uint64_t value, uint64_t *at, size_t most);
