/* Where distributions keep the symbols that they take out of their executables. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/macro.h"
#include "stack/code_file.h"
#include "symbol/elf_image.h"

#define DEBUG_ROOT "/usr/lib/debug"
#define CHECKSUM_MOST ((off_t)256 << 20) /* bytes; that takes 100 ms */

/* The checksum is that of zlib, over the whole file. */
static bool has_checksum(int fd, uint32_t crc)
{
	uint8_t block[65536];
	struct stat st;
	uLong sum = crc32(0, NULL, 0);
	ssize_t n;
	off_t at = 0;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > CHECKSUM_MOST)
		return false;
	while ((n = pread(fd, block, sizeof(block), at)) > 0 && at <= CHECKSUM_MOST) {
		sum = crc32(sum, block, (uInt)n);
		at += n;
	}
	return n == 0 && sum == crc;
}

/* BUILD_ID or, where that is "", the CRC must be the file's. */
static int try_file(const char *path, const char *build_id, uint32_t crc, struct elf_image **ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_elf_image_ struct elf_image *image = NULL;
	_cleanup_strbuf_ struct strbuf id = {0};

	if (fd < 0)
		return -ENOENT;
	if (elf_image_open_fd(fd, NULL, &image) < 0)
		return -ENOENT;
	elf_image_build_id(image, &id);
	if (*build_id && id.length ? strcmp(strbuf_text(&id), build_id) != 0
				   : !has_checksum(fd, crc))
		return -ENOENT;
	*ret = STEAL(image);
	return 0;
}

static int by_build_id(const char *root, const char *id, struct elf_image **ret)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s" DEBUG_ROOT "/.build-id/%.2s/%s.debug", root, id, id + 2);
	return strlen(id) > 2 ? try_file(path, id, 0, ret) : -ENOENT;
}

/* As gdb looks: beside it, in .debug beside it, in /usr/lib/debug under its path. */
static int by_link(const char *root, const char *directory, const char *name, const char *id,
		   uint32_t crc, struct elf_image **ret)
{
	static const char *const forms[] = {"%s%s/%s", "%s%s/.debug/%s", "%s" DEBUG_ROOT "%s/%s"};
	char path[PATH_MAX];
	int r = -ENOENT;

	for (size_t i = 0; r < 0 && i < ARRAY_SIZE(forms); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		int n = snprintf(path, sizeof(path), forms[i], root, directory, name);
#pragma GCC diagnostic pop

		if (n > 0 && (size_t)n < sizeof(path))
			r = try_file(path, id, crc, ret);
	}
	return r;
}

int code_file_debug(const struct code_file *f, struct elf_image *image, struct elf_image **ret)
{
	_cleanup_strbuf_ struct strbuf id = {0};
	char directory[PATH_MAX], name[ELF_PLACE_NAME_SIZE], *slash;
	uint32_t crc;
	int r = -ENOENT;

	elf_image_build_id(image, &id);
	if (id.length)
		r = by_build_id(f->root, strbuf_text(&id), ret);
	if (r < 0 && id.length && f->root[0])
		r = by_build_id("", strbuf_text(&id), ret);
	if (r == 0 || elf_image_debug_link(image, name, &crc) < 0)
		return r;
	snprintf(directory, sizeof(directory), "%s", f->path);
	slash = strrchr(directory, '/');
	if (slash)
		*slash = '\0';
	r = by_link(f->root, directory, name, strbuf_text(&id), crc, ret);
	if (r < 0 && f->root[0])
		r = by_link("", directory, name, strbuf_text(&id), crc, ret);
	return r;
}
