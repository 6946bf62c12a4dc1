/* The only file that speaks with libbcc. */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"

/* More -D flags than this are not handed on. */
#define BCC_FLAGS_MOST 256

struct bcc_request {
	const char *tool; /* for the image's header */
	const char *text;
	const char *directory;	  /* where the header tree goes: empty, private, absolute */
	const char *btf;	  /* BTF file of another kernel; NULL: the running one */
	bool kernel_headers;	  /* use the installed headers, not a synthesised tree */
	const char *const *flags; /* -D flags, without blanks */
	int n_flags;
};

/*
 * What needs no text: libbcc is loaded, by a thread, and the kernel's types are read. Once, before
 * bcc_compile() with the same request. 0, or -errno as there.
 */
int bcc_begin(const struct bcc_request *request);

/*
 * Compile into a serialised image. On failure -errno; what went wrong then stands on stdout and
 * stderr, where libbcc writes, too. libbcc may instead exit(1) from within, or crash.
 */
int bcc_compile(const struct bcc_request *request, struct strbuf *image);

/* Before a remark that is no error, at the start of its line. */
#define BCC_NOTE "oomtools-compile: note: "
/* Before a message of this program's own. */
#define BCC_ERROR "oomtools-compile: "
