#include "victim/output_limit.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macro.h"

#define NAME_SIZE 128 /* a name of ours is shorter: see make_name() in output_directory.c */
#define SUFFIX ".pb.gz"

struct profile_file {
	char name[NAME_SIZE];
	struct timespec changed;
	uint64_t size;
};

/* Step back from END over digits, LEAST to MOST of them; NULL: there are not as many. */
static const char *back_over_digits(const char *start, const char *end, int least, int most)
{
	int n = 0;

	while (end > start && n < most && isdigit((unsigned char)end[-1])) {
		end--;
		n++;
	}
	return n < least ? NULL : end;
}

static const char *back_over(const char *start, const char *end, char c)
{
	return end && end > start && end[-1] == c ? end - 1 : NULL;
}

/* From the end to the start, as the name of a program may look like what stands behind it. */
static bool is_profile(const char *name, const char *end)
{
	const char *p = back_over_digits(name, end, 6, 6);

	p = back_over(name, p, 'T');
	p = p ? back_over_digits(name, p, 8, 8) : NULL;
	p = back_over(name, p, '-');
	p = p ? back_over_digits(name, p, 1, 10) : NULL;
	p = back_over(name, p, '-');
	return p && p > name;
}

bool output_limit_is_profile(const char *name)
{
	size_t n = strlen(name);
	const char *end = name + n - strlen(SUFFIX), *twin;

	if (n >= NAME_SIZE || n <= strlen(SUFFIX) || strcmp(end, SUFFIX) || *name == '.')
		return false;
	twin = back_over_digits(name, end, 1, 3);
	twin = back_over(name, twin, '-');
	return is_profile(name, end) || (twin && is_profile(name, twin));
}

static int collect(DIR *dir, struct strbuf *list)
{
	struct profile_file file;
	struct dirent *d;
	struct stat st;

	while ((d = readdir(dir))) {
		if (!output_limit_is_profile(d->d_name) ||
		    fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode) || st.st_uid != geteuid())
			continue;
		memset(&file, 0, sizeof(file));
		memcpy(file.name, d->d_name, strlen(d->d_name));
		file.changed = st.st_mtim;
		file.size = (uint64_t)st.st_size;
		strbuf_append(list, &file, sizeof(file));
	}
	return strbuf_error(list);
}

/* The files of the directory, as an array of struct profile_file. */
static int list_profiles(int fd, struct strbuf *list)
{
	_cleanup_close_ int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	int r;

	if (!dir)
		return -errno;
	steal_descriptor(&again);
	r = collect(dir, list);
	closedir(dir);
	return r;
}

static int newest_first(const void *a, const void *b)
{
	const struct profile_file *x = a, *y = b;

	if (x->changed.tv_sec != y->changed.tv_sec)
		return x->changed.tv_sec < y->changed.tv_sec ? 1 : -1;
	if (x->changed.tv_nsec != y->changed.tv_nsec)
		return x->changed.tv_nsec < y->changed.tv_nsec ? 1 : -1;
	return strcmp(y->name, x->name);
}

static void remove_one(int dirfd, const struct profile_file *f, bool pretend,
		       struct output_removed *ret)
{
	if (!pretend && unlinkat(dirfd, f->name, 0) < 0) {
		/* Another oomprof may have been quicker. */
		if (errno != ENOENT && !ret->error)
			ret->error = -errno;
		return;
	}
	ret->files++;
	ret->bytes += f->size;
	if (ret->names.length)
		strbuf_putc(&ret->names, '\n');
	strbuf_puts(&ret->names, f->name);
}

void output_limit_apply(const struct output_limit *limit, int dirfd, const char *newest,
			uint64_t size, bool pretend, struct output_removed *ret)
{
	_cleanup_strbuf_ struct strbuf list = {0};
	const struct profile_file *files;
	bool older = !newest; /* than the newest */
	uint64_t count = newest ? 0 : 1, bytes = newest ? 0 : size;
	size_t n, kept;
	int r;

	if (!limit->keep && !limit->max_bytes)
		return;
	r = list_profiles(dirfd, &list);
	if (r < 0) {
		ret->error = r;
		return;
	}
	n = list.length / sizeof(*files);
	if (!n)
		return;
	qsort(list.data, n, sizeof(*files), newest_first);
	files = (const struct profile_file *)(const void *)list.data;
	for (kept = 0; kept < n; kept++) {
		count++;
		bytes += files[kept].size;
		if (older && ((limit->keep && count > limit->keep) ||
			      (limit->max_bytes && bytes > limit->max_bytes)))
			break;
		older = older || !strcmp(files[kept].name, newest);
	}
	while (n > kept)
		remove_one(dirfd, &files[--n], pretend, ret);
}

void output_removed_clear(struct output_removed *removed)
{
	strbuf_free(&removed->names);
	*removed = (struct output_removed){0};
}
