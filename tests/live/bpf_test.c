#include "live/bpf_test.h"

#include <ftw.h>
#include <link.h>
#include <unistd.h>

#include "bpf/kernel_features.h"

char bpf_test_directory[sizeof(BPF_TEST_DIRECTORY)] = BPF_TEST_DIRECTORY;

int bpf_test_setup(void **state)
{
	const char *builddir = getenv("builddir");
	char helper[4096];

	(void)state;
	if (!mkdtemp(bpf_test_directory))
		return -1;
	snprintf(helper, sizeof(helper), "%s/libexec/oomtools-compile", builddir ? builddir : ".");
	setenv("OOMTOOLS_COMPILE", helper, 1);
	setenv("OOMTOOLS_CACHE_DIR", bpf_test_directory, 1);
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int bpf_test_teardown(void **state)
{
	(void)state;
	return nftw(bpf_test_directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int bpf_test_unavailable(void)
{
	const char *must = getenv("REQUIRE_LIVE");
	bool bad = must && !strcmp(must, "1");
	struct kernel_features features;
	int r = kernel_features_read(&features);

	if (r == 0 && features.btf)
		return -1;
	printf("%s 1 - live%s BPF: %s\n1..1\n", bad ? "not ok" : "ok", bad ? "" : " # SKIP",
	       r < 0 ? strerror(-r) : "no BTF");
	return bad;
}

__attribute__((noinline)) void bpf_test_marker(unsigned long a, unsigned long b)
{
	__asm__ volatile("" ::"r"(a), "r"(b) : "memory");
}

/* The offset in our own file of an address in our own text. */
static int file_offset(struct dl_phdr_info *info, size_t size, void *data)
{
	uintptr_t address = (uintptr_t)bpf_test_marker - info->dlpi_addr;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && address >= p->p_vaddr &&
		    address < p->p_vaddr + p->p_filesz)
			*(uint64_t *)data = address - p->p_vaddr + p->p_offset;
	}
	return 1; /* the first is the program itself */
}

uint64_t bpf_test_marker_offset(void)
{
	uint64_t offset = 0;

	dl_iterate_phdr(file_offset, &offset);
	assert_int_not_equal(offset, 0);
	return offset;
}
