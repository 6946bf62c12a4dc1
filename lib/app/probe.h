/* The BPF text a tool is to run: its own, one from a file, or one edited just now. */
#pragma once

#include "app/options.h"
#include "base/strbuf.h"

/*
 * Put the text into TEXT: BUILT_IN, or the file of --probe, and with --edit what the user's editor
 * ($VISUAL, $EDITOR, vi) makes of it in a private file that is removed again. NAME is the tool's.
 * 0, or -errno with the reason in WHY.
 */
int probe_text(const struct common_options *common, const char *name, const char *built_in,
	       struct strbuf *text, struct strbuf *why);
