/* A BTF file that someone made up: declarations are written from it, or it is refused. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "bpf/kernel_decls.h"
#include "bpf/text_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the seeds have: types of all kinds, and some that hold themselves. */
static const char text[] = "struct task *t; union word; enum kind; atomic_t; cookie_t; usage;\n"
			   "mm total list flags one two in a b counter left right FIRST LARGE\n";

static int touch(void *user, const struct kernel_field *field)
{
	if (!field->type[0] || !field->field)
		abort();
	*(uint32_t *)user += field->offset;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct text_names *names, *base;
	_cleanup_strbuf_ struct strbuf out = {0};
	struct btf *btf;
	uint32_t sum = 0;

	libbpf_set_print(NULL);
	if (!names && (text_names_scan(text, &names) < 0 || text_names_scan("", &base) < 0))
		abort();
	btf = btf__new(data, (uint32_t)size);
	if (!btf)
		return 0;
	kernel_decls_write(btf, names, base, &out, touch, &sum);
	btf__free(btf);
	return 0;
}
