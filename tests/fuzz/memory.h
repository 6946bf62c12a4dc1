/* Any bytes as the memory of a process, from BASE on: a heap_reader's context, and its read(). */
#pragma once

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "base/macro.h"

#define BASE 0x10000ull

struct memory {
	const uint8_t *bytes;
	size_t n;
};

static ssize_t read_memory(void *context, uint64_t address, void *buffer, size_t n)
{
	const struct memory *m = context;

	if (address < BASE || address - BASE >= m->n)
		return -EFAULT;
	n = MIN(n, m->n - (address - BASE));
	memcpy(buffer, m->bytes + (address - BASE), n);
	return (ssize_t)n;
}
