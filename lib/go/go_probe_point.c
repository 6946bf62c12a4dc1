#include "go/go_probe_point.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "go/pclntab.h"
#include "symbol/elf_image.h"

#define CHECK_MOST 32 /* bytes of the longest check, and more */

static bool begins_with(const uint8_t *code, size_t n, const void *bytes, size_t size)
{
	return n >= size && !memcmp(code, bytes, size);
}

/* A whole conditional jump to where the stack is made larger: JBE, of 8 or of 32 bits. */
static bool is_jump(const uint8_t *code, size_t n)
{
	return (n >= 2 && begins_with(code, n, "\x76", 1)) ||
	       (n >= 6 && begins_with(code, n, "\x0f\x86", 2));
}

/*
 * cmd/internal/obj/x86, stacksplit(): R14 is g, 16 is stackguard0. Small frames compare SP itself,
 * larger ones what LEA has put into R12.
 */
static size_t x86_jump(const uint8_t *code, size_t n)
{
	size_t size = 0;

	if (begins_with(code, n, "\x4c\x8d\x64\x24", 4)) /* lea r12, [rsp + 8 bits] */
		size = 5;
	else if (begins_with(code, n, "\x4c\x8d\xa4\x24", 4)) /* lea r12, [rsp + 32 bits] */
		size = 8;
	if (size >= n ||
	    !begins_with(code + size, n - size, size ? "\x4d\x3b\x66\x10" : "\x49\x3b\x66\x10", 4))
		return 0;
	size += 4;
	return is_jump(code + size, n - size) ? size : 0;
}

static uint32_t arm64_word(const uint8_t *code, size_t i)
{
	uint32_t word;

	memcpy(&word, code + 4 * i, sizeof(word));
	return word;
}

/* cmd/internal/obj/arm64, stacksplit(): R28 is g; R16, R17 are scratch. */
static size_t arm64_jump(const uint8_t *code, size_t n)
{
	size_t count = n / 4;

	if (!count || arm64_word(code, 0) != 0xf9400b90) /* ldr x16, [x28, #16] */
		return 0;
	/* cmp of SP, or of what mov x17, sp; or sub x17, sp, #N has made; then b.ls */
	for (size_t i = 1; i < count && i < 6; i++)
		if ((arm64_word(code, i) & 0xff00001f) == 0x54000009) /* b.ls */
			return 4 * i;
	return 0;
}

size_t go_stack_check_jump(uint16_t machine, const uint8_t *code, size_t n)
{
	return machine == EM_X86_64    ? x86_jump(code, n)
	       : machine == EM_AARCH64 ? arm64_jump(code, n)
				       : 0;
}

static int find_point(struct elf_image *image, const struct go_function *function,
		      struct go_probe_point *point)
{
	size_t jump;
	uint64_t offset, size, room = function->end - function->start;
	uint8_t code[CHECK_MOST];
	ssize_t n = elf_image_read_some(image, function->start, code, MIN(sizeof(code), room));
	int r = n < 0 ? (int)n : elf_image_file_offset(image, function->start, &offset, &size);

	if (r < 0)
		return r;
	jump = go_stack_check_jump(elf_image_machine(image), code, (size_t)n);
	point->offset = offset + jump;
	point->on_jump = jump != 0;
	return 0;
}

int go_probe_points(const struct go_binary *binary, struct go_probe_point *points, size_t n)
{
	_cleanup_elf_image_ struct elf_image *image = NULL;
	_cleanup_pclntab_ struct pclntab *table = NULL;
	_cleanup_free_ struct go_function *functions = calloc(n, sizeof(*functions));
	int found = 0, r = functions ? elf_image_open_fd(binary->fd, NULL, &image) : -ENOMEM;

	if (r == 0)
		r = pclntab_open(image, NULL, &table);
	for (size_t i = 0; i < n && r == 0; i++)
		functions[i].name = points[i].function;
	if (r == 0)
		r = pclntab_find_functions(table, functions, n);
	for (size_t i = 0; i < n && r >= 0; i++) {
		points[i].offset = 0;
		points[i].on_jump = false;
		if (functions[i].start)
			r = find_point(image, &functions[i], &points[i]);
		found += points[i].offset != 0;
	}
	return r < 0 ? r : found;
}
