#include "proc/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/*
 * A kernfs file handle is the 64-bit node id, which for 64-bit kernels is the inode number
 * (fs/kernfs/mount.c kernfs_fh_to_dentry, type FILEID_KERNFS of include/linux/exportfs.h).
 */
#define FILEID_KERNFS 0xfe

static int open_node(int mount_fd, uint64_t id)
{
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + sizeof(id)];
	} h = {.handle = {.handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS}};

	memcpy(h.bytes + offsetof(struct file_handle, f_handle), &id, sizeof(id));
	return open_by_handle_at(mount_fd, &h.handle, O_PATH | O_CLOEXEC);
}

/* The path of an open directory below the mount point it was found through. */
static int path_below(int fd, const char *mount_point, struct strbuf *path)
{
	char link[64], target[4096];
	size_t skip = strlen(mount_point);
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (strncmp(target, mount_point, skip) || (target[skip] && target[skip] != '/'))
		return -ENOENT;
	strbuf_puts(path, target[skip] ? target + skip : "/");
	return strbuf_error(path);
}

static int look_in(const struct mntent *mount, uint64_t id, struct strbuf *path)
{
	_cleanup_close_ int mount_fd = open(mount->mnt_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = mount_fd < 0 ? -1 : open_node(mount_fd, id);

	return fd < 0 ? -ENOENT : path_below(fd, mount->mnt_dir, path);
}

int cgroup_path(uint64_t id, struct strbuf *path)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *m;
	int r = -ENOENT;

	if (!mounts)
		return -errno;
	/* v1's memory hierarchy first: where it is mounted, v2 has no memory controller. */
	for (int pass = 1; pass <= 2 && r == -ENOENT; pass++) {
		const char *type = pass == 1 ? "cgroup" : "cgroup2";

		rewind(mounts);
		while (r == -ENOENT && (m = getmntent(mounts)))
			if (!strcmp(m->mnt_type, type) && (pass == 2 || hasmntopt(m, "memory")))
				r = look_in(m, id, path);
	}
	endmntent(mounts);
	return r;
}

/* Does a list such as "cpu,memory" name it? */
static bool has_controller(const char *list, size_t n, const char *name)
{
	for (const char *end = list + n; list < end;) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		size_t length = (size_t)((comma ? comma : end) - list);

		if (length == strlen(name) && !memcmp(list, name, length))
			return true;
		list += length + 1;
	}
	return false;
}

int cgroup_parse_memory(const char *text, struct strbuf *ret_path)
{
	int version = -ENOENT;

	/* Lines of "ID:CONTROLLERS:PATH"; that of v2 names no controllers (cgroups(7)). */
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		const char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
		bool is_v2 = path == list + 1;

		end = line + strcspn(line, "\n");
		if (!path || path > end)
			continue;
		if (is_v2 ? version > 0
			  : !has_controller(list + 1, (size_t)(path - list) - 1, "memory"))
			continue;
		strbuf_reset(ret_path);
		strbuf_append(ret_path, path + 1, (size_t)(end - path) - 1);
		version = is_v2 ? 2 : 1;
	}
	return strbuf_error(ret_path) < 0 ? -ENOMEM : version;
}

static FILE *open_mounts(const char *root)
{
	char path[4096];

	if (!*root)
		return setmntent("/proc/self/mounts", "re");
	snprintf(path, sizeof(path), "%s/proc/mounts", root);
	return setmntent(path, "re");
}

int cgroup_mount_point(const char *root, int version, struct strbuf *ret)
{
	FILE *mounts = open_mounts(root);
	struct mntent *m;
	int r = -ENOENT;

	if (!mounts)
		return -errno;
	while (r == -ENOENT && (m = getmntent(mounts)))
		if (version == 2 ? !strcmp(m->mnt_type, "cgroup2")
				 : !strcmp(m->mnt_type, "cgroup") && hasmntopt(m, "memory")) {
			strbuf_printf(ret, "%s%s", root, m->mnt_dir);
			r = strbuf_error(ret);
		}
	endmntent(mounts);
	return r;
}
