/* What the files of elf_image share. */
#pragma once

#include <elf.h>

#include "symbol/elf_image.h"

/* More than any linker makes; a corrupt or hostile file must not cost time or memory. */
#define SEGMENTS_MOST 64
#define HEADERS_MOST 512
#define NOTES_MOST 65536
#define SEARCH_MOST ((uint64_t)1 << 29) /* bytes of a symbol table, relocations or a segment */

/* The cache: direct-mapped blocks of the file, allocated with the first read. */
#define BLOCK_SIZE ((size_t)16384)
#define BLOCKS 64

struct block {
	uint64_t number;
	size_t held; /* bytes; less than BLOCK_SIZE at the end of the file, 0 unused */
};

struct elf_image {
	int fd;
	uint64_t file_size;
	uint64_t allowance; /* bytes that may still be read */
	Elf64_Ehdr header;
	struct elf_segment segments[SEGMENTS_MOST];
	size_t segment_count;
	uint64_t dynamic, dynamic_size; /* link-time address of PT_DYNAMIC */
	struct block blocks[BLOCKS];
	uint8_t *block_data;
};

/* Is [OFFSET, OFFSET + N) part of [0, LIMIT)? */
static inline bool within(uint64_t offset, uint64_t n, uint64_t limit)
{
	return offset <= limit && n <= limit - offset;
}

/* Exactly N bytes of the file; -EBADMSG where it ends before. */
int elf_image_read_file(struct elf_image *image, uint64_t offset, void *buffer, size_t n);

/* Section header INDEX; -ENOENT: there is none. */
int elf_image_section(struct elf_image *image, size_t index, Elf64_Shdr *ret);

/* The segment that holds ADDRESS, or NULL. */
const struct elf_segment *elf_image_segment_at(const struct elf_image *image, uint64_t address);
