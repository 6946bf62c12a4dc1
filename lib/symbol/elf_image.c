#include "symbol/elf_image_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Up to N bytes from OFFSET on; fewer only at the end of the file. */
static ssize_t read_all(int fd, uint64_t offset, uint8_t *buffer, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = pread(fd, buffer + done, n - done, (off_t)(offset + done));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		done += (size_t)r;
	}
	return (ssize_t)done;
}

/* May N more bytes be read? */
static bool spend(struct elf_image *image, uint64_t n)
{
	if (n > image->allowance)
		return false;
	image->allowance -= n;
	return true;
}

static int load_block(struct elf_image *image, uint64_t number, const uint8_t **ret, size_t *held)
{
	struct block *block = &image->blocks[number % BLOCKS];
	uint8_t *data;

	if (!image->block_data)
		image->block_data = malloc(BLOCKS * BLOCK_SIZE);
	if (!image->block_data)
		return -ENOMEM;
	data = image->block_data + number % BLOCKS * BLOCK_SIZE;
	if (!block->held || block->number != number) {
		ssize_t r;

		if (!spend(image, BLOCK_SIZE))
			return -EFBIG;
		r = read_all(image->fd, number * BLOCK_SIZE, data, BLOCK_SIZE);
		block->held = 0;
		if (r < 0)
			return (int)r;
		block->number = number;
		block->held = (size_t)r;
	}
	*ret = data;
	*held = block->held;
	return 0;
}

int elf_image_read_file(struct elf_image *image, uint64_t offset, void *buffer, size_t n)
{
	uint8_t *to = buffer;

	if (!within(offset, n, image->file_size))
		return -EBADMSG;
	if (n >= BLOCK_SIZE) {
		ssize_t r;

		if (!spend(image, n))
			return -EFBIG;
		r = read_all(image->fd, offset, to, n);
		return r < 0 ? (int)r : (size_t)r < n ? -EBADMSG : 0;
	}
	while (n) {
		size_t at = offset % BLOCK_SIZE, held = 0, part;
		const uint8_t *data = NULL;
		int r = load_block(image, offset / BLOCK_SIZE, &data, &held);

		if (r < 0)
			return r;
		if (at >= held)
			return -EBADMSG;
		part = MIN(n, held - at);
		memcpy(to, data + at, part);
		to += part;
		offset += part;
		n -= part;
	}
	return 0;
}

static int complain(struct strbuf *why, int error, const char *text)
{
	if (why)
		strbuf_puts(why, text);
	return error;
}

static int read_header(struct elf_image *image, struct strbuf *why)
{
	Elf64_Ehdr *h = &image->header;
	int r = elf_image_read_file(image, 0, h, sizeof(*h));

	if (r == -ENOMEM) /* none of the later reads takes memory */
		return complain(why, r, "out of memory");
	if (r < 0 || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
		return complain(why, -ENOEXEC, "not an ELF file");
	if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB)
		return complain(why, -ENOEXEC, "not a 64-bit little-endian ELF file");
	if (h->e_type != ET_EXEC && h->e_type != ET_DYN)
		return complain(why, -ENOEXEC, "not an executable");
	if (h->e_phnum == 0 || h->e_phnum > HEADERS_MOST || h->e_phentsize != sizeof(Elf64_Phdr))
		return complain(why, -EBADMSG, "corrupt ELF file: program headers");
	return 0;
}

static int add_segment(struct elf_image *image, const Elf64_Phdr *p, struct strbuf *why)
{
	if (image->segment_count == SEGMENTS_MOST)
		return complain(why, -EBADMSG, "corrupt ELF file: too many segments");
	if (p->p_filesz > p->p_memsz || p->p_vaddr + p->p_memsz < p->p_vaddr)
		return complain(why, -EBADMSG, "corrupt ELF file: impossible segment");
	if (!within(p->p_offset, p->p_filesz, image->file_size))
		return complain(why, -EBADMSG, "corrupt ELF file: a segment reaches past its end");
	image->segments[image->segment_count++] = (struct elf_segment){
		.address = p->p_vaddr,
		.memory_size = p->p_memsz,
		.file_size = p->p_filesz,
		.offset = p->p_offset,
		.flags = p->p_flags,
	};
	return 0;
}

