/*
 * An ELF file of any bytes: sections, symbols, strings, relocations, notes. The seeds are some of
 * fuzz_pclntab's.
 */
#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "go/go_foreign.h"
#include "symbol/elf_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *context, uint64_t at, const char *text)
{
	size_t *n = context;

	*n += strlen(text) + (at & 1);
	return 0;
}

static void use(struct elf_image *image, size_t size)
{
	struct elf_symbol symbols[] = {
		{.name = "runtime.mbuckets"}, {.name = "runtime.MemProfileRate"}, {.name = "main"}};
	_cleanup_strbuf_ struct strbuf id = {0};
	const struct elf_segment *segments;
	size_t n = elf_image_segments(image, &segments), texts = 0;
	uint64_t at[8], offset, left, word;
	struct elf_section section;
	char name[ELF_PLACE_NAME_SIZE];
	uint32_t crc;

	elf_image_build_id(image, &id);
	elf_image_find_symbols(image, symbols, 2);
	elf_image_find_symbols(image, symbols, ARRAY_SIZE(symbols));
	for (uint32_t kind = SHT_SYMTAB; kind <= SHT_DYNSYM; kind += SHT_DYNSYM - SHT_SYMTAB) {
		struct elf_place places[] = {{.address = elf_image_entry(image)},
					     {.address = n ? segments[0].address : 0},
					     {.address = UINT64_MAX}};

		elf_image_symbols_at(image, kind, places, ARRAY_SIZE(places));
	}
	elf_image_debug_link(image, name, &crc);
	elf_image_code_address(image, size, &word);
	elf_image_find_word(image, 0x400600, at, ARRAY_SIZE(at));
	elf_image_read_relocated(image, elf_image_entry(image), &word, sizeof(word));
	if (elf_image_find_section(image, ".symtab", &section) == 0)
		elf_image_find_strings(image, section.offset, section.size, "a", count, &texts);
	for (size_t i = 0; i < n; i++)
		if (elf_image_file_offset(image, segments[i].address, &offset, &left) == 0 &&
		    elf_image_find_strings(image, offset, left, "runtime.", count, &texts) ==
			    -EBADMSG)
			abort(); /* segments were checked to be in the file */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("fuzz", MFD_CLOEXEC);
	_cleanup_elf_image_ struct elf_image *image = NULL;

	if (fd < 0 || file_write_fd(fd, data, size) < 0)
		abort();
	(void)go_is_foreign(fd);
	if (elf_image_open_fd(fd, NULL, &image) < 0)
		return 0;
	elf_image_limit(image, 4 * size + (1 << 20));
	use(image, size);
	return 0;
}
