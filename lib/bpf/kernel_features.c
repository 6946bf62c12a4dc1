#include "bpf/kernel_features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <bpf/bpf.h>

#include "base/file.h"
#include "base/parse.h"
#include "bpf/kernel_identity.h"

/* A number alone in a file of /proc or /sys; -1 without it. */
static int read_number(const char *path)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	uint64_t value;

	if (file_read(path, 64, &text) < 0 || !text.length)
		return -1;
	text.data[strcspn(text.data, "\n")] = '\0';
	return parse_number(text.data, 0, INT32_MAX, &value) < 0 ? -1 : (int)value;
}

/* Load a program only to see whether the kernel takes it: 0 or -errno, and its log. */
static int try_load(enum bpf_prog_type type, enum bpf_attach_type attach,
		    const struct bpf_insn *instructions, size_t n, char *log, size_t log_size)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach, .log_buf = log,
		    .log_size = (__u32)log_size, .log_level = log ? 1 : 0);
	int fd = bpf_prog_load(type, "oom_feature", "GPL", instructions, n, &opts);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/*
 * A call of the helper alone: the arguments are wrong, so it never loads; what matters is whether
 * the verifier speaks of the arguments or of an unknown function.
 */
static bool has_helper(int number)
{
	const struct bpf_insn code[] = {
		{.code = BPF_JMP | BPF_CALL, .imm = number},
		{.code = BPF_JMP | BPF_EXIT},
	};
	char log[4096] = "";
	int r = try_load(BPF_PROG_TYPE_TRACEPOINT, 0, code, ARRAY_SIZE(code), log, sizeof(log));

	return r == 0 || (*log && !strstr(log, "unknown func") && !strstr(log, "invalid func") &&
			  !strstr(log, "cannot use helper"));
}

static bool has_atomic_fetch(void)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_STX | BPF_ATOMIC | BPF_DW,
		 .dst_reg = BPF_REG_10,
		 .src_reg = BPF_REG_0,
		 .off = -8,
		 .imm = BPF_OR | BPF_FETCH},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return try_load(BPF_PROG_TYPE_TRACEPOINT, 0, code, ARRAY_SIZE(code), NULL, 0) == 0;
}

static bool has_ring_buffer(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "oom_feature", 0, 0,
				(__u32)sysconf(_SC_PAGESIZE), NULL);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Things that let a probe attach and then never fire count as much as a refusal. */
static void read_probes(struct kernel_features *f)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	/* Without a target: a policy's refusal comes before the missing target is noticed. */
	int r = try_load(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, code, ARRAY_SIZE(code), NULL, 0);

	f->kprobe_type = read_number("/sys/bus/event_source/devices/kprobe/type");
	f->uprobe_type = read_number("/sys/bus/event_source/devices/uprobe/type");
	if (!f->btf)
		strcpy(f->no_fentry, "the kernel has no BTF (" KERNEL_BTF ")");
	else if (r == -EPERM || r == -EACCES)
		strcpy(f->no_fentry, "fentry programs are refused by policy (EPERM: a security "
				     "module, lockdown or a missing capability)");
	else if (read_number("/proc/sys/kernel/ftrace_enabled") == 0)
		strcpy(f->no_fentry, "ftrace is switched off: sysctl kernel.ftrace_enabled=1");
	if (f->kprobe_type < 0)
		strcpy(f->no_kprobe, "the kernel has no kprobe events "
				     "(/sys/bus/event_source/devices/kprobe)");
	else if (read_number("/sys/kernel/debug/kprobes/enabled") == 0)
		strcpy(f->no_kprobe, "kprobes are switched off: "
				     "echo 1 >/sys/kernel/debug/kprobes/enabled");
	else if (read_number("/proc/sys/kernel/ftrace_enabled") == 0)
		strcpy(f->no_kprobe, "ftrace is switched off: sysctl kernel.ftrace_enabled=1");
}

int kernel_features_read(struct kernel_features *ret)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct kernel_features f = {0};
	int r = try_load(BPF_PROG_TYPE_TRACEPOINT, 0, code, ARRAY_SIZE(code), NULL, 0);

	if (r < 0)
		return r;
	f.btf = access(KERNEL_BTF, R_OK) == 0;
	f.loop = has_helper(BPF_FUNC_loop);
	f.atomic_fetch = has_atomic_fetch();
	f.ring_buffer = has_ring_buffer();
	f.reads = has_helper(BPF_FUNC_probe_read_kernel);
	read_probes(&f);
	*ret = f;
	return 0;
}

void kernel_features_flags(const struct kernel_features *f, struct strbuf *flags)
{
	if (f->loop)
		strbuf_puts(flags, "-DHAVE_BPF_LOOP=1 ");
	if (f->atomic_fetch)
		strbuf_puts(flags, "-DHAVE_ATOMIC_FETCH=1 ");
	if (f->ring_buffer)
		strbuf_puts(flags, "-DHAVE_RINGBUF=1 ");
}

/* A tracefs of our own that stands nowhere in the file tree and goes with its descriptor. */
static int mount_tracefs(void)
{
	_cleanup_close_ int fs = fsopen("tracefs", FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

int kernel_tracefs_open(void)
{
	static const char *const places[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int fd = open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0 && faccessat(fd, "events", F_OK, 0) == 0)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return mount_tracefs();
}
