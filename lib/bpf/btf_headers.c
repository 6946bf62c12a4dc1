#include "bpf/btf_headers.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "base/macro.h"
#include "bpf/text_names.h"
#include "bpf/tracepoint_types.h"

/*
 * What libbcc's headers and the structs it makes from tracepoint formats use without saying so.
 * kernel types that are no part of an ABI (gfp_t) come from BTF.
 */
static const char base_text[] =
	"typedef signed char __s8; typedef unsigned char __u8;\n"
	"typedef short __s16; typedef unsigned short __u16;\n"
	"typedef int __s32; typedef unsigned int __u32;\n"
	"typedef long long __s64; typedef unsigned long long __u64;\n"
	"typedef __s8 s8; typedef __u8 u8; typedef __s16 s16; typedef __u16 u16;\n"
	"typedef __s32 s32; typedef __u32 u32; typedef __s64 s64; typedef __u64 u64;\n"
	"typedef __s8 int8_t; typedef __u8 uint8_t; typedef __s16 int16_t; typedef __u16 "
	"uint16_t;\n"
	"typedef __s32 int32_t; typedef __u32 uint32_t; typedef __s64 int64_t; typedef __u64 "
	"uint64_t;\n"
	"typedef __u16 __le16; typedef __u32 __le32; typedef __u64 __le64;\n"
	"typedef __u16 __be16; typedef __u32 __be32; typedef __u64 __be64;\n"
	"typedef __u16 __sum16; typedef __u32 __wsum;\n"
	"typedef _Bool bool; enum { false = 0, true = 1 };\n"
	"typedef unsigned long size_t; typedef long ssize_t; typedef unsigned long uintptr_t;\n"
	"typedef int pid_t; typedef unsigned int uid_t; typedef unsigned int gid_t;\n"
	"typedef unsigned int dev_t; typedef unsigned long ino_t; typedef unsigned short umode_t;\n"
	"typedef long long loff_t; typedef int clockid_t; typedef unsigned int uint;\n"
	"#define NULL ((void *)0)\n"
	"#define offsetof(type, member) __builtin_offsetof(type, member)\n"
	"#define __aligned_u64 __u64 __attribute__((aligned(8)))\n";

static const char log2_text[] =
	"#define roundup_pow_of_two(n) \\\n"
	"\t((n) <= 1 ? 1UL : 1UL << (64 - __builtin_clzl((unsigned long)(n) - 1)))\n";

struct file {
	const char *path; /* below the tree */
	const char *text;
};

/* Make a file of the tree with the directories above it. 0 or -errno. */
static int make_file(int dirfd, const char *path, const char *text)
{
	_cleanup_close_ int fd = -1;
	char parent[64];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
		if (mkdirat(dirfd, parent, 0700) < 0 && errno != EEXIST)
			return -errno;
	}
	fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	return file_write_fd(fd, text, strlen(text));
}

/* The version counts only for texts made for BCC that compare it; ours ask for features by name. */
static void write_version(struct strbuf *out)
{
	struct utsname name;
	unsigned major = 0, minor = 0, patch = 0;

	if (uname(&name) == 0)
		sscanf(name.release, "%u.%u.%u", &major, &minor, &patch);
	strbuf_printf(out,
		      "#define LINUX_VERSION_CODE %u\n"
		      "#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? "
		      "255 : (c)))\n",
		      (major << 16) + (minor << 8) + MIN(patch, 255u));
}

static int write_tree(const char *dir, const char *decls)
{
	_cleanup_close_ int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_strbuf_ struct strbuf version = {0}, page = {0};
	int r = dirfd < 0 ? -errno : 0;

	write_version(&version);
	strbuf_printf(&page, "#define PAGE_SIZE %ldUL\n", sysconf(_SC_PAGESIZE));
	/* libbcc includes kconfig.h before anything else. */
	const struct file files[] = {
		{"include/linux/kconfig.h", decls},
		{"include/linux/types.h", ""},
		{"include/linux/bpf_common.h", "#define BPF_CLASS(code) ((code) & 0x07)\n"},
		{"include/linux/log2.h", log2_text},
		{"include/linux/version.h", strbuf_text(&version)},
		{"include/uapi/linux/bpf.h", ""},
		{"include/uapi/linux/if_packet.h", ""},
		{"include/asm/page.h", strbuf_text(&page)},
	};

	if (strbuf_error(&version) || strbuf_error(&page))
		r = -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(files) && r == 0; i++)
		r = make_file(dirfd, files[i].path, files[i].text);
	return r;
}

/* libbpf's own complaints are silenced: the caller gets one message. */
int btf_headers_load(const char *path, struct btf **ret, struct strbuf *error)
{
	libbpf_print_fn_t printer = libbpf_set_print(NULL);
	struct btf *btf = path ? btf__parse(path, NULL) : btf__load_vmlinux_btf();
	int r = btf ? 0 : -errno;

	libbpf_set_print(printer);
	if (r < 0)
		strbuf_printf(error, "cannot read the kernel's types from %s: %s",
			      path ? path : "/sys/kernel/btf/vmlinux",
			      /* libbpf's own errors begin at 4000 (bpf/libbpf_legacy.h). */
			      -r >= __LIBBPF_ERRNO__START ? "it is not BTF" : strerror(-r));
	else
		*ret = btf;
	return r;
}

static int make_decls(const char *text, const struct btf *btf, struct strbuf *out,
		      kernel_field_fn *on_field, void *user, struct strbuf *error)
{
	_cleanup_strbuf_ struct strbuf types = {0};
	struct text_names *names = NULL, *base = NULL;
	int r;

	strbuf_puts(&types, text);
	strbuf_putc(&types, '\n');
	tracepoint_types_of_text(text, &types);
	r = strbuf_error(&types);
	if (r == 0)
		r = text_names_scan(strbuf_text(&types), &names);
	if (r == 0)
		r = text_names_scan(base_text, &base);
	if (r == 0)
		r = kernel_decls_write(btf, names, base, out, on_field, user);
	if (r < 0)
		strbuf_printf(error, "cannot write the kernel's types: %s", strerror(-r));
	text_names_free(names);
	text_names_free(base);
	return r;
}

int btf_headers_write(const char *dir, const char *text, const struct btf *btf,
		      struct strbuf *error)
{
	_cleanup_strbuf_ struct strbuf decls = {0};
	int r;

	strbuf_printf(&decls, "#pragma once\n#define CONFIG_BPF_SYSCALL 1\n%s", base_text);
	r = make_decls(text, btf, &decls, NULL, NULL, error);
	if (r < 0)
		return r;
	r = write_tree(dir, strbuf_text(&decls));
	if (r < 0)
		strbuf_printf(error, "cannot write kernel headers below %s: %s", dir, strerror(-r));
	return r;
}

int btf_headers_macros(const char *text, const struct btf *btf, struct strbuf *out,
		       struct strbuf *error)
{
	_cleanup_strbuf_ struct strbuf decls = {0};
	int r = make_decls(text, btf, &decls, NULL, NULL, error);

	/* Each has a line of its own. */
	for (const char *at = strbuf_text(&decls); r == 0 && *at;) {
		size_t n = strcspn(at, "\n");

		n += at[n] == '\n';
		if (!strncmp(at, "#define ", 8))
			strbuf_append(out, at, n);
		at += n;
	}
	return r < 0 ? r : strbuf_error(out);
}

int btf_headers_fields(const char *text, const struct btf *btf, kernel_field_fn *on_field,
		       void *user, struct strbuf *error)
{
	_cleanup_strbuf_ struct strbuf decls = {0};

	return make_decls(text, btf, &decls, on_field, user, error);
}
