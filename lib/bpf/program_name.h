/* A BPF function's name says what it is attached to. */
#pragma once

#include <linux/bpf.h>

enum program_kind {
	PROGRAM_TRACEPOINT, /* tracepoint__CATEGORY__EVENT */
	PROGRAM_RAW_TP,	    /* raw_tp__EVENT */
	PROGRAM_TP_BTF,	    /* tp_btf__EVENT */
	PROGRAM_FENTRY,	    /* fentry__FUNCTION */
	PROGRAM_FEXIT,	    /* fexit__FUNCTION */
	PROGRAM_KPROBE,	    /* kprobe__FUNCTION */
	PROGRAM_KRETPROBE,  /* kretprobe__FUNCTION */
	PROGRAM_ITER,	    /* iter__NAME: loaded, opened by name */
	PROGRAM_UPROBE,	    /* uprobe__NAME: loaded, attached by the tool */
	PROGRAM_TAIL,	    /* tail__MAP__INDEX: put into the program array MAP at INDEX */
	PROGRAM_CALLBACK,   /* callback_N: linked into the programs that refer to it */
};

#define PROGRAM_TARGET_SIZE 128

struct program_name {
	enum program_kind kind;
	char category[PROGRAM_TARGET_SIZE]; /* of a tracepoint; "" otherwise */
	char target[PROGRAM_TARGET_SIZE];   /* event, function, NAME or MAP; "" of a callback */
	unsigned int index;		    /* INDEX or N */
};

/* 0, or -EINVAL for any other name. */
int program_name_parse(const char *name, struct program_name *ret);

/* The kernel's program type and attach type; of a tail program: its caller's, so not from here. */
enum bpf_prog_type program_kind_type(enum program_kind kind);
enum bpf_attach_type program_kind_attach_type(enum program_kind kind);

/* What the kind is attached to, by its name in the kernel's BTF: prefix and BTF kind; NULL: not so.
 */
const char *program_kind_btf_prefix(enum program_kind kind, unsigned int *ret_btf_kind);

/* All name forms, one a line, for an error message. */
extern const char program_name_forms[];
