/* Go programs for machines that this code cannot read: 32-bit or big-endian ones. */
#pragma once

#include <stdbool.h>

/* Is it an ELF file of any kind with a section that only Go's linker makes? Never true of a file
 * without section headers. */
bool go_is_foreign(int fd);
