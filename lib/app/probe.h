/* The BPF text that a tool starts with: its own, one from a file, or one edited just now. */
#pragma once

#include "app/options.h"
#include "app/probe_text.h"

/*
 * BUILT_IN, or the file of --probe, and with --edit what the user's editor makes of it. NAME is the
 * tool's. 0, or -errno with the reason in WHY. WARNING: what is odd about it.
 */
int probe_first(const struct common_options *common, const char *name, const char *built_in,
		struct probe_text *ret, struct strbuf *why, struct strbuf *warning);

/* Edit it (again), at LINE. On failure it is as it was. */
int probe_edit(const char *name, unsigned int line, struct probe_text *text, struct strbuf *why,
	       struct strbuf *warning);

/* Keep an edited text that does not run: appends to OUT where it is. */
void probe_keep(const char *name, const struct probe_text *text, struct strbuf *out);
