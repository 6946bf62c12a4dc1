/* Names for places in the code of one file. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "stack/code_file.h"

struct code_frame {
	uint64_t address;   /* in the process */
	bool is_return;	    /* the call is before it */
	int mapping;	    /* of the record; -1: in none */
	uint64_t link;	    /* link-time address */
	struct strbuf text; /* one or more frames (inlined calls), innermost first, each closed by
			       a NUL; "" no name */
};

/*
 * Name those of the N frames that are in MAPPING of FILE and have no text yet. What cannot be named
 * keeps none; LINK is filled in if the file was found. 0 or -ENOMEM.
 */
int code_names(const struct code_file *file, const struct oomkill_mapping *m, int mapping,
	       struct code_frame *frames, size_t n);

/* The same with an image and frames whose LINK is known. */
int code_names_of_image(struct elf_image *image, struct elf_image *debug, int mapping,
			const char *file_name, struct code_frame *frames, size_t n);
