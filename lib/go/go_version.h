/* Which version of Go made a program. */
#pragma once

#include "go/go_binary.h"

/* Sets the version, its minor number and its source in BINARY: from the build info, else from
 * runtime.buildVersion, whose address VARIABLE is (0: not known). */
void go_version_find(struct go_binary *binary, struct elf_image *image, uint64_t variable);
