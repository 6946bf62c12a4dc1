#include "live/bpf_test.h"

#include <ftw.h>
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
