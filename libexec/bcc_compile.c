/*
 * libbcc as a compiler and nothing else. Left alone it creates the maps, loads the BTF and wants to
 * load the programs while it compiles, and reads all of /proc/kallsyms (more than half of its time)
 * to learn whether one helper exists. The functions it calls for that are defined here, exported
 * from the executable, so that they come before libbpf's and libbcc's own: they note what was asked
 * for and ask the kernel nothing. So compiling needs no privilege.
 */
#include "bcc_compile.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <bcc/bcc_common.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "base/file.h"
#include "base/macro.h"
#include "bpf/btf_headers.h"
#include "bpf/image.h"
#include "bpf/kernel_features.h"
#include "bpf/kernel_identity.h"
#include "bpf/program_name.h"

/* ---- what libbcc would have done ---- */

#define MAPS_MOST 64

static struct {
	struct image_map maps[MAPS_MOST];
	int fds[MAPS_MOST];
	size_t n_maps;
	void *btf;
	size_t btf_size;
	struct image_program *program; /* whose function and line information is being asked for */
} seen;

/* A descriptor that stands for a kernel object: it must be one, as libbcc closes it. */
static int stand_in(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int bpf_map_create(enum bpf_map_type type, const char *name, __u32 key_size, __u32 value_size,
		   __u32 max_entries, const struct bpf_map_create_opts *opts)
{
	struct image_map *m = &seen.maps[seen.n_maps];
	int fd;

	if (seen.n_maps == MAPS_MOST) {
		errno = E2BIG;
		return -E2BIG;
	}
	fd = stand_in();
	if (fd < 0)
		return -errno;
	*m = (struct image_map){.type = type,
				.key_size = key_size,
				.value_size = value_size,
				.max_entries = max_entries,
				.flags = opts ? opts->map_flags : 0};
	(void)name; /* shortened by libbcc: the table list has the whole one */
	seen.fds[seen.n_maps++] = fd;
	return fd;
}

int btf__load_into_kernel(struct btf *btf)
{
	__u32 size;
	const void *raw = btf__raw_data(btf, &size);

	seen.btf = raw ? malloc(size) : NULL;
	if (!seen.btf)
		return -ENOMEM;
	memcpy(seen.btf, raw, size);
	seen.btf_size = size;
	btf__set_fd(btf, stand_in());
	return 0;
}

/* Records may have grown since: only their first fields are of interest. */
static void *copy_records(const void *records, size_t n, size_t size, size_t wanted)
{
	char *copy = size < wanted ? NULL : calloc(n + 1, wanted);

	for (size_t i = 0; copy && i < n; i++)
		memcpy(copy + i * wanted, (const char *)records + i * size, wanted);
	return copy;
}

/* Since libbpf 1.2 it may write to its options. */
#if LIBBPF_MAJOR_VERSION > 1 || LIBBPF_MINOR_VERSION >= 2
typedef struct bpf_prog_load_opts load_opts;
#else
typedef const struct bpf_prog_load_opts load_opts;
#endif

int bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
		  const struct bpf_insn *instructions, size_t n, load_opts *opts)
{
	struct image_program *p = seen.program;

	(void)type;
	(void)name;
	(void)license;
	(void)instructions;
	(void)n;
	if (!p || !opts) {
		errno = ENOSYS;
		return -ENOSYS;
	}
	p->functions = copy_records(opts->func_info, opts->func_info_cnt, opts->func_info_rec_size,
				    sizeof(*p->functions));
	p->n_functions = p->functions ? opts->func_info_cnt : 0;
	p->lines = copy_records(opts->line_info, opts->line_info_cnt, opts->line_info_rec_size,
				sizeof(*p->lines));
	p->n_lines = p->lines ? opts->line_info_cnt : 0;
	return stand_in();
}

typedef void (*ksym_callback)(const char *name, const char *module, uint64_t address, void *data);
int bcc_procutils_each_ksym(ksym_callback callback, void *data);