static int read_segments(struct elf_image *image, struct strbuf *why)
{
	for (size_t i = 0; i < image->header.e_phnum; i++) {
		Elf64_Phdr p;
		int r;

		if (!within(image->header.e_phoff, (i + 1) * sizeof(p), image->file_size))
			return complain(why, -EBADMSG, "corrupt ELF file: program headers");
		r = elf_image_read_file(image, image->header.e_phoff + i * sizeof(p), &p,
					sizeof(p));
		if (r < 0)
			return complain(why, r, "the ELF file cannot be read");
		if (p.p_type == PT_DYNAMIC) {
			image->dynamic = p.p_vaddr;
			image->dynamic_size = p.p_filesz;
		}
		r = p.p_type == PT_LOAD ? add_segment(image, &p, why) : 0;
		if (r < 0)
			return r;
	}
	if (!image->segment_count)
		return complain(why, -EBADMSG, "corrupt ELF file: nothing to load");
	return 0;
}

int elf_image_open_fd(int fd, struct strbuf *why, struct elf_image **ret)
{
	_cleanup_elf_image_ struct elf_image *image = calloc(1, sizeof(*image));
	struct stat st;
	int r;

	if (!image)
		return complain(why, -ENOMEM, "out of memory");
	image->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (image->fd < 0 || fstat(image->fd, &st) < 0)
		return complain(why, -errno, "the file cannot be opened");
	if (!S_ISREG(st.st_mode))
		return complain(why, -ENOEXEC, "not a regular file");
	image->file_size = (uint64_t)st.st_size;
	image->allowance = UINT64_MAX;
	r = read_header(image, why);
	if (r == 0)
		r = read_segments(image, why);
	if (r < 0)
		return r;
	*ret = STEAL(image);
	return 0;
}

void elf_image_close(struct elf_image *image)
{
	if (!image)
		return;
	if (image->fd >= 0)
		close(image->fd);
	free(image->block_data);
	free(image);
}

void elf_image_closep(struct elf_image **image)
{
	elf_image_close(*image);
}

void elf_image_limit(struct elf_image *image, uint64_t bytes)
{
	image->allowance = bytes;
}

uint64_t elf_image_file_size(const struct elf_image *image)
{
	return image->file_size;
}

uint16_t elf_image_machine(const struct elf_image *image)
{
	return image->header.e_machine;
}

uint16_t elf_image_type(const struct elf_image *image)
{
	return image->header.e_type;
}

uint64_t elf_image_entry(const struct elf_image *image)
{
	return image->header.e_entry;
}

size_t elf_image_segments(const struct elf_image *image, const struct elf_segment **ret)
{
	*ret = image->segments;
	return image->segment_count;
}

const struct elf_segment *elf_image_segment_at(const struct elf_image *image, uint64_t address)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct elf_segment *s = &image->segments[i];

		if (address >= s->address && address - s->address < s->memory_size)
			return s;
	}
	return NULL;
}

int elf_image_file_offset(const struct elf_image *image, uint64_t address, uint64_t *ret_offset,
			  uint64_t *ret_size)
{
	const struct elf_segment *s = elf_image_segment_at(image, address);

	if (!s || address - s->address >= s->file_size)
		return -EFAULT;
	*ret_offset = s->offset + (address - s->address);
	*ret_size = s->file_size - (address - s->address);
	return 0;
}

ssize_t elf_image_read_some(struct elf_image *image, uint64_t address, void *buffer, size_t n)
{
	const struct elf_segment *s = elf_image_segment_at(image, address);
	uint64_t at, in_file;
	int r;

	if (!s || !n)
		return -EFAULT;
	at = address - s->address;
	n = MIN(n, s->memory_size - at);
	in_file = at < s->file_size ? MIN(n, s->file_size - at) : 0;
	r = in_file ? elf_image_read_file(image, s->offset + at, buffer, in_file) : 0;
	if (r < 0)
		return r;
	memset((uint8_t *)buffer + in_file, 0, n - in_file);
	return (ssize_t)n;
}

int elf_image_read(struct elf_image *image, uint64_t address, void *buffer, size_t n)
{
	const struct elf_segment *s = elf_image_segment_at(image, address);
	ssize_t r;

	if (!n)
		return 0;
	if (!s || n > s->memory_size - (address - s->address))
		return -EFAULT;
	r = elf_image_read_some(image, address, buffer, n);
	return r < 0 ? (int)r : 0;
}
