/*
 * An image: what a compiled BPF text becomes. Plain data, so that it can be cached and carried to
 * another box: map definitions, programs with map references as indices, BTF. It is also what the
 * kernel will run, so nothing in it is believed: image_parse() checks every bound, count, offset
 * and reference, and a SHA-256 over the whole.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <linux/bpf.h>

#include "base/strbuf.h"

#define IMAGE_FORMAT 1
#define IMAGE_SIZE_MOST (16u << 20)
#define IMAGE_NAME_SIZE 128

struct image_map {
	char name[IMAGE_NAME_SIZE];
	uint32_t type, key_size, value_size, max_entries, flags;
};

/* The two-slot load at this instruction gets the descriptor of that map. */
struct image_reference {
	uint32_t instruction, map;
};

struct image_program {
	char name[IMAGE_NAME_SIZE]; /* says where it is attached: see program_name.h */
	uint32_t attach_btf_id; /* of its target in the BTF compiled for; 0: none or not there */
	struct bpf_insn *instructions;
	size_t n_instructions;
	struct image_reference *references;
	size_t n_references;
	struct bpf_func_info *functions;
	size_t n_functions;
	struct bpf_line_info *lines;
	size_t n_lines;
};

/* Owns all it points to. Strings are never NULL in a parsed image. */
struct image {
	char *tool;	/* whose text it is */
	char *version;	/* of oomtools */
	char *flags;	/* the -D flags, blank separated */
	char *release;	/* uname -r of the kernel it is for; "" when made from a BTF file */
	char *machine;	/* uname -m */
	char *kernel;	/* kernel_identity() of that kernel, hexadecimal; "" from a BTF file */
	char *btf_hash; /* SHA-256 of the kernel's BTF, hexadecimal; "" without BTF */
	char *license;
	struct image_map *maps;
	size_t n_maps;
	struct image_program *programs;
	size_t n_programs;
	void *btf;
	size_t btf_size;
};

/* Append the serialised image. 0, -ENOMEM, or -EINVAL for one that image_parse() would refuse. */
int image_write(const struct image *image, struct strbuf *out, const char **ret_why);

/* Read it back. -EBADMSG with the reason in WHY (a constant text), or -ENOMEM. */
int image_parse(const void *bytes, size_t n, struct image **ret, const char **ret_why);

/* Put the header with the checksum before a payload; for image_write() and for tests. */
void image_seal(const void *payload, size_t n, struct strbuf *out);

/*
 * Link the bpf_loop() callbacks: a reference to callback N (a load of BPF_PSEUDO_FUNC N, as libbcc
 * leaves it), or a call of it (OOMTOOLS_CALL), gets the instructions of the program `callback_N`
 * behind its own, with their map references and function and line information; the callbacks then
 * leave the list of programs and their functions become static in the BTF, as the kernel demands.
 * -EINVAL with the reason in ERROR.
 */
int image_link(struct image *image, struct strbuf *error);

/* The program or map of that name, NULL if there is none. */
struct image_program *image_program(const struct image *image, const char *name);
struct image_map *image_map(const struct image *image, const char *name);

void image_program_clear(struct image_program *program);
void image_free(struct image *image);
void image_freep(struct image **image);
#define _cleanup_image_ _cleanup_(image_freep)
