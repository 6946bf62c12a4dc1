/* Images: written and read back, refused when damaged, and the linking of callbacks. */
#include "unit/unit.h"

#include <errno.h>
#include <bpf/btf.h>

#include "bpf/image.h"
#include "bpf/program_name.h"

#define MAP_LOAD                                                                         \
	{.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD}, \
	{                                                                                \
		.imm = 0                                                                 \
	}
#define CALLBACK_LOAD(number)               \
	{.code = BPF_LD | BPF_DW | BPF_IMM, \
	 .dst_reg = 2,                      \
	 .src_reg = BPF_PSEUDO_FUNC,        \
	 .imm = number},                    \
	{                                   \
		.imm = 0                    \
	}
#define CALL(number)                                                     \
	{                                                                \
		.code = BPF_JMP | BPF_CALL, .imm = 0x4f4f0000 + (number) \
	}
#define RETURN                             \
	{                                  \
		.code = BPF_JMP | BPF_EXIT \
	}

static void *copy(const void *from, size_t n)
{
	void *to = malloc(n + 1);

	assert_non_null(to);
	return memcpy(to, from, n);
}

static void add_program(struct image *image, const char *name, const struct bpf_insn *code,
			size_t n)
{
	static const struct bpf_func_info function = {0, 1};
	static const struct bpf_line_info line = {0, 0, 0, 0};
	struct image_program *p;

	image->programs =
		realloc(image->programs, (image->n_programs + 1) * sizeof(*image->programs));
	p = &image->programs[image->n_programs++];
	*p = (struct image_program){.attach_btf_id = 77};
	strcpy(p->name, name);
	p->instructions = copy(code, n * sizeof(*code));
	p->n_instructions = n;
	p->functions = copy(&function, sizeof(function));
	p->lines = copy(&line, sizeof(line));
	p->n_functions = p->n_lines = 1;
	p->references = calloc(n, sizeof(*p->references));
	for (uint32_t i = 0; i < n; i++)
		if (code[i].src_reg == BPF_PSEUDO_MAP_FD && code[i].code == 0x18)
			p->references[p->n_references++] = (struct image_reference){i, 0};
}

/* A program that loads map 0, another that does nothing. */
static struct image *make(void)
{
	static const struct bpf_insn loads[] = {MAP_LOAD, RETURN}, nothing[] = {RETURN};
	struct image *image = calloc(1, sizeof(*image));

	assert_non_null(image);
	image->tool = strdup("tool");
	image->version = strdup("1");
	image->flags = strdup("-DX=1 ");
	image->release = strdup("6.1");
	image->machine = strdup("x86_64");
	image->kernel = strdup("abc");
	image->btf_hash = strdup("def");
	image->license = strdup("GPL");
	image->maps = calloc(1, sizeof(*image->maps));
	image->maps[0] = (struct image_map){"counts", BPF_MAP_TYPE_ARRAY, 4, 8, 5, 0};
	image->n_maps = 1;
	add_program(image, "raw_tp__one", loads, ARRAY_SIZE(loads));
	add_program(image, "raw_tp__two", nothing, ARRAY_SIZE(nothing));
	return image;
}

static void serialise(const struct image *image, struct strbuf *out)
{
	const char *why;

	assert_int_equal(image_write(image, out, &why), 0);
}

static void comes_back(void **state)
{
	_cleanup_image_ struct image *image = make(), *back = NULL;
	_cleanup_strbuf_ struct strbuf bytes = {0}, again = {0};
	const char *why;

	(void)state;
	serialise(image, &bytes);
	assert_int_equal(image_parse(bytes.data, bytes.length, &back, &why), 0);
	serialise(back, &again);
	assert_int_equal(bytes.length, again.length);
	assert_memory_equal(bytes.data, again.data, bytes.length);
	assert_string_equal(back->tool, "tool");
	assert_string_equal(back->btf_hash, "def");
	assert_int_equal(back->maps[0].value_size, 8);
	assert_int_equal(image_program(back, "raw_tp__one")->n_references, 1);
	assert_int_equal(image_program(back, "raw_tp__one")->attach_btf_id, 77);
	assert_null(image_program(back, "raw_tp__three"));
	assert_ptr_equal(image_map(back, "counts"), back->maps);
}

