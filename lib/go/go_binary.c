#include "go/go_binary.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "go/pclntab.h"

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

static void find_version(struct go_binary *b, struct elf_image *image)
{
	struct elf_symbol symbol = {.name = "runtime.buildVersion"};
	const struct elf_segment *segments;
	struct elf_section section;
	size_t n;

	if (elf_image_find_section(image, ".go.buildinfo", &section) == 0)
		version_from_buildinfo(b, image, section.address);
	if (!b->version[0] && elf_image_find_symbols(image, &symbol, 1) == 1)
		version_from_string(b, image, symbol.address);
	n = elf_image_segments(image, &segments);
	for (size_t i = 0; i < n && !b->version[0]; i++)
		if (segments[i].flags & PF_W)
			version_by_scan(b, image, &segments[i]);
}

static int fail(struct strbuf *why, int error, const char *text)
{
	if (why)
		strbuf_puts(why, text);
	return error;
}

static bool is_variable(struct elf_image *image, uint64_t address, uint64_t size)
{
	const struct elf_segment *segments;
	size_t n = elf_image_segments(image, &segments);

	for (size_t i = 0; i < n; i++)
		if (segments[i].flags & PF_W && address >= segments[i].address &&
		    size <= segments[i].memory_size &&
		    address - segments[i].address <= segments[i].memory_size - size)
			return address % size == 0;
	return false;
}

static uint64_t optional(struct elf_image *image, const struct elf_symbol *symbol, uint64_t size)
{
	return symbol->found && is_variable(image, symbol->address, size) ? symbol->address : 0;
}

/* Where the runtime's variables are. Here by their symbols. */
static int locate(struct go_binary *b, struct elf_image *image, struct strbuf *why)
{
	struct elf_symbol s[] = {
		{.name = "runtime.mbuckets"},	  {.name = "runtime.MemProfileRate"},
		{.name = "runtime.mProfCycle"},	  {.name = "runtime.buckhash"},
		{.name = "runtime.gcController"}, {.name = "runtime.writeBarrier"},
		{.name = "runtime.allglen"},	  {.name = "runtime.allgptr"}};
	int r = elf_image_find_symbols(image, s, ARRAY_SIZE(s));

	if (r < 0 && r != -ENOENT)
		return fail(why, r, "its symbol table is corrupt");
	if (r < 0 || !s[0].found || !s[1].found)
		return fail(why, -ENODATA, "a Go program whose symbol table was stripped");
	if (!is_variable(image, s[0].address, 8) || !is_variable(image, s[1].address, 8))
		return fail(why, -EBADMSG, "its symbol table is corrupt");
	b->mbuckets = s[0].address;
	b->mem_profile_rate = s[1].address;
	b->mprof_cycle = optional(image, &s[2], 4);
	b->buckhash = optional(image, &s[3], 8);
	b->gc_controller = optional(image, &s[4], 8);
	b->write_barrier = optional(image, &s[5], 4);
	b->allglen = optional(image, &s[6], 8);
	b->allgptr = optional(image, &s[7], 8);
	b->address_source = GO_SOURCE_SYMBOLS;
	return 0;
}

/* Go 1.27 dropped the byte counts from memRecordCycle (runtime/mprof.go). */
static int find_record_size(struct go_binary *b, struct strbuf *why)
{
	if (!b->minor)
		return fail(why, -ENODATA, "a Go program that does not say its Go version");
	b->record_size = b->minor >= 27 ? 16 : 32;
	return 0;
}

static int find_profiling(struct go_binary *b, struct pclntab *table, struct strbuf *why)
{
	/* The linker switches profiling off when it has dropped these (cmd/link, deadcode): the
	 * first up to Go 1.22, the second from 1.23 on. */
	struct go_function f[] = {{.name = "runtime.MemProfile"},
				  {.name = "runtime.memProfileInternal"}};
	int r = pclntab_find_functions(table, f, ARRAY_SIZE(f));

	if (r < 0)
		return fail(why, r, "its function table (gopclntab) is corrupt");
	b->profiling_linked = b->minor >= 23 ? f[1].start != 0 : f[0].start != 0;
	return 0;
}

/* The segment of the entry. A library has none: then the first that is executable. */
static void find_text(struct go_binary *b, struct elf_image *image)
{
	const struct elf_segment *segments;
	size_t n = elf_image_segments(image, &segments);

	b->entry = elf_image_entry(image);
	for (size_t i = 0; i < n; i++)
		if (segments[i].flags & PF_X &&
		    (!b->text.memory_size ||
		     (b->entry >= segments[i].address &&
		      b->entry - segments[i].address < segments[i].memory_size)))
			b->text = segments[i];
}

int go_binary_open(int fd, struct strbuf *why, struct go_binary **ret)
{
	_cleanup_go_binary_ struct go_binary *b = calloc(1, sizeof(*b));
	_cleanup_elf_image_ struct elf_image *image = NULL;
	_cleanup_pclntab_ struct pclntab *table = NULL;
	_cleanup_strbuf_ struct strbuf id = {0};
	int r;

	if (!b)
		return fail(why, -ENOMEM, "out of memory");
	b->fd = -1;
	r = elf_image_open_fd(fd, why, &image);
	if (r == 0)
		r = pclntab_open(image, why, &table);
	if (r < 0)
		return r;
	find_version(b, image);
	find_text(b, image);
	r = locate(b, image, why);
	if (r == 0)
		r = find_record_size(b, why);
	if (r == 0)
		r = find_profiling(b, table, why);
	if (r < 0)
		return r;
	elf_image_build_id(image, &id);
	snprintf(b->build_id, sizeof(b->build_id), "%s", strbuf_text(&id));
	b->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (b->fd < 0)
		return fail(why, -errno, strerror(errno));
	*ret = STEAL(b);
	return 0;
}

void go_binary_close(struct go_binary *b)
{
	if (!b)
		return;
	if (b->fd >= 0)
		close(b->fd);
	free(b);
}

void go_binary_closep(struct go_binary **binary)
{
	go_binary_close(*binary);
}

int go_process_bias(pid_t pid, const struct go_binary *binary, uint64_t *ret)
{
	_cleanup_strbuf_ struct strbuf auxv = {0};
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/auxv", (int)pid);
	r = file_read(path, 65536, &auxv);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	for (size_t at = 0; at + 16 <= auxv.length; at += 16) {
		uint64_t entry[2];

		memcpy(entry, auxv.data + at, sizeof(entry));
		if (entry[0] == AT_ENTRY) {
			*ret = entry[1] - binary->entry;
			return 0;
		}
	}
	return -ESRCH; /* a zombie has none */
}
