#include "bpf/image_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <nettle/sha2.h>

#include "base/file.h"

#define SUFFIX ".image"

int image_cache_key(const char *const *parts, size_t n, struct strbuf *ret)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx c;

	sha256_init(&c);
	for (size_t i = 0; i < n; i++) {
		uint64_t length = strlen(parts[i]);

		/* The length, so that ("ab", "c") is not ("a", "bc"). */
		sha256_update(&c, sizeof(length), (const uint8_t *)&length);
		sha256_update(&c, length, (const uint8_t *)parts[i]);
	}
	sha256_digest(&c, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		strbuf_printf(ret, "%02x", digest[i]);
	return strbuf_error(ret);
}

static const char *directory(void)
{
	const char *path = secure_getenv("OOMTOOLS_CACHE_DIR");

	return path && *path ? path : "/var/cache/oomtools";
}

static bool only_ours(const struct stat *st)
{
	return st->st_uid == geteuid() && (st->st_mode & 077) == 0;
}

static int open_directory(bool create, struct strbuf *why)
{
	const char *path = directory();
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && create && mkdir(path, 0700) == 0)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		if (errno != ENOENT || create)
			strbuf_printf(why, "%s: %s", path, strerror(errno));
		return -errno;
	}
	if (fstat(fd, &st) < 0 || !only_ours(&st)) {
		strbuf_printf(why, "%s: not used: it must be owned by uid %d with mode 0700", path,
			      (int)geteuid());
		close(fd);
		return -EPERM;
	}
	return fd;
}

static int read_checked(int dirfd, const char *name, struct image **ret, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	_cleanup_close_ int fd = -1;
	const char *reason = NULL;
	struct stat st;
	int r;

	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = -errno;
		strbuf_printf(why, "%s/%s: %s", directory(), name, strerror(errno));
		return r;
	}
	if (!S_ISREG(st.st_mode) || !only_ours(&st)) {
		r = -EPERM;
		reason = "it is not a private file of ours";
	} else {
		r = file_read_fd(fd, IMAGE_SIZE_MOST + 4096, &bytes);
		if (r == 0)
			r = image_parse(strbuf_text(&bytes), bytes.length, ret, &reason);
	}
	if (r < 0)
		strbuf_printf(why, "%s/%s: not used: %s", directory(), name,
			      reason ? reason : strerror(-r));
	else
		futimens(fd, NULL); /* used now: the last to be evicted */
	return r;
}

int image_cache_read(const char *key, struct image **ret, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	_cleanup_close_ int dirfd = open_directory(false, why);
	int r;

	if (dirfd < 0)
		return dirfd;
	strbuf_printf(&name, "%s" SUFFIX, key);
	r = strbuf_error(&name);
	if (r == 0)
		r = read_checked(dirfd, strbuf_text(&name), ret, why);
	if (r < 0 && r != -ENOENT && r != -ENOMEM)
		unlinkat(dirfd, strbuf_text(&name), 0);
	return r;
}

struct entry {
	char name[128];
	struct timespec used;
};

static int by_age(const void *a, const void *b)
{
	const struct timespec *x = &((const struct entry *)a)->used;
	const struct timespec *y = &((const struct entry *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

static bool is_image(const char *name)
{
	size_t n = strlen(name);

	return n > strlen(SUFFIX) && !strcmp(name + n - strlen(SUFFIX), SUFFIX);
}

/* Remove the longest unused images, and temporary files that a killed writer left an hour ago. */
static void evict(int dirfd)
{
	struct entry entries[IMAGE_CACHE_MOST * 2];
	size_t n = 0;
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	struct stat st;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (n < ARRAY_SIZE(entries) && (d = readdir(dir))) {
		if (strlen(d->d_name) >= sizeof(entries[n].name) ||
		    fstatat(dirfd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (d->d_name[0] == '.' && st.st_mtim.tv_sec < time(NULL) - 3600)
			unlinkat(dirfd, d->d_name, 0);
		if (d->d_name[0] == '.' || !is_image(d->d_name))
			continue;
		strcpy(entries[n].name, d->d_name);
		entries[n++].used = st.st_mtim;
	}
	closedir(dir);
	qsort(entries, n, sizeof(entries[0]), by_age);
	for (size_t i = 0; i + IMAGE_CACHE_MOST < n; i++)
		unlinkat(dirfd, entries[i].name, 0);
}

int image_cache_write(const char *key, const void *bytes, size_t n, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	_cleanup_close_ int dirfd = open_directory(true, why);
	int r;

	if (dirfd < 0)
		return dirfd;
	strbuf_printf(&name, "%s" SUFFIX, key);
	r = strbuf_error(&name);
	if (r == 0)
		r = file_create_at(dirfd, strbuf_text(&name), 0600, bytes, n);
	/* Another start of the same tool was quicker: the content is the same. */
	if (r == -EEXIST)
		return 0;
	if (r < 0)
		strbuf_printf(why, "%s: %s", directory(), strerror(-r));
	evict(dirfd);
	return r;
}
