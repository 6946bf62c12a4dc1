/*
 * A process's memory by aligned blocks of 64 KiB, the last few of them kept: for who reads many
 * small things that lie near each other. What is read stays as it was until the next begin.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "go/heap_buckets.h"

struct memory_blocks;

/* 0 or -ENOMEM. */
int memory_blocks_new(struct memory_blocks **ret);
void memory_blocks_free(struct memory_blocks *m);
#define _cleanup_memory_blocks_ _cleanup_(memory_blocks_freep)
void memory_blocks_freep(struct memory_blocks **m);

/* From here on read by READER, anew. */
void memory_blocks_begin(struct memory_blocks *m, const struct heap_reader *reader);

/* Exactly N bytes or -errno (-EFAULT where there are fewer). */
int memory_blocks_get(struct memory_blocks *m, uint64_t address, void *buffer, size_t n);