static void refuses_what_is_cut(void **state)
{
	_cleanup_image_ struct image *image = make(), *back = NULL;
	_cleanup_strbuf_ struct strbuf bytes = {0}, sealed = {0};
	const size_t header = 48;
	const char *why;

	(void)state;
	serialise(image, &bytes);
	for (size_t n = 0; n < bytes.length; n++) {
		_cleanup_free_ char *cut = copy(bytes.data, n);

		assert_int_equal(image_parse(cut, n, &back, &why), -EBADMSG);
		/* A fitting header does not help it. */
		if (n < header)
			continue;
		strbuf_reset(&sealed);
		image_seal(bytes.data + header, n - header, &sealed);
		assert_int_equal(image_parse(sealed.data, sealed.length, &back, &why), -EBADMSG);
	}
	strbuf_putc(&bytes, 'x');
	assert_int_equal(image_parse(bytes.data, bytes.length, &back, &why), -EBADMSG);
	assert_null(back);
}

static void refuses_what_is_changed(void **state)
{
	_cleanup_image_ struct image *image = make(), *back = NULL;
	_cleanup_strbuf_ struct strbuf bytes = {0};
	const char *why;

	(void)state;
	serialise(image, &bytes);
	for (size_t i = 0; i < bytes.length * 8; i++) {
		bytes.data[i / 8] = (char)(bytes.data[i / 8] ^ (1 << i % 8));
		assert_int_equal(image_parse(bytes.data, bytes.length, &back, &why), -EBADMSG);
		bytes.data[i / 8] = (char)(bytes.data[i / 8] ^ (1 << i % 8));
	}
	assert_null(back);
}

static void refuse(struct image *image, const char *expected)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	const char *why;

	assert_int_equal(image_write(image, &bytes, &why), -EINVAL);
	assert_string_equal(why, expected);
	image_free(image);
}

static void refuses_what_would_run_wrong(void **state)
{
	static const struct bpf_insn half[] = {RETURN, {.code = 0x18}};
	static const struct bpf_insn callback[] = {CALLBACK_LOAD(3), RETURN};
	static const struct bpf_insn address[] = {
		{.code = 0x18, .src_reg = BPF_PSEUDO_BTF_ID}, {.imm = 0}, RETURN};
	static const struct bpf_insn kernel_call[] = {
		{.code = BPF_JMP | BPF_CALL, .src_reg = 2, .imm = 5}, RETURN};
	static const struct bpf_insn call[] = {CALL(0), RETURN};
	struct image *image;

	(void)state;
	image = make();
	image->programs[0].instructions[0].imm = 3; /* our standard error, say */
	refuse(image, "a map load that is not listed");
	image = make();
	image->programs[0].n_references = 0;
	refuse(image, "a map load that is not listed");
	image = make();
	image->programs[0].references[0].map = 1;
	refuse(image, "a reference to a map that is not there");
	image = make();
	image->programs[1].references[0] = (struct image_reference){0, 0};
	image->programs[1].n_references = 1;
	refuse(image, "a map reference without a load");
	image = make();
	add_program(image, "raw_tp__three", half, ARRAY_SIZE(half));
	refuse(image, "half an instruction at the end of a program");
	image = make();
	add_program(image, "raw_tp__three", callback, ARRAY_SIZE(callback));
	refuse(image, "a callback reference to no function");
	image = make();
	add_program(image, "raw_tp__three", address, ARRAY_SIZE(address));
	refuse(image, "a load of an unknown kind");
	image = make();
	add_program(image, "raw_tp__three", kernel_call, ARRAY_SIZE(kernel_call));
	refuse(image, "a call of something else than a helper");
	image = make();
	add_program(image, "raw_tp__three", call, ARRAY_SIZE(call));
	image->programs[2].instructions[0].src_reg = BPF_PSEUDO_CALL;
	refuse(image, "a call of no function");
	image = make();
	image->programs[0].lines[0].insn_off = 3;
	refuse(image, "line information out of order");
	image = make();
	image->programs[0].functions[0].insn_off = 1;
	refuse(image, "function information out of order");
	image = make();
	strcpy(image->programs[1].name, "raw_tp__one");
	refuse(image, "two programs of one name");
}

