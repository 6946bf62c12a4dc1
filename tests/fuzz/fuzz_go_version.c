/*
 * Any bytes as the data of a Go program: the build info in it, and runtime.buildVersion, at the
 * address that the first word says. Whatever they are, the version is a short printable text.
 */
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "go/go_version.h"

#define DATA 0x500000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int make_file(const uint8_t *data, size_t size)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
	} file = {
		.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB},
			   .e_type = ET_EXEC,
			   .e_machine = EM_X86_64,
			   .e_phoff = sizeof(Elf64_Ehdr),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 1},
		.segment = {.p_type = PT_LOAD,
			    .p_flags = PF_R | PF_W,
			    .p_offset = sizeof(file),
			    .p_vaddr = DATA,
			    .p_filesz = size,
			    .p_memsz = size + 64}};
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || file_write_fd(fd, &file, sizeof(file)) < 0 ||
	    file_write_fd(fd, data, size) < 0)
		abort();
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = make_file(data, size);
	_cleanup_elf_image_ struct elf_image *image = NULL;
	struct go_binary b = {.fd = -1};
	uint64_t variable = 0;

	if (elf_image_open_fd(fd, NULL, &image) < 0)
		abort();
	memcpy(&variable, data, MIN(size, sizeof(variable)));
	go_version_find(&b, image, variable);
	if (strnlen(b.version, sizeof(b.version)) == sizeof(b.version) || b.minor < 0 ||
	    b.minor > 1000 || (b.version_source == GO_SOURCE_NONE) != !b.version[0])
		abort();
	for (const char *p = b.version; *p; p++)
		if (*p < ' ' || *p > '~')
			abort();
	return 0;
}
