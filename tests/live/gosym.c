/*
 * gosym FILE: what lib/go knows of an executable, or why it knows nothing (exit status 1).
 * gosym FILE - : names the addresses on stdin as "go tool addr2line" does: the function that holds
 * the code, and file and line of the innermost call there; two lines each.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "go/go_binary.h"
#include "go/pclntab.h"

static int name_addresses(int fd)
{
	_cleanup_elf_image_ struct elf_image *image = NULL;
	_cleanup_pclntab_ struct pclntab *table = NULL;
	struct go_frame f[GO_CHAIN_MOST];
	uint64_t address;
	int r = elf_image_open_fd(fd, NULL, &image);

	if (r == 0)
		r = pclntab_open(image, NULL, &table);
	while (r >= 0 && scanf("%" SCNx64, &address) == 1) {
		int n = pclntab_chain(table, address, f, GO_CHAIN_MOST);

		if (n <= 0)
			puts("?\n?:0");
		else /* addr2line has no line between two statements: -1 */
			printf("%s\n%s:%" PRId32 "\n", f[n - 1].function, f[0].file,
			       f[0].line ? (int32_t)f[0].line : -1);
	}
	return r < 0;
}

int main(int argc, char **argv)
{
	_cleanup_close_ int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	_cleanup_go_binary_ struct go_binary *b = NULL;
	_cleanup_strbuf_ struct strbuf why = {0};
	int r;

	if (fd < 0)
		return 2;
	if (argc > 2)
		return name_addresses(fd);
	r = go_binary_open(fd, &why, &b);
	if (r < 0) {
		printf("%s: %s\n", strerrorname_np(-r), strbuf_text(&why));
		return 1;
	}
	printf("%s record_size %u profiling_linked %d build_id %s mbuckets %" PRIx64
	       " rate %" PRIx64 " cycle %" PRIx64 "\n",
	       b->version, b->record_size, b->profiling_linked, b->build_id, b->mbuckets,
	       b->mem_profile_rate, b->mprof_cycle);
	return 0;
}
