/*
 * Where the Go runtime's variables are in a program without a symbol table: the function table
 * names the functions of the runtime, and their instructions refer to the variables.
 */
#pragma once

#include "go/pclntab.h"
#include "symbol/elf_image.h"

enum go_variable {
	GO_MBUCKETS,
	GO_MEM_PROFILE_RATE,
	GO_MPROF_CYCLE,
	GO_BUCKHASH,
	GO_GC_CONTROLLER,
	GO_WRITE_BARRIER,
	GO_ALLGLEN,
	GO_ALLGPTR,
	GO_BUILD_VERSION,
	GO_VARIABLES
};

/* Name in the symbol table, and bytes (of a struct: its alignment). */
struct go_variable_name {
	const char *name;
	uint8_t size;
};
extern const struct go_variable_name go_variable_names[GO_VARIABLES];

struct go_location {
	uint64_t address[GO_VARIABLES]; /* 0: not found, or more than one candidate */
	uint32_t record_size; /* of memRecordCycle, from how an index is scaled; 0 unknown */
	bool named;	      /* at least one of the runtime's functions has its name */
	bool mem_profile, mem_profile_internal; /* these functions are part of the program */
	bool confirmed; /* other functions refer to the same mbuckets and MemProfileRate */
};

/* x86-64 and arm64; of other machines it finds no addresses. 0 or -errno; -EBADMSG: the function
 * table is corrupt. */
int go_locate(struct elf_image *image, struct pclntab *table, struct go_location *ret);
