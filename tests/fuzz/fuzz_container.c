/* A cgroup's path, which whoever may make a cgroup chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "proc/container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *path = malloc(size + 1);
	struct container c;

	if (!path)
		abort();
	if (size)
		memcpy(path, data, size);
	path[size] = '\0';
	container_of_path(path, &c);
	if (strlen(c.id) >= sizeof(c.id) || strlen(c.outer_id) >= sizeof(c.outer_id) ||
	    strlen(c.unit) >= sizeof(c.unit))
		abort();
	/* A UID has one of two forms, and only a container or a pod inside another has an outer. */
	if (*c.pod_uid && strlen(c.pod_uid) != 36 && strlen(c.pod_uid) != 32)
		abort();
	if ((c.runtime && !*c.id) || (c.pod_qos && !*c.pod_uid) ||
	    (*c.outer_id && !*c.id && !*c.pod_uid))
		abort();
	return 0;
}
