#include "proc/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>

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
