#include "victim/unpacked.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "proc/process_maps.h"

#define MAPPINGS_MOST 4096 /* looked at */
#define HEADERS_MOST 64
#define PAGE 4096ull
#define CHUNK ((size_t)1 << 20)
/* The Go runtime's heap is made of arenas (runtime/malloc.go), from Go 1.26 on at a random address.
 */
#define ARENA_SIZE ((uint64_t)64 << 20)
#define ARENA_LOWEST ((uint64_t)4 << 30)

struct headers {
	Elf64_Ehdr file;
	Elf64_Phdr programs[HEADERS_MOST];
};

static bool is_executable_for_us(const Elf64_Ehdr *h)
{
	return memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 &&
	       h->e_ident[EI_DATA] == ELFDATA2LSB && h->e_type == ET_EXEC &&
	       h->e_machine == EM_X86_64 && h->e_phnum > 0 && h->e_phnum <= HEADERS_MOST &&
	       h->e_phentsize == sizeof(Elf64_Phdr);
}

bool is_packed(int fd)
{
	Elf64_Ehdr h;

	return pread(fd, &h, sizeof(h), 0) == sizeof(h) && is_executable_for_us(&h) &&
	       h.e_shnum == 0;
}

/* Both headers, read once: the process may change them under us. */
static int read_headers(const struct heap_reader *memory, uint64_t base, struct headers *h)
{
	int r = heap_reader_get(memory, base, &h->file, sizeof(h->file));

	if (r < 0)
		return r;
	if (!is_executable_for_us(&h->file) || h->file.e_phoff > PAGE)
		return -EBADMSG;
	return heap_reader_get(memory, base + h->file.e_phoff, h->programs,
			       h->file.e_phnum * sizeof(h->programs[0]));
}

/* N bytes of memory to an offset of the file; pages of zeroes are left out. */
static int copy_range(const struct heap_reader *memory, uint64_t address, uint64_t offset, size_t n,
		      uint8_t *chunk, int out)
{
	static const uint8_t zeroes[PAGE];

	while (n) {
		size_t part = MIN(n, CHUNK);
		int r = heap_reader_get(memory, address, chunk, part);

		if (r < 0)
			return r;
		for (size_t at = 0; at < part; at += PAGE) {
			size_t bytes = MIN(part - at, (size_t)PAGE);

			if (memcmp(chunk + at, zeroes, bytes) != 0 &&
			    pwrite(out, chunk + at, bytes, (off_t)(offset + at)) != (ssize_t)bytes)
				return -ENOMEM;
		}
		address += part;
		offset += part;
		n -= part;
	}
	return 0;
}

static int copy_segments(const struct heap_reader *memory, const struct headers *h, int out)
{
	_cleanup_free_ uint8_t *chunk = malloc(CHUNK);
	uint64_t left = UNPACKED_MOST;
	int r = chunk ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < h->file.e_phnum; i++) {
		const Elf64_Phdr *p = &h->programs[i];

		if (p->p_type != PT_LOAD)
			continue;
		if (p->p_filesz > left || p->p_offset > UNPACKED_MOST)
			return -EFBIG;
		left -= p->p_filesz;
		r = copy_range(memory, p->p_vaddr, p->p_offset, p->p_filesz, chunk, out);
	}
	return r;
}

/* The whole size first: pages that were left out, and all that is bss, read as zeroes. */
static int set_size(const struct headers *h, int out)
{
	uint64_t size = sizeof(h->file) + sizeof(h->programs);

	for (size_t i = 0; i < h->file.e_phnum; i++) {
		const Elf64_Phdr *p = &h->programs[i];

		if (p->p_offset > UNPACKED_MOST || p->p_filesz > UNPACKED_MOST)
			return -EFBIG;
		if (p->p_type == PT_LOAD)
			size = MAX(size, p->p_offset + p->p_filesz);
	}
	return ftruncate(out, (off_t)size) < 0 ? -errno : 0;
}

/* The headers as they were checked, for a file without sections. */
static int write_headers(struct headers *h, uint64_t entry, int out)
{
	size_t n = h->file.e_phnum * sizeof(h->programs[0]);

	h->file.e_entry = entry;
	h->file.e_shoff = 0;
	h->file.e_shnum = h->file.e_shstrndx = h->file.e_shentsize = 0;
	if (pwrite(out, &h->file, sizeof(h->file), 0) != sizeof(h->file) ||
	    pwrite(out, h->programs, n, (off_t)h->file.e_phoff) != (ssize_t)n)
		return -ENOMEM;
	return 0;
}

int unpacked_copy(const struct heap_reader *memory, uint64_t base, uint64_t entry)
{
	_cleanup_close_ int out = -1;
	struct headers h;
	int r = read_headers(memory, base, &h);

	if (r < 0)
		return r;
	out = memfd_create("unpacked", MFD_CLOEXEC);
	if (out < 0)
		return -errno;
	r = set_size(&h, out);
	if (r == 0)
		r = copy_segments(memory, &h, out);
	if (r == 0)
		r = write_headers(&h, entry, out);
	return r < 0 ? r : steal_descriptor(&out);
}

static bool is_arena(const struct process_mapping *m)
{
	return !m->inode && m->start >= ARENA_LOWEST && m->start % ARENA_SIZE == 0;
}

static bool has_header(const struct heap_reader *memory, const struct process_mapping *m)
{
	Elf64_Ehdr h;

	return m->readable && heap_reader_get(memory, m->start, &h, sizeof(h)) == 0 &&
	       is_executable_for_us(&h);
}

/*
 * Where the image's header lies: at the beginning of the first mapping that has one. Only in a
 * process where a Go runtime may have made its heap: then the unpacking is long over.
 */
static int find_base(pid_t pid, uint64_t *ret)
{
	_cleanup_process_maps_ struct process_maps *maps = NULL;
	const struct heap_reader memory = heap_reader_process(pid);
	int r = process_maps_open(pid, &maps);
	struct process_mapping m;
	uint64_t base = 0;

	for (int i = 0; r == 0 && i < MAPPINGS_MOST; i++) {
		r = process_maps_next(maps, &m);
		if (r <= 0)
			break;
		r = 0;
		if (!base && has_header(&memory, &m))
			base = m.start;
		if (base && is_arena(&m)) {
			*ret = base;
			return 0;
		}
	}
	return r < 0 ? r : -EAGAIN;
}

int unpacked_image(pid_t pid, int fd)
{
	const struct heap_reader memory = heap_reader_process(pid);
	uint64_t base = 0;
	Elf64_Ehdr h;
	int r;

	if (pread(fd, &h, sizeof(h), 0) != sizeof(h))
		return -EBADMSG;
	r = find_base(pid, &base);
	return r < 0 ? r : unpacked_copy(&memory, base, h.e_entry);
}

void unpacked_shrink(int image)
{
	struct headers h;
	size_t n;

	if (pread(image, &h.file, sizeof(h.file), 0) != sizeof(h.file) ||
	    h.file.e_phnum > HEADERS_MOST)
		return;
	n = h.file.e_phnum * sizeof(h.programs[0]);
	if (pread(image, h.programs, n, (off_t)h.file.e_phoff) != (ssize_t)n)
		return;
	for (size_t i = 0; i < h.file.e_phnum; i++) {
		const Elf64_Phdr *p = &h.programs[i];
		/* The first page has the headers and the notes. */
		uint64_t start = MAX(p->p_offset, PAGE), end = p->p_offset + p->p_filesz;

		if (p->p_type == PT_LOAD && p->p_flags & PF_X && end > start)
			(void)fallocate(image, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					(off_t)start, (off_t)(end - start));
	}
}
