/* An array that grows: a pointer, how many elements are used, and for how many there is room. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Make room for N more elements of SIZE bytes behind the COUNT ones of the array at ARRAY (the
 * address of a pointer to elements, NULL at first), which has room for *CAPACITY. 0, or -ENOMEM
 * with everything as it was.
 */
int array_reserve(void *array, size_t *capacity, size_t count, size_t n, size_t size);

/*
 * Where KEY is, or would have to go, among the COUNT elements of SIZE bytes of a sorted array: the
 * first position for whose element BEFORE(element, key) is false.
 */
size_t array_place(const void *array, size_t count, size_t size,
		   bool (*before)(const void *element, const void *key), const void *key);
