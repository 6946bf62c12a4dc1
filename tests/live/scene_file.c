#include "scene_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strbuf.h"

int scene_write(const char *directory, const char *name, const char *text)
{
	char path[PATH_MAX + 64];
	int result = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		result = -errno;
	close(fd);
	return result;
}

int scene_write_number(const char *directory, const char *name, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return scene_write(directory, name, text);
}

uint64_t scene_read_number(const char *directory, const char *name, const char *key)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[PATH_MAX + 64];
	const char *at;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (file_read(path, 65536, &text) < 0)
		return 0;
	at = strstr(strbuf_text(&text), key);
	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}
