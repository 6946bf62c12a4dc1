#include "bpf/kernel_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <nettle/sha2.h>

#include "base/file.h"

static void finish(struct sha256_ctx *c, struct strbuf *ret)
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(c, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		strbuf_printf(ret, "%02x", digest[i]);
}

int kernel_identity(struct strbuf *ret)
{
	_cleanup_strbuf_ struct strbuf notes = {0};
	struct sha256_ctx c;
	struct utsname u;
	int r;

	if (uname(&u) < 0)
		return -errno;
	r = file_read("/sys/kernel/notes", 1 << 20, &notes);
	if (r < 0 && r != -ENOENT)
		return r;
	sha256_init(&c);
	sha256_update(&c, strlen(u.release) + 1, (const uint8_t *)u.release);
	sha256_update(&c, strlen(u.version) + 1, (const uint8_t *)u.version);
	sha256_update(&c, strlen(u.machine) + 1, (const uint8_t *)u.machine);
	sha256_update(&c, notes.length, (const uint8_t *)strbuf_text(&notes));
	finish(&c, ret);
	return strbuf_error(ret);
}

int kernel_btf_hash_of(const void *btf, size_t size, struct strbuf *ret)
{
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_update(&c, size, btf);
	finish(&c, ret);
	return strbuf_error(ret);
}

int kernel_btf_hash(const char *path, struct strbuf *ret)
{
	_cleanup_close_ int fd = open(path ? path : KERNEL_BTF, O_RDONLY | O_CLOEXEC);
	struct sha256_ctx c;
	uint8_t block[16384];
	ssize_t n;

	if (fd < 0)
		return -errno;
	sha256_init(&c);
	while ((n = read(fd, block, sizeof(block))) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			sha256_update(&c, (size_t)n, block);
	}
	finish(&c, ret);
	return strbuf_error(ret);
}
