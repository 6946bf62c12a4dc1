/*
 * A policy written as BPF C text (bpf-src/oompolicy.h), from the file's text to what is compiled:
 * it is put into its frame, and the line map of both says where each line came from.
 */
#pragma once

#include "base/strbuf.h"
#include "bpf/source_map.h"

struct policy_text {
	struct strbuf text;
	struct text_line
		*lines; /* their files' names are those of the sources that it was made of */
};

/*
 * POLICY is the file's text, or one that was joined before (--ebpf) and edited. 0, -EINVAL: it is
 * no policy, WHY says why; -ENOMEM.
 */
int policy_text_join(const struct source *policy, struct policy_text *ret, struct strbuf *why);
void policy_text_free(struct policy_text *text);
