#include "bpf/program_loops.h"

#include <string.h>
#include <bpf/btf.h>

#include "base/macro.h"

#define LOOPS_TOLD 3

static bool jumps_back(const struct bpf_insn *i)
{
	const unsigned int class = BPF_CLASS(i->code), operation = BPF_OP(i->code);

	return (class == BPF_JMP || class == BPF_JMP32) && operation != BPF_CALL &&
	       operation != BPF_EXIT && i->off < 0;
}

/* The record of the line that the instruction is of; NULL: there is none. */
static const struct bpf_line_info *record_of(const struct image_program *p, size_t instruction)
{
	const struct bpf_line_info *found = NULL;

	for (size_t i = 0; i < p->n_lines && p->lines[i].insn_off <= instruction; i++)
		found = &p->lines[i];
	return found;
}

/* libbcc's numbers are only near the truth, and it rewrites lines. 0: not found. */
static unsigned int line_of(const struct bpf_line_info *record, const struct btf *btf,
			    const struct source *source)
{
	const char *text = record ? btf__name_by_offset(btf, record->line_off) : NULL;
	unsigned int number, hint;

	if (!text)
		return 0;
	hint = BPF_LINE_INFO_LINE_NUM(record->line_col);
	number = source_find(source, text, strlen(text), hint);
	return number ? number : source_find_rewritten(source, text, strlen(text), hint);
}

unsigned int program_loops(const struct image_program *program, const void *btf, size_t btf_size,
			   const struct source *source, struct strbuf *out)
{
	struct btf *types = btf__new(btf, (__u32)btf_size);
	unsigned int told[LOOPS_TOLD], line;
	size_t n = 0;

	for (size_t i = 0; types && i < program->n_instructions && n < LOOPS_TOLD; i++) {
		bool is_new = jumps_back(&program->instructions[i]);

		line = is_new ? line_of(record_of(program, i), types, source) : 0;
		for (size_t k = 0; k < n; k++)
			is_new &= told[k] != line;
		if (!line || !is_new)
			continue;
		strbuf_puts(out, n ? ", " : "");
		source_put_place(source, line, out);
		told[n++] = line;
	}
	btf__free(types);
	return n ? told[0] : 0;
}
