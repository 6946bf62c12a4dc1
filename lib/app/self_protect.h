/*
 * A tool that watches for OOM kills must outlive them: its memory is locked, so that nothing of it
 * has to be paged in while there is none, and the OOM killer is asked to pass it by.
 */
#pragma once

#include "base/strbuf.h"

/*
 * Lock all present and future memory and set oom_score_adj to -1000. What was refused is appended
 * to WARNINGS, one line each, with what to do about it; nothing here is fatal.
 */
void self_protect(struct strbuf *warnings);
