#include "stack/vdso.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/macro.h"
#include "symbol/elf_image.h"

#define IN_VDSO (-2) /* code_frame.mapping */
#define SIZE_MOST 65536

static int open_own(const Elf64_Ehdr *own, size_t size, struct elf_image **ret)
{
	_cleanup_close_ int fd = memfd_create("vdso", MFD_CLOEXEC);

	if (fd < 0 || file_write_fd(fd, own, size) < 0)
		return -ENOENT;
	return elf_image_open_fd(fd, NULL, ret);
}

int vdso_names(uint64_t address, struct code_frame *frames, size_t n)
{
	const Elf64_Ehdr *own = (const Elf64_Ehdr *)(uintptr_t)getauxval(AT_SYSINFO_EHDR);
	_cleanup_elf_image_ struct elf_image *image = NULL;
	uint64_t size;
	size_t count = 0;
	int r;

	if (!own || !address)
		return 0;
	size = own->e_shoff + (uint64_t)own->e_shnum * own->e_shentsize;
	if (size > SIZE_MOST)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (frames[i].mapping < 0 && frames[i].address - address < size) {
			frames[i].mapping = IN_VDSO;
			frames[i].link = frames[i].address - address; /* it is linked to 0 */
			count++;
		}
	r = count ? open_own(own, size, &image) : 0;
	if (count && r == 0)
		r = code_names_of_image(image, NULL, IN_VDSO, "[vdso]", frames, n);
	for (size_t i = 0; i < n; i++)
		if (frames[i].mapping == IN_VDSO && !frames[i].text.length) {
			strbuf_printf(&frames[i].text, "0x%" PRIx64 " ([vdso])", frames[i].link);
			strbuf_putc(&frames[i].text, '\0');
		}
	return r == -ENOMEM ? r : 0;
}
