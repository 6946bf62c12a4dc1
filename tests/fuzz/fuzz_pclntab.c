/*
 * A Go executable of any bytes: its headers, its function table, its version and variables.
 * The seeds are what tests/tiny_go.c builds: "test_go_binary DIRECTORY" writes them.
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "go/go_binary.h"
#include "go/pclntab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(struct pclntab *table, uint64_t from, uint64_t to, uint64_t step)
{
	struct go_frame frames[GO_CHAIN_MOST];
	size_t sum = 0;

	for (uint64_t pc = from; pc < to; pc += step) {
		int n = pclntab_chain(table, pc, frames, GO_CHAIN_MOST);

		for (int i = 0; i < n; i++)
			sum += strlen(frames[i].function) + strlen(frames[i].file);
	}
	__asm__ volatile("" : : "r"(sum));
}

static void use_image(int fd)
{
	_cleanup_elf_image_ struct elf_image *image = NULL;
	_cleanup_pclntab_ struct pclntab *table = NULL;
	_cleanup_go_binary_ struct go_binary *binary = NULL;
	_cleanup_strbuf_ struct strbuf why = {0}, id = {0};
	struct go_function function = {.name = "main.leak[go.shape.int]"};

	if (go_binary_open(fd, &why, &binary) < 0 && !why.length)
		abort();
	if (elf_image_open_fd(fd, NULL, &image) < 0)
		return;
	elf_image_build_id(image, &id);
	if (pclntab_open(image, NULL, &table) < 0)
		return;
	look_up(table, 0x401800, 0x401920, 5);
	look_up(table, elf_image_entry(image), elf_image_entry(image) + 64, 16);
	pclntab_find_functions(table, &function, 1);
	look_up(table, function.start, function.start + 16, 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || file_write_fd(fd, data, size) < 0)
		abort();
	use_image(fd);
	return 0;
}
