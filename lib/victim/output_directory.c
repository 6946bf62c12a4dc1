#include "victim/output_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"

#define MOST_TWINS 100 /* files of the same name */

static int try_to_write(int dirfd)
{
	char name[64];
	int r;

	snprintf(name, sizeof(name), ".oomprof-%d-%d", (int)getpid(), (int)time(NULL));
	r = file_create_at(dirfd, name, 0600, "try\n", 4);
	if (r == 0)
		unlinkat(dirfd, name, 0);
	return r;
}

/* No room, for us or for anyone. */
static bool is_full(int r)
{
	return r == -ENOSPC || r == -EDQUOT;
}

/* Will the limit make room for one more? */
static bool has_old_ones(const struct output_directory *d, int fd)
{
	struct output_removed would = {0};
	bool some;

	output_limit_apply(&d->limit, fd, NULL, 0, true, &would);
	some = would.files;
	output_removed_clear(&would);
	return some;
}

int output_directory_open(struct output_directory *d, struct strbuf *why)
{
	_cleanup_close_ int fd = -1;
	int r;

	if (mkdir(d->path, 0700) < 0 && errno != EEXIST) {
		r = -errno;
		strbuf_printf(why, "cannot make the directory %s: %s", d->path, strerror(-r));
		return r;
	}
	fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno : try_to_write(fd);
	if (is_full(r) && has_old_ones(d, fd))
		r = 0;
	if (r < 0) {
		strbuf_printf(why, "cannot write into %s: %s; name another directory with -o",
			      d->path, strerror(-r));
		return r;
	}
	d->fd = steal_descriptor(&fd);
	return 0;
}

/* It was removed: make it again. Not if someone else was quicker: what goes there is ours. */
static bool make_again(struct output_directory *d)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (mkdir(d->path, 0700) < 0 && errno != EEXIST)
		return false;
	fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid())
		return false;
	output_directory_close(d);
	d->fd = steal_descriptor(&fd);
	return true;
}

static void make_stem(struct strbuf *stem, const char *comm, size_t comm_length, unsigned int pid,
		      uint64_t realtime_ns)
{
	time_t seconds = (time_t)(realtime_ns / 1000000000);
	char when[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm);
	text_filename(stem, comm, comm_length);
	strbuf_printf(stem, "-%u-%s", pid, when);
}

static const char *base_name(const struct strbuf *file_name)
{
	const char *slash = strrchr(strbuf_text(file_name), '/');

	return slash ? slash + 1 : strbuf_text(file_name);
}

/* Under the first name that is free, which FILE_NAME gets before anything is written. */
static int write_new(const struct output_directory *d, const struct strbuf *stem,
		     const struct strbuf *contents, struct strbuf *file_name)
{
	int r = -EEXIST;

	for (int twin = 1; r == -EEXIST && twin <= MOST_TWINS; twin++) {
		strbuf_reset(file_name);
		if (strcmp(d->path, "."))
			strbuf_printf(file_name, "%s/", d->path);
		strbuf_puts(file_name, strbuf_text(stem));
		if (twin > 1)
			strbuf_printf(file_name, "-%d", twin);
		strbuf_puts(file_name, ".pb.gz");
		r = strbuf_error(file_name);
		if (r == 0)
			r = file_create_at(d->fd, base_name(file_name), 0600, strbuf_text(contents),
					   contents->length);
	}
	return r;
}

int output_directory_write(struct output_directory *d, const char *comm, size_t comm_length,
			   unsigned int pid, uint64_t realtime_ns, const struct strbuf *contents,
			   struct strbuf *file_name, struct output_removed *removed)
{
	_cleanup_strbuf_ struct strbuf stem = {0};
	int r;

	make_stem(&stem, comm, comm_length, pid, realtime_ns);
	r = strbuf_error(&stem);
	if (r == 0)
		r = write_new(d, &stem, contents, file_name);
	if (r == -ENOENT && make_again(d))
		r = write_new(d, &stem, contents, file_name);
	if (is_full(r)) {
		output_limit_apply(&d->limit, d->fd, NULL, contents->length, false, removed);
		if (removed->files)
			r = write_new(d, &stem, contents, file_name);
	}
	if (r == 0)
		output_limit_apply(&d->limit, d->fd, base_name(file_name), 0, false, removed);
	return r;
}

const char *output_directory_advice(int error)
{
	switch (-error) {
	case ENOSPC:
	case EDQUOT:
		return "; make room there: the next victim is tried again";
	case ENOENT:
		return "; the directory was removed: make it again";
	case EROFS:
		return "; make the filesystem writable again";
	case EFBIG:
		return "; the limit to the size of files (ulimit -f) is too low";
	}
	return "";
}

void output_directory_close(struct output_directory *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}
