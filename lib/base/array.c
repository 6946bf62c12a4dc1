#include "base/array.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/macro.h"

int array_reserve(void *array, size_t *capacity, size_t count, size_t n, size_t size)
{
	void **field = array, *more;
	size_t want = MAX(count + n, MAX(*capacity * 2, (size_t)64));

	if (n <= *capacity - count)
		return 0;
	more = reallocarray(*field, want, size);
	if (!more)
		return -ENOMEM;
	*field = more;
	*capacity = want;
	return 0;
}

size_t array_place(const void *array, size_t count, size_t size,
		   bool (*before)(const void *element, const void *key), const void *key)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (before((const char *)array + middle * size, key))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
