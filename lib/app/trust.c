#include "app/trust.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/parse.h"

#define MOST_LINKS 40 /* as many as the kernel follows */

static bool is_other(uid_t uid)
{
	const char *sudo = geteuid() == 0 ? secure_getenv("SUDO_UID") : NULL;
	uint64_t caller;

	if (uid == 0 || uid == geteuid())
		return false;
	return !sudo || parse_number(sudo, 1, UINT32_MAX - 1, &caller) < 0 || uid != caller;
}

static int refuse(struct strbuf *why, const char *what, const char *path, const struct stat *st)
{
	if (is_other(st->st_uid))
		strbuf_printf(why, "%s %s belongs to another user (UID %u)", what, path,
			      st->st_uid);
	else
		strbuf_printf(why, "others may write to %s %s (its mode is %04o)", what, path,
			      st->st_mode & 07777);
	return -EACCES;
}

static bool others_write(const struct stat *st)
{
	return is_other(st->st_uid) || st->st_mode & (S_IWGRP | S_IWOTH);
}

static bool folder_is_bad(const struct stat *st)
{
	return is_other(st->st_uid) ||
	       (st->st_mode & (S_IWGRP | S_IWOTH) && !(st->st_mode & S_ISVTX));
}

/* The folders above a path without symbolic links; PATH is used up. */
static int check_folders(char *path, struct strbuf *why)
{
	struct stat st;
	char *slash;

	while ((slash = strrchr(path, '/'))) {
		slash[slash == path] = '\0';
		if (stat(path, &st) < 0)
			return -errno;
		if (folder_is_bad(&st))
			return refuse(why, "the folder", path, &st);
		if (slash == path)
			break;
	}
	return 0;
}

/* The folder that the last part of PATH is in, and those above. */
static int check_place(const char *path, struct strbuf *why)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *folder =
		slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	char real[PATH_MAX + 2];

	if (!folder)
		return -ENOMEM;
	if (!realpath(folder, real))
		return -errno;
	strcat(real, "/"); /* it counts itself */
	return check_folders(real, why);
}

/* PATH as it is if it is absolute, else from the folder of FROM, whose last part led to it. */
static int lead_on(char from[static PATH_MAX], const char *path)
{
	char *slash = strrchr(from, '/');
	size_t kept = *path == '/' || !slash ? 0 : (size_t)(slash - from) + 1;

	if (kept + strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(from + kept, path);
	return 0;
}

static int check_links(const char *given, struct strbuf *why)
{
	char path[PATH_MAX], target[PATH_MAX];
	struct stat st;
	int r = snprintf(path, sizeof(path), "%s", given) < PATH_MAX ? 0 : -ENAMETOOLONG;

	for (int i = 0; i < MOST_LINKS && r == 0; i++) {
		ssize_t n;

		r = check_place(path, why);
		if (r < 0)
			return r;
		if (lstat(path, &st) < 0)
			return -errno;
		if (!S_ISLNK(st.st_mode))
			return 0;
		if (is_other(st.st_uid))
			return refuse(why, "the symbolic link", path, &st);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			return -errno;
		target[n] = '\0';
		r = lead_on(path, target);
	}
	return r < 0 ? r : -ELOOP;
}

int trust_file(const char *path, int fd, struct strbuf *why)
{
	char link[32], real[PATH_MAX];
	struct stat st;
	ssize_t n;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (others_write(&st))
		return refuse(why, "the file", path, &st);
	r = check_links(path, why);
	if (r < 0)
		return r;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, real, sizeof(real) - 1);
	if (n < 0)
		return -errno;
	real[n] = '\0';
	return *real == '/' ? check_folders(real, why) : -ESTALE;
}

bool trust_folder(const char *path)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	_cleanup_free_ char *within = NULL;

	return asprintf(&within, "%s/x", path) > 0 && check_place(within, &why) == 0;
}
