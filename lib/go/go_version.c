#include "go/go_version.h"

#include <elf.h>
#include <string.h>

/* debug/buildinfo: magic, pointer size, flags; the strings behind them or (before 1.18) pointed to.
 */
#define BUILDINFO_MAGIC "\xff Go buildinf:"
#define BUILDINFO_MAGIC_SIZE 14
#define BUILDINFO_HEADER 32
#define BUILDINFO_INLINE 2
#define SCAN_MOST ((uint64_t)1 << 28) /* bytes of a segment */

/* The version is foreign text: printable ASCII only. */
static void set_version(struct go_binary *b, const char *text, size_t n)
{
	const char *number;
	size_t i;

	n = MIN(n, sizeof(b->version) - 1);
	for (i = 0; i < n && text[i]; i++)
		b->version[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	b->version[i] = '\0';
	b->minor = 0;
	number = strstr(b->version, "go1.");
	if (!number)
		return;
	for (number += 4; *number >= '0' && *number <= '9'; number++)
		b->minor = MIN(b->minor * 10 + (*number - '0'), 1000);
}

/* A Go string variable: pointer and length. */
static void version_from_string(struct go_binary *b, struct elf_image *image, uint64_t address)
{
	char text[sizeof(b->version)];
	uint64_t string[2];

	if (elf_image_read_relocated(image, address, string, sizeof(string)) == 0 && string[1] &&
	    string[1] <= sizeof(text) && elf_image_read(image, string[0], text, string[1]) == 0)
		set_version(b, text, string[1]);
}

static bool version_from_buildinfo(struct go_binary *b, struct elf_image *image, uint64_t address)
{
	uint8_t h[BUILDINFO_HEADER + 1 + sizeof(b->version)] = {0};
	uint64_t pointer;

	if (elf_image_read_some(image, address, h, sizeof(h)) < BUILDINFO_HEADER ||
	    memcmp(h, BUILDINFO_MAGIC, BUILDINFO_MAGIC_SIZE) != 0)
		return false;
	if (h[BUILDINFO_MAGIC_SIZE + 1] & BUILDINFO_INLINE) {
		/* The length is a varint; no version needs a second byte. */
		if (h[BUILDINFO_HEADER] < 0x80)
			set_version(b, (const char *)h + BUILDINFO_HEADER + 1, h[BUILDINFO_HEADER]);
	} else if (elf_image_read_relocated(image, address + 16, &pointer, 8) == 0) {
		version_from_string(b, image, pointer);
	}
	return true;
}

/* Without a section of its own (external linking) it is somewhere in the data, 16-aligned. */
static void version_by_scan(struct go_binary *b, struct elf_image *image,
			    const struct elf_segment *s)
{
	uint64_t address = (s->address + 15) & ~(uint64_t)15;
	uint64_t end = s->address + MIN(s->file_size, SCAN_MOST);
	uint8_t block[4096];

	while (address < end && end - address >= BUILDINFO_HEADER) {
		size_t n = MIN(end - address, sizeof(block));

		if (elf_image_read(image, address, block, n) < 0)
			return;
		for (size_t i = 0; i + BUILDINFO_MAGIC_SIZE <= n; i += 16)
			if (memcmp(block + i, BUILDINFO_MAGIC, BUILDINFO_MAGIC_SIZE) == 0 &&
			    version_from_buildinfo(b, image, address + i))
				return;
		address += n;
	}
}

static bool is_known(const struct go_binary *b)
{
	return b->version[0] != '\0';
}

void go_version_find(struct go_binary *b, struct elf_image *image, uint64_t variable)
{
	const struct elf_segment *segments;
	struct elf_section section;
	size_t n = elf_image_segments(image, &segments);

	if (elf_image_find_section(image, ".go.buildinfo", &section) == 0)
		version_from_buildinfo(b, image, section.address);
	for (size_t i = 0; i < n && !is_known(b); i++)
		if (segments[i].flags & PF_W)
			version_by_scan(b, image, &segments[i]);
	b->version_source = is_known(b) ? GO_SOURCE_BUILDINFO : GO_SOURCE_NONE;
	if (is_known(b) || !variable)
		return;
	version_from_string(b, image, variable);
	b->version_source = is_known(b) ? GO_SOURCE_VARIABLE : GO_SOURCE_NONE;
}
