#include "screen/caught.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file.h"

static bool is_the_screen(void)
{
	struct stat out, err;

	return isatty(2) && fstat(1, &out) == 0 && fstat(2, &err) == 0 &&
	       out.st_rdev == err.st_rdev;
}

int caught_begin(struct caught *c)
{
	_cleanup_close_ int file = -1, real = -1;

	*c = (struct caught){.real = -1, .file = -1};
	if (!is_the_screen())
		return 0;
	file = memfd_create("messages", MFD_CLOEXEC);
	real = fcntl(2, F_DUPFD_CLOEXEC, 3);
	/* Appending, so that what children write and what is cut away does not leave holes. */
	if (file < 0 || real < 0 || fcntl(file, F_SETFL, O_APPEND) < 0 || dup2(file, 2) < 0)
		return -errno;
	c->file = steal_descriptor(&file);
	c->real = steal_descriptor(&real);
	return 0;
}

bool caught_news(struct caught *c, struct strbuf *line)
{
	char bytes[1024];
	struct stat st;
	ssize_t n, from;

	if (c->real < 0 || fstat(c->file, &st) < 0 || st.st_size <= c->seen)
		return false;
	from = MAX(st.st_size - (off_t)sizeof(bytes), c->seen);
	n = pread(c->file, bytes, sizeof(bytes), from);
	c->seen = st.st_size;
	if (st.st_size > CAUGHT_MOST && ftruncate(c->file, 0) == 0) {
		c->seen = 0;
		c->dropped = true;
	}
	while (n > 0 && bytes[n - 1] == '\n')
		n--;
	for (from = n; from > 0 && bytes[from - 1] != '\n'; from--)
		;
	if (n > from)
		strbuf_append(line, bytes + from, (size_t)(n - from));
	return n > from;
}

void caught_end(struct caught *c)
{
	static const char dropped[] = "(earlier messages were dropped)\n";
	char bytes[1024];
	off_t at = 0;
	ssize_t n;

	if (c->real < 0)
		return;
	(void)dup2(c->real, 2);
	if (c->dropped)
		(void)file_write_fd(2, dropped, sizeof(dropped) - 1);
	while ((n = pread(c->file, bytes, sizeof(bytes), at)) > 0) {
		(void)file_write_fd(2, bytes, (size_t)n);
		at += n;
	}
	close(c->file);
	close(c->real);
	*c = (struct caught){.real = -1, .file = -1};
}
