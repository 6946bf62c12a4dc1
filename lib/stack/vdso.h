/* The code that the kernel puts into every process: ours is the same as theirs. */
#pragma once

#include "stack/code_names.h"

/* Name those of N frames that are in the vdso at ADDRESS (0: there is none). 0 or -ENOMEM. */
int vdso_names(uint64_t address, struct code_frame *frames, size_t n);