/* Since Linux 5.5; without BTF, and so without an older kernel's headers, there is no other. */
int bcc_procutils_each_ksym(ksym_callback callback, void *data)
{
	callback("bpf_probe_read_kernel", "kernel", 1, data);
	callback("bpf_probe_read_user", "kernel", 2, data);
	return 0;
}

/* ---- libbcc ---- */

/*
 * libbcc's constructor ebpf::BPFModule::BPFModule(unsigned int, TableStorage *, bool, const
 * std::string &, bool, const char *), to which its C functions give no choice: the third argument
 * has it compile functions for this machine that print and scan map elements, a tenth of all time.
 * Where a libbcc has another constructor this one is never called.
 */
#define CONSTRUCTOR                                                                        \
	"_ZN4ebpf9BPFModuleC1EjPNS_12TableStorageEbRKNSt7__cxx1112basic_stringIcSt11char_" \
	"traitsIcE"                                                                        \
	"SaIcEEEbPKc"
typedef void constructor(void *module, unsigned int flags, void *tables, bool rw_engine,
			 const void *maps_namespace, bool allow_rlimit, const char *device);
constructor construct_module __asm__(CONSTRUCTOR);

/*
 * Loaded when it is wanted, by a thread: to relocate LLVM takes 20 ms, in which the headers are
 * made. It also keeps LLVM out of the process that supervises this one.
 */
#define LIBBCC_FUNCTIONS(f)                                                                    \
	f(bpf_module_create_c_from_string) f(bpf_module_license) f(bpf_num_tables)             \
		f(bpf_table_name) f(bpf_table_fd_id) f(bpf_num_functions) f(bpf_function_name) \
			f(bpf_function_size_id) f(bpf_function_start_id) f(bcc_func_load)

static struct {
#define MEMBER(name) __typeof__(name) *name;
	LIBBCC_FUNCTIONS(MEMBER)
	constructor *construct;
	char *error; /* NULL: all of the above are there */
} bcc;

static void *load_libbcc(void *unused)
{
	void *library = dlopen("libbcc.so.0", RTLD_LAZY);
	bool ok = library;

#define LOAD(name) ok = ok && (bcc.name = (__typeof__(name) *)dlsym(library, #name));
	LIBBCC_FUNCTIONS(LOAD)
	if (library)
		bcc.construct = (constructor *)dlsym(library, CONSTRUCTOR);
	bcc.error = ok ? NULL : strdup(dlerror());
	return unused;
}

void construct_module(void *module, unsigned int flags, void *tables, bool rw_engine,
		      const void *maps_namespace, bool allow_rlimit, const char *device)
{
	(void)rw_engine;
	bcc.construct(module, flags, tables, false, maps_namespace, allow_rlimit, device);
}

/* ---- headers ---- */

static bool headers_installed(const char *release)
{
	char path[256];

	snprintf(path, sizeof(path), "/lib/modules/%.128s/build/include/linux/kconfig.h", release);
	if (access(path, R_OK) == 0)
		return true;
	snprintf(path, sizeof(path), "/lib/modules/%.128s/source/include/linux/kconfig.h", release);
	return access(path, R_OK) == 0 || access("/sys/kernel/kheaders.tar.xz", R_OK) == 0;
}

/* Is <NAME> in the synthesised tree, or libbcc's or the compiler's own? */
static bool is_served(const char *directory, const char *name)
{
	static const char *const below[] = {"include", "include/uapi"};
	char path[512];

	if (!strchr(name, '/') || !strncmp(name, "bcc/", 4) || !strcmp(name, "uapi/linux/bpf.h"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(below); i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", directory, below[i], name);
		if (access(path, R_OK) == 0)
			return true;
	}
	return false;
}

/* The next `#include <...>` from *TEXT on, which is moved behind it; false if there is none. */
static bool next_include(const char **text, char name[static 256])
{
	for (const char *line = *text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, " # include <%255[^>\n]", name) != 1)
			continue;
		*text = strchr(line, '>');
		return *text;
	}
	return false;
}

/* The first that the tree cannot serve; false if there is none. */
static bool find_unserved(const char *text, const char *directory, char name[static 256])
{
	while (next_include(&text, name))
		if (!is_served(directory, name))
			return true;
	return false;
}

