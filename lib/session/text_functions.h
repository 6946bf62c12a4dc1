/*
 * The functions of a BPF C text, and their lines. A scan of characters, not a parser: comments,
 * strings and directives are skipped, and what stands at file scope before a body in braces and
 * behind a name with parentheses is a function. BPF_PROG(NAME, ...) and its like are named by
 * their first argument, TRACEPOINT_PROBE(A, B) is tracepoint__A__B, as libbcc has it, and
 * OOMTOOLS_CALLBACK(N) is callback_N. A name may come more than once, in branches of an #if.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct text_function {
	char name[128];
	unsigned int first, last; /* lines, from 1: from the start of the declaration */
};

/* Each in turn, for as long as VISIT returns true. */
void text_functions(const char *text,
		    bool (*visit)(const struct text_function *function, void *user), void *user);
