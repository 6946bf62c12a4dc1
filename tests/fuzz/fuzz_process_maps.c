/* The text of /proc/PID/maps, in which paths are foreign: any bytes. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "proc/process_maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_process_maps_ struct process_maps *maps = NULL;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct process_mapping m;
	size_t sum = 0;

	if (fd < 0 || file_write_fd(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) != 0 ||
	    process_maps_open_fd(fd, &maps) < 0)
		abort();
	while (process_maps_next(maps, &m) > 0) {
		if (m.start >= m.end)
			abort();
		sum += strlen(m.path);
	}
	/* Every line was handed over at most once. */
	if (sum > size)
		abort();
	return 0;
}