/* BTF with a global function for each callback, as libbcc makes it. */
static void add_btf(struct image *image)
{
	struct btf *btf = btf__new_empty();
	int type = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int proto = btf__add_func_proto(btf, type);
	const void *raw;
	uint32_t size;

	btf__add_func(btf, "raw_tp__three", BTF_FUNC_GLOBAL, proto);
	btf__add_func(btf, "callback_3", BTF_FUNC_GLOBAL, proto);
	raw = btf__raw_data(btf, &size);
	image->btf = copy(raw, size);
	image->btf_size = size;
	btf__free(btf);
}

static unsigned int linkage(const struct image *image, uint32_t type)
{
	struct btf *btf = btf__new(image->btf, (uint32_t)image->btf_size);
	unsigned int found;

	assert_non_null(btf);
	found = btf_vlen(btf__type_by_id(btf, type));
	btf__free(btf);
	return found;
}

static void links_callbacks(void **state)
{
	static const struct bpf_insn caller[] = {MAP_LOAD, CALLBACK_LOAD(3), CALLBACK_LOAD(3),
						 RETURN};
	static const struct bpf_insn callback[] = {MAP_LOAD, CALLBACK_LOAD(3), RETURN};
	_cleanup_image_ struct image *image = make();
	_cleanup_strbuf_ struct strbuf error = {0}, bytes = {0};
	const struct image_program *p;

	(void)state;
	add_program(image, "callback_3", callback, ARRAY_SIZE(callback));
	add_program(image, "raw_tp__three", caller, ARRAY_SIZE(caller));
	add_btf(image);
	assert_int_equal(image_link(image, &error), 0);
	assert_null(image_program(image, "callback_3"));
	assert_int_equal(image->n_programs, 3);
	p = image_program(image, "raw_tp__three");
	/* 7 of its own, then the callback's 5, once. */
	assert_int_equal(p->n_instructions, 12);
	assert_int_equal(p->instructions[2].imm, 7 - 2 - 1);
	assert_int_equal(p->instructions[4].imm, 7 - 4 - 1);
	/* It passes itself on. */
	assert_int_equal(p->instructions[9].imm, 7 - 9 - 1);
	assert_int_equal(p->n_references, 2);
	assert_int_equal(p->references[1].instruction, 7);
	assert_int_equal(p->n_functions, 2);
	assert_int_equal(p->functions[1].insn_off, 7);
	assert_int_equal(p->lines[1].insn_off, 7);
	assert_int_equal(linkage(image, 3), BTF_FUNC_GLOBAL);
	assert_int_equal(linkage(image, 4), BTF_FUNC_STATIC);
	serialise(image, &bytes);
}

/* OOMTOOLS_CALL; callback 5 calls 3, and the caller does, too. */
static void links_calls(void **state)
{
	static const struct bpf_insn caller[] = {CALL(5), CALL(3), RETURN};
	static const struct bpf_insn outer[] = {CALL(3), RETURN};
	static const struct bpf_insn inner[] = {MAP_LOAD, RETURN};
	_cleanup_image_ struct image *image = make();
	_cleanup_strbuf_ struct strbuf error = {0}, bytes = {0};
	const struct image_program *p;

	(void)state;
	add_program(image, "callback_3", inner, ARRAY_SIZE(inner));
	add_program(image, "callback_5", outer, ARRAY_SIZE(outer));
	add_program(image, "raw_tp__three", caller, ARRAY_SIZE(caller));
	add_btf(image);
	assert_int_equal(image_link(image, &error), 0);
	p = image_program(image, "raw_tp__three");
	/* 3 of its own, the outer's 2, the inner's 3, once. */
	assert_int_equal(p->n_instructions, 8);
	assert_int_equal(p->instructions[0].imm, 3 - 0 - 1);
	assert_int_equal(p->instructions[1].imm, 5 - 1 - 1);
	assert_int_equal(p->instructions[3].imm, 5 - 3 - 1);
	assert_int_equal(p->instructions[3].src_reg, BPF_PSEUDO_CALL);
	assert_int_equal(p->n_functions, 3);
	serialise(image, &bytes);
}

