/* Where a program goes round in loops, by its instructions and their lines. */
#pragma once

#include "base/strbuf.h"
#include "bpf/image.h"
#include "bpf/source_map.h"

/*
 * Append the lines of the text from which the program jumps back: "FILE:LINE, FILE:LINE", a few at
 * most. BTF is the image's, which has the lines' texts. The text's number of the first is returned;
 * 0: there is none, or nobody knows where.
 */
unsigned int program_loops(const struct image_program *program, const void *btf, size_t btf_size,
			   const struct source *source, struct strbuf *out);
