/* The maps and programs of one image, loaded into the kernel; not attached. */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"
#include "bpf/image.h"
#include "bpf/kernel_features.h"
#include "bpf/program_name.h"
#include "bpf/source_map.h"

struct probe_map {
	struct image_map definition;
	int fd;	       /* -1: of a layout, see below */
	bool borrowed; /* of the set before, until probe_set_adopt() */
};

struct probe_program {
	char name[IMAGE_NAME_SIZE];
	struct program_name parsed;
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	uint32_t attach_btf_id;
	int fd;
};

struct probe_set {
	struct probe_map *maps;
	size_t n_maps;
	struct probe_program *programs;
	size_t n_programs;
};

/* What a set takes over from the one that runs; the names are ended by NULL, or NULL. */
struct probe_handover {
	const struct probe_set *before; /* NULL: nothing */
	const char *const *renewed;	/* maps that are made anew nevertheless */
	const char *const *held;	/* maps of BEFORE that must be taken over */
};

/*
 * Create the maps and load the programs of an image, whose map references get filled in. A map that
 * has name, type, sizes and flags of one before is that map, contents and all; program arrays are
 * always made anew. A map NAME__layout (OOMTOOLS_EVENT) is not made, and no program may refer to
 * it. -errno with the reason, and the verifier's log if it refused.
 */
int probe_set_load(struct image *image, const struct source *source,
		   const struct kernel_features *features, const struct probe_handover *handover,
		   struct probe_set **ret, struct strbuf *reason, struct strbuf *log);

/* The maps taken over from BEFORE become this set's own. */
void probe_set_adopt(struct probe_set *set, struct probe_set *before);

/* NULL if there is none; layouts do not count. */
struct probe_map *probe_set_map(const struct probe_set *set, const char *name);
struct probe_program *probe_set_program(const struct probe_set *set, const char *name);

/* NULL is fine. */
void probe_set_close(struct probe_set *set);
void probe_set_closep(struct probe_set **set);
