#include "bpf/program_wait.h"

#include <errno.h>
#include <bpf/bpf.h>

#include "base/macro.h"

/*
 * Since Linux 4.20 an update of a map of maps waits for an RCU grace period, so that user space can
 * know that nobody uses the former map (kernel/bpf/syscall.c, maybe_wait_bpf_programs). It does not
 * matter which map. membarrier(2) waits as well, but not with one CPU.
 */
int program_wait(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	_cleanup_close_ int inner = -1, outer = -1;
	__u32 zero = 0;

	inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "oom_wait", 4, 4, 1, NULL);
	if (inner < 0)
		return -errno;
	opts.inner_map_fd = (__u32)inner;
	outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "oom_wait", 4, 4, 1, &opts);
	if (outer < 0)
		return -errno;
	return bpf_map_update_elem(outer, &zero, &inner, BPF_ANY) < 0 ? -errno : 0;
}
