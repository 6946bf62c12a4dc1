/*
 * From the addresses that the probe has copied to frames with names. Frames are, innermost first:
 *   main.leak (leaky.go:42)     Go, by the line table; calls that were inlined, too
 *   memset+0x3a (libc.so.6)     C, by symbol tables, the executable's own or those of the
 *                               distribution's separate file
 *   0x2724a (libc.so.6)         no symbol is known there: the address in the file
 *   0x7f3f88c51000              not in a file (generated code), or the file was not found
 *   vmalloc+0x12, nft_do_chain+0x9 [nf_tables]       the kernel's
 * A file is named by only if it is still the very file.
 */
#pragma once

#include "bpf-src/oomkill_stack.h"
#include "oom/kill.h"

struct stack_names;

/* 0 or -ENOMEM. */
int stack_names_open(struct stack_names **ret);
void stack_names_close(struct stack_names *names);

/*
 * Put the stacks of a record into KILL, in the place of what is there. It should be done at once:
 * the files are looked for in /proc/PID, too. 0, -EBADMSG, or -ENOMEM.
 */
int stack_names_put(struct stack_names *names, const struct oomkill_stack *record,
		    struct kill *kill);
