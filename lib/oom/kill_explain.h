/* A kill for somebody who was woken by it: the block that stands below the line. */
#pragma once

#include "base/strbuf.h"
#include "oom/kill.h"

/*
 * Append some 10 to 15 lines, each begun by "OOM:": what ran out and whose it is, the allocation
 * that failed and whose it was, who was killed and why, who died with it, how its end went, how the
 * machine was. Where the facts force it, one line of advice. What is not known is n/a, or left out
 * together with its line. Lines have 80 columns, 100 where a word is that long. 0 or -ENOMEM.
 */
int kill_explain(const struct kill *k, struct strbuf *out);

/* The same of a kill that is only foretold: nobody has asked for memory, and nothing has ended. */
int kill_explain_foretold(const struct kill *k, struct strbuf *out);
