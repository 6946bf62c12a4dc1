/* Small language helpers used everywhere. */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Run FUNCTION on the address of the variable when it leaves its scope. */
#define _cleanup_(function) __attribute__((cleanup(function)))
#define _cleanup_free_ _cleanup_(free_pointer)
#define _cleanup_close_ _cleanup_(close_descriptor)
#define _printf_(text, first) __attribute__((format(printf, text, first)))

/* Take a pointer out of a variable, so that its cleanup no longer frees it. */
#define STEAL(pointer)                                   \
	({                                               \
		__typeof__(pointer) stolen_ = (pointer); \
		(pointer) = NULL;                        \
		stolen_;                                 \
	})

static inline void free_pointer(void *p)
{
	free(*(void **)p);
}

static inline void close_descriptor(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Take a descriptor out of a variable, so that its cleanup no longer closes it. */
static inline int steal_descriptor(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/* Two variables of one type change what they hold. */
#define SWAP(a, b)                           \
	do {                                 \
		__typeof__(a) swap_a_ = (a); \
		(a) = (b);                   \
		(b) = swap_a_;               \
	} while (0)
