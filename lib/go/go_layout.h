/*
 * Offsets in structs of the Go runtime that a probe inside a program follows: runtime/runtime2.go,
 * mcache.go and mheap.go, as the debug information of programs of these versions has them (x86-64
 * and arm64 alike).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct go_layout {
	uint16_t g_m;	 /* struct g: the thread it runs on */
	uint16_t g_goid; /* its number */
	uint16_t m_curg; /* struct m: the user's goroutine that it runs */

	uint16_t mcache_alloc;	   /* struct mcache: the array of spans to allocate from */
	uint16_t mspan_allocated;  /* struct mspan, 2 bytes: objects allocated */
	uint16_t mspan_taken_over; /* 2 bytes: of these, before the mcache had it */
	uint16_t mspan_object;	   /* 8 bytes: size of an object */
};

/* Go 1.MINOR; false: not one of those that were tested. */
bool go_layout_of(int minor, struct go_layout *ret);
