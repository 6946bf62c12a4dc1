/* bpf_ids: the ids of all BPF programs that the kernel has, one a line, as "prog_id" in fdinfo. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>

int main(void)
{
	__u32 id = 0;

	while (bpf_prog_get_next_id(id, &id) == 0)
		printf("%u\n", id);
	return errno != ENOENT;
}