/* Does the text itself say where its types come from? Those that the tools have built in do not. */
static bool includes_types(const char *text)
{
	char name[256];

	while (next_include(&text, name))
		if (!strncmp(name, "linux/", 6) && strcmp(name, "linux/types.h") != 0)
			return true;
	return false;
}

static int complain(const struct strbuf *error, int r)
{
	bool ended = error->length && error->data[error->length - 1] == '\n';

	fprintf(stderr, BCC_ERROR "%s%s", strbuf_text(error), ended ? "" : "\n");
	return r;
}

#define PRELUDE "oomtools-types.h"

/*
 * For a text that names types without including them, as those that the tools have built in do: the
 * headers that have them, and what BTF tells of the kernel. Included before the text.
 */
static int write_prelude(const struct bcc_request *q, const struct btf *btf)
{
	static const char *const headers[] = {
		"bpf",		"cgroup",     "cred",		"fs",	   "kernfs",
		"maple_tree",	"memcontrol", "mm_types",	"nsproxy", "oom",
		"page_counter", "pid",	      "pid_namespace",	"sched",   "sched/signal",
		"sched/task",	"uidgid",     "user_namespace", "binfmts",
	};
	_cleanup_strbuf_ struct strbuf prelude = {0}, error = {0}, path = {0};
	_cleanup_close_ int fd = -1;
	int r;

	strbuf_puts(&prelude, "#define __BPF__ 1\n");
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		strbuf_printf(&prelude,
			      "#if __has_include(<linux/%s.h>)\n#include <linux/%s.h>\n#endif\n",
			      headers[i], headers[i]);
	/* A macro for the running task; and kernel/bpf/task_iter.c, which is no header. */
	strbuf_puts(&prelude, "#undef current\n"
			      "struct bpf_iter__task {\n"
			      "	__bpf_md_ptr(struct bpf_iter_meta *, meta);\n"
			      "	__bpf_md_ptr(struct task_struct *, task);\n"
			      "};\n");
	r = btf_headers_macros(q->text, btf, &prelude, &error);
	if (r < 0)
		return complain(&error, r);
	strbuf_printf(&path, "%s/" PRELUDE, q->directory);
	r = strbuf_error(&path);
	if (r < 0)
		return r;
	fd = open(strbuf_text(&path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : file_write_fd(fd, prelude.data, prelude.length);
}

static int use_installed(const char *release, const char *why)
{
	if (headers_installed(release)) {
		/* libbcc finds them by itself. */
		unsetenv("BCC_KERNEL_SOURCE");
		return 0;
	}
	fprintf(stderr,
		BCC_ERROR "%s, and the headers of this kernel are not installed: "
			  "apt install linux-headers-%s, or for a kernel of your own, link the "
			  "tree it was built from to /lib/modules/%s/build\n",
		why, release, release);
	return -ENOENT;
}

static int without_btf(const char *text, const char *release)
{
	if (access("/sys/kernel", F_OK) < 0) {
		fprintf(stderr, BCC_ERROR "no " KERNEL_BTF " here, as sysfs is not mounted: "
					  "mount -t sysfs sysfs /sys\n");
		return -ENOENT;
	}
	if (!includes_types(text)) {
		fprintf(stderr,
			BCC_ERROR "this kernel has no BTF (" KERNEL_BTF "), from which the types "
				  "of the probe are taken: it is built without "
				  "CONFIG_DEBUG_INFO_BTF=y. Boot one that is built with it, as "
				  "Debian's are: apt install linux-image-amd64\n");
		return -ENOENT;
	}
	fprintf(stderr, BCC_NOTE "no " KERNEL_BTF ": using the installed headers\n");
	return use_installed(release, "this kernel has no BTF (it is built without "
				      "CONFIG_DEBUG_INFO_BTF=y)");
}

static int prepare_headers(const struct bcc_request *q, const struct btf *btf)
{
	_cleanup_strbuf_ struct strbuf error = {0};
	char name[256], why[320];
	struct utsname u;
	int r;

	unsetenv("BCC_KERNEL_SOURCE");
	unsetenv("BCC_LINUX_VERSION_CODE");
	if (uname(&u) < 0)
		return -errno;
	if (q->kernel_headers) {
		r = btf && !includes_types(q->text) ? write_prelude(q, btf) : 0;
		return r < 0 ? r : use_installed(u.release, "--kernel-headers was asked for");
	}
	if (!btf)
		return without_btf(q->text, u.release);
	r = btf_headers_write(q->directory, q->text, btf, &error);
	if (r < 0)
		return complain(&error, r);
	if (!find_unserved(q->text, q->directory, name)) {
		setenv("BCC_KERNEL_SOURCE", q->directory, 1);
		return 0;
	}
	snprintf(why, sizeof(why), "the text includes <%s>", name);
	if (q->btf) {
		fprintf(stderr, BCC_ERROR "%s, which cannot be made from BTF\n", why);
		return -EINVAL;
	}
	fprintf(stderr, BCC_NOTE "%s: using the installed headers\n", why);
	return use_installed(u.release, why);
}

/*
 * For TRACEPOINT_PROBE libbcc reads the event's format from tracefs. Where that is not mounted,
 * mount it for this process alone.
 */
static void provide_tracefs(void)
{
	if (access("/sys/kernel/tracing/events", F_OK) == 0 ||
	    access("/sys/kernel/debug/tracing/events", F_OK) == 0)
		return;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tracefs", "/sys/kernel/tracing", "tracefs", MS_RDONLY, NULL) < 0)
		fprintf(stderr, BCC_NOTE "no tracefs: %s\n", strerror(errno));
}

/* ---- from the module to the image ---- */

static int collect_maps(void *module, struct image *image)
{
	size_t n = bcc.bpf_num_tables(module);

	image->maps = calloc(n + 1, sizeof(*image->maps));
	if (!image->maps)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct image_map *m = &image->maps[i];
		const char *name = bcc.bpf_table_name(module, i);
		int fd = bcc.bpf_table_fd_id(module, i);
		size_t k = 0;

		while (k < seen.n_maps && seen.fds[k] != fd)
			k++;
		if (k == seen.n_maps || !name || strlen(name) >= sizeof(m->name)) {
			fprintf(stderr,
				BCC_ERROR "map %s: shared, pinned and nested maps are "
					  "not supported\n",
				name ? name : "?");
			return -ENOTSUP;
		}
		*m = seen.maps[k];
		strcpy(m->name, name);
		/* From now on this place's descriptor: a reference is matched by it. */
		seen.maps[k].name[0] = (char)(i + 1);
		image->n_maps++;
	}
	return 0;
}

/* Which map the descriptor in a map load stands for; -1: none. */
static int map_of(int fd)
{
	for (size_t k = 0; k < seen.n_maps; k++)
		if (seen.fds[k] == fd)
			return seen.maps[k].name[0] - 1;
	return -1;
}

static int collect_references(struct image_program *p)
{
	p->references = calloc(p->n_instructions + 1, sizeof(*p->references));
	if (!p->references)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < p->n_instructions; i++) {
		struct bpf_insn *in = &p->instructions[i];
		int map;

		if (in->code != (BPF_LD | BPF_DW | BPF_IMM))
			continue;
		if (in->src_reg == BPF_PSEUDO_MAP_FD) {
			map = map_of(in->imm);
			if (map < 0) {
				fprintf(stderr,
					BCC_ERROR "%s refers to a map that is not in the "
						  "text\n",
					p->name);
				return -EINVAL;
			}
			p->references[p->n_references++] =
				(struct image_reference){(uint32_t)i, (uint32_t)map};
			in[0].imm = in[1].imm = 0;
		}
		i++;
	}
	return 0;
}

