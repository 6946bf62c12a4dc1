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

int output_directory_open(const char *path, struct output_directory *ret, struct strbuf *why)
{
	_cleanup_close_ int fd = -1;
	int r;

	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		r = -errno;
		strbuf_printf(why, "cannot make the directory %s: %s", path, strerror(-r));
		return r;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno : try_to_write(fd);
	if (r < 0) {
		strbuf_printf(why, "cannot write into %s: %s; name another directory with -o", path,
			      strerror(-r));
		return r;
	}
	*ret = (struct output_directory){steal_descriptor(&fd), path};
	return 0;
}

static void make_name(struct strbuf *name, const char *comm, size_t comm_length, unsigned int pid,
		      uint64_t realtime_ns, int twin)
{
	time_t seconds = (time_t)(realtime_ns / 1000000000);
	char when[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm);
	text_filename(name, comm, comm_length);
	strbuf_printf(name, "-%u-%s", pid, when);
	if (twin > 1)
		strbuf_printf(name, "-%d", twin);
	strbuf_puts(name, ".pb.gz");
}

int output_directory_write(const struct output_directory *d, const char *comm, size_t comm_length,
			   unsigned int pid, uint64_t realtime_ns, const struct strbuf *contents,
			   struct strbuf *file_name)
{
	int r = -EEXIST;

	for (int twin = 1; r == -EEXIST && twin <= MOST_TWINS; twin++) {
		_cleanup_strbuf_ struct strbuf name = {0};

		make_name(&name, comm, comm_length, pid, realtime_ns, twin);
		r = strbuf_error(&name);
		if (r == 0)
			r = file_create_at(d->fd, name.data, 0600, strbuf_text(contents),
					   contents->length);
		strbuf_reset(file_name);
		if (strcmp(d->path, "."))
			strbuf_printf(file_name, "%s/", d->path);
		strbuf_puts(file_name, strbuf_text(&name));
	}
	return r;
}

void output_directory_close(struct output_directory *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}
