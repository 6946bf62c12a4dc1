#include "go/go_foreign.h"

#include <elf.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"

#define NAMES_MOST 4096 /* bytes of section names */

struct header {
	uint8_t bytes[64];
	bool wide, big;
};

/* The number of N bytes at AT, in the file's byte order. */
static uint64_t number(const struct header *h, const uint8_t *bytes, size_t at, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)bytes[at + i] << 8 * (h->big ? n - 1 - i : i);
	return v;
}

bool go_is_foreign(int fd)
{
	struct header h = {.wide = false};
	uint64_t table, index, size, offset;
	uint8_t section[64];
	char names[NAMES_MOST];
	ssize_t n = pread(fd, h.bytes, sizeof(h.bytes), 0);

	if (n < (ssize_t)sizeof(Elf32_Ehdr) || memcmp(h.bytes, ELFMAG, SELFMAG) != 0)
		return false;
	h.wide = h.bytes[EI_CLASS] == ELFCLASS64;
	h.big = h.bytes[EI_DATA] == ELFDATA2MSB;
	/* e_shoff, e_shentsize, e_shstrndx; then sh_offset and sh_size of the section names. */
	table = h.wide ? number(&h, h.bytes, 0x28, 8) : number(&h, h.bytes, 0x20, 4);
	size = number(&h, h.bytes, h.wide ? 0x3a : 0x2e, 2);
	index = number(&h, h.bytes, h.wide ? 0x3e : 0x32, 2);
	if (!table || table > INT64_MAX / 2 || size > sizeof(section) ||
	    pread(fd, section, sizeof(section), (off_t)(table + index * size)) < (ssize_t)size ||
	    size < (h.wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)))
		return false;
	offset = h.wide ? number(&h, section, 24, 8) : number(&h, section, 16, 4);
	size = h.wide ? number(&h, section, 32, 8) : number(&h, section, 20, 4);
	if (offset > INT64_MAX / 2)
		return false;
	n = pread(fd, names, MIN(size, sizeof(names)), (off_t)offset);
	return n > 0 && (memmem(names, (size_t)n, ".gopclntab", 10) ||
			 memmem(names, (size_t)n, ".note.go.buildid", 16));
}
