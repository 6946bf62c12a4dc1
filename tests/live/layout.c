/*
 * Does libbcc place every field that btf_headers writes where the kernel has it? For each field a
 * function is compiled that returns its address, which must come out as "argument + offset" with
 * the offset in BTF (bpf/kernel_decls.h says why this is not a matter of course). Needs no root.
 *
 * Texts: every bpf-src/NAME.bpf.c and tests/data/layout.txt, or those given as arguments.
 * Kernels: the running one and every *.btf in the directory $OOMTOOLS_BTF_DIR (there must be some).
 */
#include <bcc/bcc_common.h>
#include <bpf/btf.h>
#include <errno.h>
#include <ftw.h>
#include <glob.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/macro.h"
#include "base/strbuf.h"
#include "bpf/btf_headers.h"

#define LARGEST_TEXT (1 << 20)

/* One function of the probe text. */
struct probe {
	char *name; /* "struct mm_struct.total_vm" */
	uint32_t offset;
};

struct probes {
	struct strbuf text; /* of the functions */
	struct probe *list;
	size_t count;
};

static int add_probe(void *user, const struct kernel_field *field)
{
	struct probes *p = user;
	struct probe *list = reallocarray(p->list, p->count + 1, sizeof(*list));
	bool is_end = !field->field[0];

	if (!list)
		return -ENOMEM;
	p->list = list;
	list[p->count].offset = field->offset;
	if (asprintf(&list[p->count].name, "%s.%s", field->type, is_end ? "(end)" : field->field) <
	    0)
		return -ENOMEM;
	strbuf_printf(&p->text, "u64 chk_%zu(%s *p) { return (u64)%s%s; }\n", p->count++,
		      field->type, is_end ? "(p + 1)" : "&p->", field->field);
	return 0;
}

/* "r0 = r1; r0 += OFFSET; exit", the addition left out for 0. */
static bool adds_offset(const struct bpf_insn *i, size_t count, uint32_t offset)
{
	bool moves = count && i[0].code == (BPF_ALU64 | BPF_MOV | BPF_X) && i[0].dst_reg == 0 &&
		     i[0].src_reg == 1;

	if (!moves || count != (offset ? 3 : 2) || i[count - 1].code != (BPF_JMP | BPF_EXIT))
		return false;
	return !offset || (i[1].code == (BPF_ALU64 | BPF_ADD | BPF_K) && i[1].dst_reg == 0 &&
			   i[1].imm == (int32_t)offset);
}

/* How many probes are not what they should be; each is named. */
static size_t count_wrong(void *module, const struct probes *p)
{
	size_t wrong = 0;

	for (size_t n = 0; n < p->count; n++) {
		char name[32];
		const struct bpf_insn *insns;
		size_t count;

		snprintf(name, sizeof(name), "chk_%zu", n);
		insns = bpf_function_start(module, name);
		count = bpf_function_size(module, name) / sizeof(*insns);
		if (insns && adds_offset(insns, count, p->list[n].offset))
			continue;
		wrong++;
		printf("# %s should be at %u", p->list[n].name, p->list[n].offset);
		for (size_t i = 0; insns && i < count && i < 8; i++)
			printf("; %02x r%d r%d %d", insns[i].code, insns[i].dst_reg,
			       insns[i].src_reg, insns[i].imm);
		printf("\n");
	}
	return wrong;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

/* The number of probes of a text that are right for the kernel; -1 if any is not. */
static int check_text(const char *text, const char *btf_path)
{
	_cleanup_strbuf_ struct strbuf error = {0};
	struct probes probes = {0};
	char dir[] = "/tmp/oomtools-layout.XXXXXX";
	struct btf *btf = NULL;
	void *module = NULL;
	size_t wrong = 1;

	if (!mkdtemp(dir))
		return -1;
	if (btf_headers_load(btf_path, &btf, &error) == 0 &&
	    btf_headers_write(dir, text, btf, &error) == 0 &&
	    btf_headers_fields(text, btf, add_probe, &probes, &error) == 0) {
		setenv("BCC_KERNEL_SOURCE", dir, 1);
		module = bpf_module_create_c_from_string(strbuf_text(&probes.text), 0, NULL, 0,
							 false, NULL);
	}
	if (error.length)
		printf("# %s\n", strbuf_text(&error));
	if (module)
		wrong = count_wrong(module, &probes);
	bpf_module_destroy(module);
	btf__free(btf);
	nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	for (size_t i = 0; i < probes.count; i++)
		free(probes.list[i].name);
	free(probes.list);
	strbuf_free(&probes.text);
	return wrong ? -1 : (int)probes.count;
}

/* A text with the headers it may include behind it: what they name counts, too. */
static bool read_text(const char *path, const char *srcdir, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf pattern = {0};
	glob_t headers;
	bool ok = file_read(path, LARGEST_TEXT, out) == 0;

	strbuf_printf(&pattern, "%s/bpf-src/*.h", srcdir);
	if (glob(strbuf_text(&pattern), 0, NULL, &headers) == 0) {
		for (size_t i = 0; i < headers.gl_pathc; i++)
			ok = file_read(headers.gl_pathv[i], LARGEST_TEXT, out) == 0 && ok;
		globfree(&headers);
	}
	return ok && !strbuf_error(out);
}

/* In a process of its own: libbcc exits on some errors, and keeps its memory. */
static void check_in_child(size_t number, const char *path, const char *btf, const char *srcdir)
{
	const char *slash = strrchr(path, '/'), *kernel = btf ? strrchr(btf, '/') : NULL;
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct strbuf text = {0};
		int n = read_text(path, srcdir, &text) ? check_text(strbuf_text(&text), btf) : -1;

		if (n > 0)
			printf("# %d fields\n", n);
		fflush(stdout);
		_exit(n > 0 ? 0 : 1);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	printf("%sok %zu - fields of %s on %s\n", status == 0 ? "" : "not ", number,
	       slash ? slash + 1 : path,
	       kernel ? kernel + 1
	       : btf  ? btf
		      : "the running kernel");
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir") ? getenv("srcdir") : ".";
	const char *btf_dir = getenv("OOMTOOLS_BTF_DIR");
	_cleanup_strbuf_ struct strbuf pattern = {0}, own = {0}, kernels = {0};
	glob_t texts = {0}, btfs = {0};
	size_t number = 0;

	strbuf_printf(&pattern, "%s/bpf-src/*.bpf.c", srcdir);
	strbuf_printf(&own, "%s/tests/data/layout.txt", srcdir);
	strbuf_printf(&kernels, "%s/*.btf", btf_dir ? btf_dir : "");
	if (argc == 1) {
		glob(strbuf_text(&pattern), GLOB_NOCHECK, NULL, &texts);
		glob(strbuf_text(&own), GLOB_NOCHECK | GLOB_APPEND, NULL, &texts);
	}
	if (btf_dir && glob(strbuf_text(&kernels), GLOB_NOCHECK, NULL, &btfs) != 0)
		return 1;
	printf("TAP version 13\n");
	for (size_t k = 0; k <= btfs.gl_pathc; k++) {
		const char *btf = k ? btfs.gl_pathv[k - 1] : NULL;

		for (size_t i = 0; i < texts.gl_pathc; i++)
			check_in_child(++number, texts.gl_pathv[i], btf, srcdir);
		for (int i = 1; i < argc; i++)
			check_in_child(++number, argv[i], btf, srcdir);
	}
	printf("1..%zu\n", number);
	globfree(&texts);
	globfree(&btfs);
	return 0;
}
