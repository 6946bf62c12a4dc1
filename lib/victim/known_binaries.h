/*
 * What is known of the executables that have been seen: by the key under which the kernel side
 * names them, so that a program that is restarted and dies at once is known from its first instant.
 * Each is looked into once; Go programs are kept with their file open, all others forgotten.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "bpf-src/oomprof.h"
#include "go/go_binary.h"
#include "go/heap_buckets.h"

enum binary_kind {
	BINARY_READY,	  /* a Go program whose heap profile can be read */
	BINARY_OFF,	  /* the same, but the linker has switched heap profiling off */
	BINARY_NOT_FOUND, /* Go, but where its heap profile is cannot be found: the reason says why
			   */
	BINARY_NOT_GO,
	BINARY_PACKED, /* not Go as it is, but it may be once it has unpacked itself in memory */
	BINARY_UNREADABLE, /* corrupt, or gone before it was looked into */
};

struct known_binary {
	struct oomprof_key key; /* first: it is what the table is ordered by */
	enum binary_kind kind;
	struct go_binary *binary; /* for READY and OFF */
	char *path;		  /* as it was when seen; for the profile's mapping */
	char *reason;		  /* of NOT_FOUND: for the user; else NULL */
};

/*
 * What kind of executable FD is. RET is set for READY and OFF, and is the caller's to close; else
 * WHY (may be NULL) gets the reason in one line. Or -ENOMEM.
 */
int binary_look_into(int fd, struct strbuf *why, struct go_binary **ret);

/* Several threads may use it at once. */
struct known_binaries;

/* Room for MOST Go programs. 0 or -ENOMEM. */
int known_binaries_new(size_t most, struct known_binaries **ret);
void known_binaries_free(struct known_binaries *known);

/* NULL: not a Go program, or never seen. Owned by the table, there until it is freed (or
 * trimmed). */
const struct known_binary *known_binaries_find(struct known_binaries *known,
					       const struct oomprof_key *key);

/* Each Go program that is known, in no order; VISIT must not use the table. */
void known_binaries_each(struct known_binaries *known,
			 void (*visit)(const struct known_binary *b, void *user), void *user);

/*
 * Where there are more than KEEP, let go of those that are not USED. For one thread only, which
 * holds no other entry of the table.
 */
void known_binaries_trim(struct known_binaries *known, size_t keep,
			 bool (*used)(const struct known_binary *b, void *user), void *user);

/*
 * Look into the executable of a living process whose key the kernel side has told us. Returns its
 * kind; RET (may be set to NULL) is the entry of a Go program. A process that has exited, or runs
 * another executable by now, is BINARY_UNREADABLE. -ENOMEM, or -ENOSPC: the table is full.
 */
int known_binaries_learn(struct known_binaries *known, pid_t pid, const struct oomprof_key *key,
			 const struct known_binary **ret);

/* The same with the executable opened already; PATH is copied. */
int known_binaries_learn_fd(struct known_binaries *known, int fd, const char *path,
			    const struct oomprof_key *key, const struct known_binary **ret);

/*
 * The same for an executable that was found to be PACKED: from the memory of the process, which has
 * to be a living one. -EAGAIN: it has not unpacked itself yet, or what it has unpacked is not Go;
 * -ENOSPC: what such images need comes to more than UNPACKED_KEPT_MOST bytes.
 */
#define UNPACKED_KEPT_MOST ((size_t)512 << 20)

int known_binaries_learn_unpacked(struct known_binaries *known, pid_t pid,
				  const struct oomprof_key *key, const struct known_binary **ret);

/* Can a heap profile be read, should it be on? */
bool known_binary_readable(const struct known_binary *b);

/* What the kernel side has to know of it. */
struct oomprof_binary known_binary_for_probe(const struct known_binary *b);
