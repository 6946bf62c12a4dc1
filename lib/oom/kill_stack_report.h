/* The stacks of a kill as text: below its line, or folded for flame graphs. */
#pragma once

#include "base/strbuf.h"
#include "oom/kill.h"

/* Append the victim's stack, or the trigger's two, or both, indented by 4. 0 or -ENOMEM. */
int kill_stack_text(const struct kill *k, bool victim, bool trigger, struct strbuf *out);

/*
 * Append one line for the victim's stack, one for the trigger's:
 *   victim;COMM;outermost;...;innermost 1
 *   trigger;COMM;outermost;...;innermost;-;kernel_outermost_[k];...;kernel_innermost_[k] 1
 * Nothing is written for a stack without frames. 0 or -ENOMEM.
 */
int kill_stack_folded(const struct kill *k, bool victim, bool trigger, struct strbuf *out);
