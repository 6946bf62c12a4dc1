/*
 * What programs allocate and keep, for other programs: a pprof file, a flame graph, folded stacks.
 * Each is of all programs that were added, and made at the end.
 */
#pragma once

#include <stdbool.h>

#include "alloc/alloc_filter.h"
#include "alloc/go_program.h"
#include "base/strbuf.h"

struct alloc_export;

struct alloc_export_options {
	const char *pprof, *svg; /* files to write, replacing what is there; or NULL */
	bool folded;		 /* for alloc_export_finish() to append */
	const char *folded_file; /* as svg; or NULL */
	bool since_start; /* what was allocated since watching began, else what is in use (where
			     frees are known: alloc_table_knows_frees()); pprof files have both,
			     and with it the growth of what is in use */
	bool one;	  /* there is one program only, so that it need not be told from others */
	enum alloc_owner owner;		   /* whom samples in pprof files have as a label */
	const struct alloc_filter *filter; /* or NULL */
};

/* The options' texts and filter must outlive it. 0 or -ENOMEM. */
int alloc_export_new(const struct alloc_export_options *options, struct alloc_export **ret);
void alloc_export_free(struct alloc_export *e);
#define _cleanup_alloc_export_ _cleanup_(alloc_export_freep)
void alloc_export_freep(struct alloc_export **e);

/* Could the files be written now? 0 or -errno with the reason in WHY. */
int alloc_export_try(const struct alloc_export *e, struct strbuf *why);

/*
 * Add a program's stacks as they are now; one without a heap is passed over. 0 or -ENOMEM.
 */
int alloc_export_add(struct alloc_export *e, const struct go_program *program);

/*
 * Write the files, complete or not at all, and append the folded stacks to FOLDED. 0 or -errno,
 * with the reason in WHY; one file that cannot be written does not keep the other from it.
 */
int alloc_export_finish(struct alloc_export *e, struct strbuf *folded, struct strbuf *why);

/* Append the pprof file of one program as it is now. 0; -ENODATA: nothing is recorded; -ENOMEM. */
int alloc_export_pprof(const struct go_program *program, struct strbuf *out);

/* Was there anything, in what was added? */
bool alloc_export_is_empty(const struct alloc_export *e);
