/*
 * Names that libbcc's own copy of the kernel's <linux/bpf.h> defines. It is included behind our
 * declarations whatever the text says, so writing one of them again would be an error.
 */
#pragma once

#include <stdbool.h>

/* A struct, union or enum of <linux/bpf.h>; the list is of Linux 6.18 (libbcc's copy is older). */
bool uapi_names_tag(const char *tag);

/* An enumerator that looks like one of <linux/bpf.h>. */
bool uapi_names_enumerator(const char *name);