static int collect_program(void *module, size_t id, struct image_program *p, const struct btf *btf)
{
	const char *name = bcc.bpf_function_name(module, id), *prefix;
	size_t size = bcc.bpf_function_size_id(module, id);
	const void *code = bcc.bpf_function_start_id(module, id);
	struct program_name parsed;
	char target[2 * PROGRAM_TARGET_SIZE];
	unsigned int btf_kind;
	int fd, r;

	if (!name || program_name_parse(name, &parsed) < 0 || strlen(name) >= sizeof(p->name)) {
		fprintf(stderr,
			BCC_ERROR "%s: a function's name must say where it is attached:\n%s",
			name ? name : "?", program_name_forms);
		return -EINVAL;
	}
	strcpy(p->name, name);
	p->instructions = malloc(size + 1);
	if (!p->instructions)
		return -ENOMEM;
	memcpy(p->instructions, code, size);
	p->n_instructions = size / sizeof(*p->instructions);
	seen.program = p;
	fd = bcc.bcc_func_load(module, BPF_PROG_TYPE_SOCKET_FILTER, name, code, (int)size, "GPL", 0,
			       0, NULL, 0, NULL, -1);
	seen.program = NULL;
	if (fd >= 0)
		close(fd);
	r = collect_references(p);
	prefix = program_kind_btf_prefix(parsed.kind, &btf_kind);
	if (r == 0 && prefix && btf) {
		snprintf(target, sizeof(target), "%s%s", prefix, parsed.target);
		r = btf__find_by_name_kind(btf, target, btf_kind);
		p->attach_btf_id = r > 0 ? (uint32_t)r : 0;
		r = 0;
	}
	return r;
}

