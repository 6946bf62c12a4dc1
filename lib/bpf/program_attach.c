#include "bpf/program_attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <linux/perf_event.h>
#include <bpf/bpf.h>

#include "base/file.h"
#include "base/macro.h"
#include "base/parse.h"

/* Open the event and let it run the program. For a BPF program one CPU's event serves all CPUs. */
static int attach_event(struct perf_event_attr *attr, pid_t pid, int program_fd)
{
	_cleanup_close_ int fd = -1;

	attr->size = sizeof(*attr);
	fd = (int)syscall(SYS_perf_event_open, attr, pid, pid == -1 ? 0 : -1, -1,
			  PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, program_fd) < 0 ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return -errno;
	return steal_descriptor(&fd);
}

static int attach_tracepoint(int program_fd, const struct program_name *name, struct strbuf *reason)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .sample_period = 1};
	char path[2 * PROGRAM_TARGET_SIZE + 16];
	_cleanup_close_ int tracefs = kernel_tracefs_open();
	_cleanup_close_ int fd = -1;
	_cleanup_strbuf_ struct strbuf text = {0};
	uint64_t id;
	int r;

	if (tracefs < 0) {
		strbuf_printf(reason, "tracefs: %s: mount -t tracefs tracefs /sys/kernel/tracing\n",
			      strerror(-tracefs));
		return tracefs;
	}
	snprintf(path, sizeof(path), "events/%s/%s/id", name->category, name->target);
	fd = openat(tracefs, path, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : file_read_fd(fd, 64, &text);
	if (r == -ENOENT) {
		strbuf_printf(reason, "this kernel has no tracepoint %s:%s\n", name->category,
			      name->target);
		return r;
	}
	if (r == 0) {
		text.data[strcspn(text.data, "\n")] = '\0';
		r = parse_number(text.data, 0, UINT32_MAX, &id);
	}
	if (r == 0) {
		attr.config = id;
		r = attach_event(&attr, -1, program_fd);
	}
	if (r < 0)
		strbuf_printf(reason, "tracepoint %s:%s: %s\n", name->category, name->target,
			      strerror(-r));
	return r;
}

static int attach_kprobe(int program_fd, const struct program_name *name,
			 const struct kernel_features *features, struct strbuf *reason)
{
	/* Bit 0 of config is "at the return": /sys/bus/event_source/devices/kprobe/format/retprobe.
	 */
	struct perf_event_attr attr = {
		.type = (uint32_t)features->kprobe_type,
		.config = name->kind == PROGRAM_KRETPROBE,
		.config1 = (uintptr_t)name->target,
	};
	int r = features->kprobe_type < 0 ? -ENOENT : attach_event(&attr, -1, program_fd);

	if (*features->no_kprobe)
		strbuf_printf(reason, "%s\n", features->no_kprobe);
	else if (r < 0)
		strbuf_printf(reason, "kprobe at %s: %s\n", name->target,
			      r == -ENOENT ? "this kernel has no such function" : strerror(-r));
	return r;
}

int program_attach(int program_fd, const struct program_name *name,
		   const struct kernel_features *features, struct strbuf *reason)
{
	int fd;

	switch (name->kind) {
	case PROGRAM_TRACEPOINT:
		return attach_tracepoint(program_fd, name, reason);
	case PROGRAM_KPROBE:
	case PROGRAM_KRETPROBE:
		return attach_kprobe(program_fd, name, features, reason);
	case PROGRAM_RAW_TP:
		fd = bpf_raw_tracepoint_open(name->target, program_fd);
		break;
	case PROGRAM_TP_BTF:
	case PROGRAM_FENTRY:
	case PROGRAM_FEXIT:
		fd = bpf_raw_tracepoint_open(NULL, program_fd);
		break;
	default:
		return -EINVAL;
	}
	if (fd >= 0)
		return fd;
	fd = -errno;
	strbuf_printf(reason, "%s: %s\n", name->target,
		      fd == -ENOENT ? "this kernel has no such tracepoint" : strerror(-fd));
	return fd;
}

int program_attach_uprobe(int program_fd, const struct kernel_features *features, const char *path,
			  uint64_t offset, pid_t pid)
{
	struct perf_event_attr attr = {
		.type = (uint32_t)features->uprobe_type,
		.config1 = (uintptr_t)path,
		.config2 = offset,
	};

	return features->uprobe_type < 0 ? -EOPNOTSUPP : attach_event(&attr, pid, program_fd);
}
