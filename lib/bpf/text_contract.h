/*
 * What a tool relies on in every text, one that its user has edited, too: the sizes of the maps
 * that it reads and writes, and structs whose records it takes as they are. Else an edit would make
 * it read wrong numbers, or memory behind its own, without a word.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "bpf/source_map.h"

struct event_struct;
struct image;

/* A map as the tool works with it; a text may well be without it. */
struct text_map {
	const char *name; /* NULL ends the array */
	uint32_t type;	  /* enum bpf_map_type; 0: any of those with one value to a key */
	size_t key_size, value_size; /* 0: any */
};

struct text_contract {
	const struct text_map *maps;
	/* NULL at the end. Known of those only that the text names by OOMTOOLS_EVENT(). */
	const struct event_struct *const *structs;
	const char *extensible; /* where members of a user's own belong: "struct oomkill_event" */
};

/* 0; -ENOEXEC: the text breaks it, WHY says where, and so does the source (NULL: of a file that has
 * no text); -ENOMEM. */
int text_contract_check(const struct text_contract *contract, const struct image *image,
			const struct source *source, struct strbuf *why);

/* The text has changed or lost (MISSING) a map that must be as it was: say so. -ENOEXEC. */
int text_contract_refuse_map(const char *map, bool missing, const struct source *source,
			     struct strbuf *why);
