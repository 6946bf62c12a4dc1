/*
 * The allocation that failed, in the words of the kernel log: "GFP_KERNEL|__GFP_ACCOUNT" for the
 * mask 0x400cc0. The names are those of the kernel that runs, so a mask is put into words where it
 * was seen.
 */
#pragma once

#include "bpf/flag_names.h"

/* Load the names, once and early: bpf/flag_names.h says how and what may fail. */
int gfp_names_load(struct flag_names **ret);
