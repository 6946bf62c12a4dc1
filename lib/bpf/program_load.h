/* Handing one program to the kernel's verifier, and making sense of its answer. */
#pragma once

#include "base/strbuf.h"
#include "bpf/image.h"
#include "bpf/source_map.h"

struct program_load {
	struct image_program *program; /* its map references get filled in */
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	uint32_t attach_btf_id;
	const int *map_fds; /* by the image's map index */
	int btf_fd;	    /* -1: without function and line information */
	const void *btf;    /* the same, as bytes, to tell of lines; or NULL */
	size_t btf_size;
	const char *license;
};

/*
 * Load it: a program descriptor, or -errno with the reason in REASON (a few lines: where in the
 * source, and the end of the verifier's log) and the verifier's whole log in LOG.
 */
int program_load(const struct program_load *load, const struct source *source,
		 struct strbuf *reason, struct strbuf *log);

/*
 * Make readable what a verifier's log says: the source line it stopped at and its last lines.
 * For program_load() and its test.
 */
void program_explain(const char *program, const char *log, const struct source *source,
		     struct strbuf *reason);
