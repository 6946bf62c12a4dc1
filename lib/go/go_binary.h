/*
 * What has to be known of a Go executable to read its heap profile out of a process: learnt once,
 * small to keep. Addresses are link-time ones; add the process's load bias (go_process_bias()).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "symbol/elf_image.h"

#define GO_NEWEST_MINOR 27 /* of the versions of Go that were tested */

/* How something was learnt. */
enum go_source {
	GO_SOURCE_NONE = 0,
	GO_SOURCE_BUILDINFO,	/* version: the build info */
	GO_SOURCE_VARIABLE,	/* version: the string variable runtime.buildVersion */
	GO_SOURCE_SYMBOLS,	/* addresses: the symbol table */
	GO_SOURCE_INSTRUCTIONS, /* addresses: what instructions of known functions refer to */
};

struct go_binary {
	int fd;		  /* the executable, kept open */
	char version[64]; /* "go1.24.4"; "" unknown */
	int minor;	  /* 24 of go1.24.4; 0 unknown */
	enum go_source version_source;
	enum go_source address_source;
	uint16_t machine; /* EM_X86_64 or EM_AARCH64 */
	bool position_independent;
	bool stripped; /* no symbol table */

	/*
	 * Nothing contradicts anything: every address that both the symbol table and the code tell
	 * is the same, each has exactly one candidate in the code, more than one function refers to
	 * mbuckets and MemProfileRate, both are aligned and in a writable segment, the record size
	 * by the code is that by the version, and the version is one that was tested (1.18
	 * to 1.27). Writing into a process needs this; reading does not.
	 */
	bool sure;
	bool contradicted; /* symbols or version and code tell different things; symbols win */

	uint64_t entry;		   /* e_entry */
	uint64_t mbuckets;	   /* runtime.mbuckets: head of the list of heap buckets */
	uint64_t mem_profile_rate; /* runtime.MemProfileRate, 8 bytes: bytes per sample; 0 is off */
	uint64_t mprof_cycle;	   /* runtime.mProfCycle, 4 bytes; 0 not known */
	uint64_t buckhash; /* runtime.buckhash: pointer to the hash table's heads; 0 not known */
	uint64_t gc_controller; /* runtime.gcController, a struct; 0 not known */
	uint64_t write_barrier; /* runtime.writeBarrier, 4 bytes: not 0 while the GC marks; 0 not
				   known */
	uint64_t build_version; /* runtime.buildVersion, a string; 0 not known */
	uint64_t allglen;	/* runtime.allglen, 8 bytes: goroutines ever at once; 0 not known */
	uint64_t allgptr;	/* runtime.allgptr, 8 bytes: to the array of them; 0 not known */
	uint32_t record_size;	/* of one memRecordCycle: 32, from Go 1.27 on 16 */
	bool profiling_linked;	/* false: nothing refers to the profile, so the linker set the rate
				   to 0 */

	struct elf_segment text; /* the executable segment */
	char build_id[128];	 /* GNU build id in hex; "" none */
};

/*
 * FD (duplicated) is an executable. On failure WHY (may be NULL) gets one line for the user, and:
 *   -ENOEXEC  not an executable we can read      -ENOENT   not a Go program
 *   -ENODATA  Go, but its heap profile cannot be found: obfuscated, too old, another machine's
 *   -EBADMSG  corrupt
 */
int go_binary_open(int fd, struct strbuf *why, struct go_binary **ret);
void go_binary_close(struct go_binary *binary);
#define _cleanup_go_binary_ _cleanup_(go_binary_closep)
void go_binary_closep(struct go_binary **binary);

/* Does the process run that very file? 1 yes, 0 another (by now), -EPERM, or -errno. */
int go_process_runs(pid_t pid, const struct go_binary *binary);

/* What has to be added to link-time addresses in that process (AT_ENTRY of its auxv). 0 or -errno.
 */
int go_process_bias(pid_t pid, const struct go_binary *binary, uint64_t *ret);