static int collect_programs(void *module, struct image *image, const struct btf *btf)
{
	size_t n = bcc.bpf_num_functions(module);
	int r = 0;

	image->programs = calloc(n + 1, sizeof(*image->programs));
	if (!image->programs)
		return -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++)
		r = collect_program(module, i, &image->programs[image->n_programs++], btf);
	return r;
}

static int describe(const struct bcc_request *q, const char *flags, const char *license,
		    const char *btf_hash, struct image *image)
{
	_cleanup_strbuf_ struct strbuf kernel = {0};
	struct utsname u;
	int r = 0;

	if (uname(&u) < 0)
		return -errno;
	if (!q->btf)
		r = kernel_identity(&kernel);
	if (r < 0)
		return r;
	image->tool = strdup(q->tool);
	image->version = strdup(PACKAGE_VERSION);
	image->flags = strdup(flags);
	image->release = strdup(q->btf ? "" : u.release);
	image->machine = strdup(u.machine);
	image->kernel = strbuf_steal(&kernel);
	image->btf_hash = strdup(btf_hash);
	image->license = strdup(license && *license ? license : "GPL");
	return 0;
}

static int make_image(const struct bcc_request *q, void *module, const struct btf *btf,
		      const char *flags, const char *btf_hash, struct strbuf *ret)
{
	_cleanup_image_ struct image *image = calloc(1, sizeof(*image));
	_cleanup_strbuf_ struct strbuf error = {0};
	const char *why;
	int r;

	if (!image)
		return -ENOMEM;
	r = collect_maps(module, image);
	if (r == 0)
		r = collect_programs(module, image, btf);
	if (r == 0)
		r = describe(q, flags, bcc.bpf_module_license(module), btf_hash, image);
	if (r < 0)
		return r;
	image->btf = STEAL(seen.btf);
	image->btf_size = seen.btf_size;
	r = image_link(image, &error);
	if (r < 0) {
		fprintf(stderr, BCC_ERROR "%s", strbuf_text(&error));
		return r;
	}
	r = image_write(image, ret, &why);
	if (why)
		fprintf(stderr, BCC_ERROR "what the compiler made cannot be loaded: %s\n", why);
	return r;
}

/* All flags in one blank-separated text: what another kernel's BTF tells, and those asked for. */
static void join_flags(const struct bcc_request *q, const struct btf *btf, struct strbuf *flags)
{
	struct kernel_features other;

	if (q->btf && btf) {
		kernel_features_from_btf(btf, &other);
		kernel_features_flags(&other, flags);
	}
	for (int i = 0; i < q->n_flags; i++)
		strbuf_printf(flags, "%s ", q->flags[i]);
}

