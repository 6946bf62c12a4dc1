/*
 * libbcc applies no relocation of function addresses, so a text passes a callback by number, or
 * calls it so, and what the compiler would have done is done here: append the callback's
 * instructions to each program that names it and make the reference relative, as the kernel wants
 * it (BPF_PSEUDO_FUNC, Linux 5.13; BPF_PSEUDO_CALL, Linux 4.16).
 */
#include "bpf/image.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <bpf/btf.h>

#include "base/macro.h"
#include "bpf/program_name.h"

/* Where callback N starts in the program being linked; 0: not yet there. */
struct placed {
	uint32_t number, start;
};

#define CALLBACKS_MOST 16

/* OOMTOOLS_CALL (bpf-src/oomtools.bpf.h): a helper's number that no kernel has. */
#define CALLS_FROM 0x4f4f0000
#define CALLS_MOST 0x10000

/* Grow an array by N elements, copied from MORE. */
static int extend(void *array, size_t *n, const void *more, size_t n_more, size_t each)
{
	void **at = array, *grown;

	if (!n_more)
		return 0;
	grown = reallocarray(*at, *n + n_more, each);
	if (!grown)
		return -ENOMEM;
	memcpy((char *)grown + *n * each, more, n_more * each);
	*at = grown;
	*n += n_more;
	return 0;
}

/* Append the callback's parts to P, their instruction numbers moved. */
static int append(struct image_program *p, const struct image_program *callback)
{
	uint32_t start = (uint32_t)p->n_instructions;
	size_t references = p->n_references, functions = p->n_functions, lines = p->n_lines;
	int r;

	r = extend(&p->instructions, &p->n_instructions, callback->instructions,
		   callback->n_instructions, sizeof(*p->instructions));
	if (r == 0)
		r = extend(&p->references, &p->n_references, callback->references,
			   callback->n_references, sizeof(*p->references));
	if (r == 0)
		r = extend(&p->functions, &p->n_functions, callback->functions,
			   callback->n_functions, sizeof(*p->functions));
	if (r == 0)
		r = extend(&p->lines, &p->n_lines, callback->lines, callback->n_lines,
			   sizeof(*p->lines));
	if (r < 0)
		return r;
	for (; references < p->n_references; references++)
		p->references[references].instruction += start;
	for (; functions < p->n_functions; functions++)
		p->functions[functions].insn_off += start;
	for (; lines < p->n_lines; lines++)
		p->lines[lines].insn_off += start;
	return 0;
}

/* Where the callback starts in P, appended if it is not there yet; or -errno. */
static int64_t place(const struct image *image, struct image_program *p, int32_t number,
		     struct placed *placed, size_t *n_placed, struct strbuf *error)
{
	const struct image_program *callback;
	char name[32];
	int r;

	for (size_t i = 0; i < *n_placed; i++)
		if (placed[i].number == (uint32_t)number)
			return placed[i].start;
	snprintf(name, sizeof(name), "callback_%d", number);
	callback = image_program(image, name);
	if (!callback) {
		strbuf_printf(error,
			      "%s refers to callback %d, but the text defines no "
			      "OOMTOOLS_CALLBACK(%d)\n",
			      p->name, number, number);
		return -EINVAL;
	}
	if (*n_placed == CALLBACKS_MOST || !callback->n_functions || !p->n_functions) {
		strbuf_printf(error,
			      *n_placed == CALLBACKS_MOST
				      ? "%s uses more than 16 callbacks\n"
				      : "the compiler gave no function information for %s\n",
			      p->name);
		return -EINVAL;
	}
	placed[*n_placed] = (struct placed){(uint32_t)number, (uint32_t)p->n_instructions};
	r = append(p, callback);
	if (r < 0)
		return r;
	return placed[(*n_placed)++].start;
}

/* Which callback an instruction passes on or calls; -1: none. */
static int32_t callback_of(const struct bpf_insn *in)
{
	if (in->code == (BPF_LD | BPF_DW | BPF_IMM) && in->src_reg == BPF_PSEUDO_FUNC)
		return in->imm;
	if (in->code == (BPF_JMP | BPF_CALL) && !in->src_reg && in->imm >= CALLS_FROM &&
	    in->imm < CALLS_FROM + CALLS_MOST)
		return in->imm - CALLS_FROM;
	return -1;
}

static int link_program(const struct image *image, struct image_program *p, struct strbuf *error)
{
	struct placed placed[CALLBACKS_MOST];
	size_t n_placed = 0;

	/* What is appended is looked at as well: a callback may use callbacks. */
	for (size_t i = 0; i + 1 < p->n_instructions; i++) {
		bool is_load = p->instructions[i].code == (BPF_LD | BPF_DW | BPF_IMM);
		int32_t number = callback_of(&p->instructions[i]);

		if (number >= 0) {
			int64_t start = place(image, p, number, placed, &n_placed, error);

			if (start < 0)
				return (int)start;
			p->instructions[i].imm = (int32_t)(start - (int64_t)i - 1);
			if (is_load)
				p->instructions[i + 1].imm = 0;
			else
				p->instructions[i].src_reg = BPF_PSEUDO_CALL;
		}
		i += is_load;
	}
	return 0;
}

static bool is_callback(const char *name)
{
	struct program_name parsed;

	return program_name_parse(name, &parsed) == 0 && parsed.kind == PROGRAM_CALLBACK;
}

/* The kernel accepts only functions of static linkage as callbacks. */
static int make_static(struct image *image, struct strbuf *error)
{
	struct btf *btf = btf__new(image->btf, (uint32_t)image->btf_size);
	const void *raw;
	uint32_t size;

	if (!btf) {
		strbuf_puts(error, "the compiler gave no readable BTF\n");
		return -EINVAL;
	}
	for (uint32_t i = 1; i < btf__type_cnt(btf); i++) {
		struct btf_type *t = (struct btf_type *)(uintptr_t)btf__type_by_id(btf, i);
		const char *name = btf_is_func(t) ? btf__name_by_offset(btf, t->name_off) : NULL;

		if (name && is_callback(name))
			t->info = (t->info & ~0xffffu) | BTF_FUNC_STATIC;
	}
	raw = btf__raw_data(btf, &size);
	if (raw && size == image->btf_size)
		memcpy(image->btf, raw, size);
	btf__free(btf);
	return raw ? 0 : -ENOMEM;
}

int image_link(struct image *image, struct strbuf *error)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < image->n_programs && r == 0; i++)
		if (!is_callback(image->programs[i].name))
			r = link_program(image, &image->programs[i], error);
	if (r < 0)
		return r;
	for (size_t i = 0; i < image->n_programs; i++) {
		if (is_callback(image->programs[i].name))
			image_program_clear(&image->programs[i]);
		else
			image->programs[kept++] = image->programs[i];
	}
	if (kept == image->n_programs)
		return 0;
	image->n_programs = kept;
	return make_static(image, error);
}
