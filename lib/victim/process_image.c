#include "victim/process_image.h"

#include <errno.h>
#include <string.h>

#include "victim/library.h"
#include "victim/unpacked.h"

static int find_library(pid_t pid, struct process_image *ret, struct strbuf *why)
{
	struct library l = {0};
	int r = library_find(pid, &l, why);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return BINARY_NOT_GO;
	*ret = (struct process_image){IMAGE_LIBRARY, l.binary, l.path, l.bias};
	return r;
}

static int find_unpacked(pid_t pid, int fd, struct process_image *ret, struct strbuf *why)
{
	struct process_image image = {.place = IMAGE_MEMORY};
	_cleanup_close_ int copy = is_packed(fd) ? unpacked_image(pid, fd) : -ENOENT;
	int r;

	if (copy < 0)
		return copy == -ENOMEM ? copy : BINARY_NOT_GO;
	r = binary_look_into(copy, why, &image.binary);
	if (r != BINARY_READY && r != BINARY_OFF && r != BINARY_NOT_FOUND)
		return r == -ENOMEM ? r : BINARY_NOT_GO;
	*ret = image;
	return r;
}

int process_image_find(pid_t pid, int fd, struct process_image *ret, struct strbuf *why)
{
	int r = find_unpacked(pid, fd, ret, why);

	return r == BINARY_NOT_GO ? find_library(pid, ret, why) : r;
}
