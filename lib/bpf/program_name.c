#include "bpf/program_name.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/macro.h"
#include "base/parse.h"

static const struct {
	const char *prefix;
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	const char
		*btf_prefix; /* linux/btf_ids.h, kernel/bpf/verifier.c: bpf_check_attach_target() */
	unsigned int btf_kind;
} kinds[] = {
	[PROGRAM_TRACEPOINT] = {"tracepoint__", BPF_PROG_TYPE_TRACEPOINT, 0, NULL, 0},
	[PROGRAM_RAW_TP] = {"raw_tp__", BPF_PROG_TYPE_RAW_TRACEPOINT, 0, NULL, 0},
	[PROGRAM_TP_BTF] = {"tp_btf__", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "btf_trace_",
			    BTF_KIND_TYPEDEF},
	[PROGRAM_FENTRY] = {"fentry__", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "", BTF_KIND_FUNC},
	[PROGRAM_FEXIT] = {"fexit__", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, "", BTF_KIND_FUNC},
	[PROGRAM_KPROBE] = {"kprobe__", BPF_PROG_TYPE_KPROBE, 0, NULL, 0},
	[PROGRAM_KRETPROBE] = {"kretprobe__", BPF_PROG_TYPE_KPROBE, 0, NULL, 0},
	[PROGRAM_ITER] = {"iter__", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, "bpf_iter_",
			  BTF_KIND_FUNC},
	[PROGRAM_UPROBE] = {"uprobe__", BPF_PROG_TYPE_KPROBE, 0, NULL, 0},
	[PROGRAM_TAIL] = {"tail__", BPF_PROG_TYPE_UNSPEC, 0, NULL, 0},
	[PROGRAM_CALLBACK] = {"callback_", BPF_PROG_TYPE_UNSPEC, 0, NULL, 0},
};

const char program_name_forms[] =
	"  tracepoint__CATEGORY__EVENT  raw_tp__EVENT  tp_btf__EVENT\n"
	"  fentry__FUNCTION  fexit__FUNCTION  kprobe__FUNCTION  kretprobe__FUNCTION\n"
	"  iter__NAME  uprobe__NAME  tail__MAP__INDEX  callback_N\n";

static bool copy(char *to, const char *from, size_t n)
{
	if (!n || n >= PROGRAM_TARGET_SIZE)
		return false;
	memcpy(to, from, n);
	to[n] = '\0';
	return true;
}

/* The last "__" in S. */
static const char *last_separator(const char *s)
{
	const char *found = NULL;

	for (const char *p = s; (p = strstr(p, "__")); p++)
		found = p;
	return found;
}

int program_name_parse(const char *name, struct program_name *ret)
{
	struct program_name parsed = {0};
	const char *rest = NULL, *separator;
	uint64_t index = 0;
	bool good;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !rest; i++) {
		size_t n = strlen(kinds[i].prefix);

		if (strncmp(name, kinds[i].prefix, n))
			continue;
		parsed.kind = (enum program_kind)i;
		rest = name + n;
	}
	if (!rest)
		return -EINVAL;
	switch (parsed.kind) {
	case PROGRAM_TRACEPOINT:
		separator = strstr(rest, "__");
		good = separator && copy(parsed.category, rest, (size_t)(separator - rest)) &&
		       copy(parsed.target, separator + 2, strlen(separator + 2));
		break;
	case PROGRAM_TAIL:
		separator = last_separator(rest);
		good = separator && copy(parsed.target, rest, (size_t)(separator - rest)) &&
		       parse_number(separator + 2, 0, UINT32_MAX, &index) == 0;
		break;
	case PROGRAM_CALLBACK:
		good = parse_number(rest, 0, INT32_MAX, &index) == 0;
		break;
	default:
		good = copy(parsed.target, rest, strlen(rest));
	}
	if (!good)
		return -EINVAL;
	parsed.index = (unsigned int)index;
	*ret = parsed;
	return 0;
}

enum bpf_prog_type program_kind_type(enum program_kind kind)
{
	return kinds[kind].type;
}

enum bpf_attach_type program_kind_attach_type(enum program_kind kind)
{
	return kinds[kind].attach_type;
}

const char *program_kind_btf_prefix(enum program_kind kind, unsigned int *ret_btf_kind)
{
	*ret_btf_kind = kinds[kind].btf_kind;
	return kinds[kind].btf_prefix;
}