static void misses_callbacks(void **state)
{
	static const struct bpf_insn caller[] = {CALLBACK_LOAD(4), RETURN};
	_cleanup_image_ struct image *image = make();
	_cleanup_strbuf_ struct strbuf error = {0};

	(void)state;
	add_program(image, "raw_tp__three", caller, ARRAY_SIZE(caller));
	assert_int_equal(image_link(image, &error), -EINVAL);
	assert_non_null(strstr(error.data, "OOMTOOLS_CALLBACK(4)"));
}

static void check_name(const char *name, int kind, const char *category, const char *target,
		       unsigned int index)
{
	struct program_name parsed;

	if (kind < 0) {
		assert_int_equal(program_name_parse(name, &parsed), -EINVAL);
		return;
	}
	assert_int_equal(program_name_parse(name, &parsed), 0);
	assert_int_equal(parsed.kind, kind);
	assert_string_equal(parsed.category, category);
	assert_string_equal(parsed.target, target);
	assert_int_equal(parsed.index, index);
}

static void names_say_where(void **state)
{
	char longest[200] = "kprobe__";

	(void)state;
	check_name("tracepoint__oom__mark_victim", PROGRAM_TRACEPOINT, "oom", "mark_victim", 0);
	check_name("raw_tp__sys_enter", PROGRAM_RAW_TP, "", "sys_enter", 0);
	check_name("tp_btf__mark_victim", PROGRAM_TP_BTF, "", "mark_victim", 0);
	check_name("fentry____x64_sys_getpid", PROGRAM_FENTRY, "", "__x64_sys_getpid", 0);
	check_name("fexit__f", PROGRAM_FEXIT, "", "f", 0);
	check_name("kprobe__f", PROGRAM_KPROBE, "", "f", 0);
	check_name("kretprobe__f", PROGRAM_KRETPROBE, "", "f", 0);
	check_name("iter__task", PROGRAM_ITER, "", "task", 0);
	check_name("uprobe__malloc", PROGRAM_UPROBE, "", "malloc", 0);
	check_name("tail__my__calls__12", PROGRAM_TAIL, "", "my__calls", 12);
	check_name("callback_7", PROGRAM_CALLBACK, "", "", 7);
	memset(longest + 8, 'x', 150);
	check_name(longest, -1, NULL, NULL, 0);
	check_name("", -1, NULL, NULL, 0);
	check_name("probe", -1, NULL, NULL, 0);
	check_name("kprobe__", -1, NULL, NULL, 0);
	check_name("tracepoint__oom", -1, NULL, NULL, 0);
	check_name("tracepoint____x", -1, NULL, NULL, 0);
	check_name("tail__calls", -1, NULL, NULL, 0);
	check_name("tail__calls__x", -1, NULL, NULL, 0);
	check_name("callback_", -1, NULL, NULL, 0);
	check_name("callback_1x", -1, NULL, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back),
		cmocka_unit_test(refuses_what_is_cut),
		cmocka_unit_test(refuses_what_is_changed),
		cmocka_unit_test(refuses_what_would_run_wrong),
		cmocka_unit_test(links_callbacks),
		cmocka_unit_test(links_calls),
		cmocka_unit_test(misses_callbacks),
		cmocka_unit_test(names_say_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