/*
 * LLVM's heap in huge pages, where the system lets a program ask for them: to have each of some
 * 5000 pages faulted in is a tenth of the time.
 */
static void use_huge_pages(void)
{
	const size_t huge = 2 << 20, heap = 64 << 20; /* 30 MiB are used */
	uintptr_t start = ((uintptr_t)sbrk(0) + huge - 1) & ~(huge - 1);
	void *volatile extend; /* or the compiler leaves it out */

	mallopt(M_TOP_PAD, heap);
	mallopt(M_MMAP_THRESHOLD, heap); /* all of it from the heap */
	extend = malloc(huge);
	free(extend);
	madvise((void *)start, heap, MADV_HUGEPAGE);
}

/* The types of the kernel to compile for; NULL if that is the running one and it has none. */
static int load_types(const struct bcc_request *q, struct btf **ret, struct strbuf *hash)
{
	_cleanup_strbuf_ struct strbuf error = {0};
	const void *bytes;
	__u32 size;
	int r;

	if (!q->btf && access(KERNEL_BTF, R_OK) < 0)
		return 0;
	r = btf_headers_load(q->btf, ret, &error);
	if (r < 0)
		return complain(&error, r);
	bytes = btf__raw_data(*ret, &size);
	return bytes ? kernel_btf_hash_of(bytes, size, hash) : -ENOMEM;
}

/* What bcc_begin() has begun. */
static struct {
	pthread_t loader;
	struct btf *btf;
	struct strbuf hash;
} begun;

int bcc_begin(const struct bcc_request *q)
{
	int r;

	use_huge_pages();
	r = pthread_create(&begun.loader, NULL, load_libbcc, NULL);
	return r ? -r : load_types(q, &begun.btf, &begun.hash);
}

/* All that need not wait for libbcc. */
static int prepare(const struct bcc_request *q)
{
	if (strstr(q->text, "TRACEPOINT_PROBE") || strstr(q->text, "struct tracepoint__")) {
		if (q->btf) {
			fprintf(stderr,
				BCC_ERROR "TRACEPOINT_PROBE takes the event's format from the "
					  "running kernel: with --btf, write tracepoint__CATEGORY__"
					  "EVENT(struct trace_event_raw_EVENT *args)\n");
			return -EINVAL;
		}
		provide_tracefs();
	}
	return prepare_headers(q, begun.btf);
}

int bcc_compile(const struct bcc_request *q, struct strbuf *image)
{
	_cleanup_strbuf_ struct strbuf flags = {0}, split = {0}, prelude = {0};
	const char *arguments[BCC_FLAGS_MOST + 5];
	void *module;
	int n = 0, r = prepare(q);

	pthread_join(begun.loader, NULL);
	if (r == 0 && bcc.error) {
		fprintf(stderr, BCC_ERROR "%s (apt install libbpfcc)\n", bcc.error);
		r = -EINVAL;
	}
	if (r < 0)
		return r;
	join_flags(q, begun.btf, &flags);
	/* Else a misspelt helper becomes a call to nowhere. */
	arguments[n++] = "-Werror=implicit-function-declaration";
	/* libbcc optimizes what clang gives it, so clang need not: that takes a third of the time.
	 */
	arguments[n++] = "-Xclang";
	arguments[n++] = "-disable-llvm-passes";
	strbuf_printf(&prelude, "%s/" PRELUDE, q->directory);
	if (access(strbuf_text(&prelude), F_OK) == 0) {
		arguments[n++] = "-include";
		arguments[n++] = strbuf_text(&prelude);
	}
	strbuf_append(&split, flags.data, flags.length);
	for (char *f = strtok(split.data, " "); f && n < BCC_FLAGS_MOST; f = strtok(NULL, " "))
		arguments[n++] = f;
	module = bcc.bpf_module_create_c_from_string(q->text, 0, arguments, n, false, NULL);
	if (!module)
		return -EBADMSG;
	/* Neither is freed: this process ends next, and to take LLVM apart takes time. */
	return make_image(q, module, begun.btf, strbuf_text(&flags), strbuf_text(&begun.hash),
			  image);
}
