#include "app/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>

static bool have(unsigned int capability)
{
	return capng_have_capability(CAPNG_EFFECTIVE, capability);
}

int privilege_check_bpf(struct strbuf *why)
{
	bool bpf, perfmon;

	if (capng_get_caps_process() < 0)
		return 0; /* cannot tell: let the kernel decide */
	bpf = have(CAP_BPF) || have(CAP_SYS_ADMIN);
	perfmon = have(CAP_PERFMON) || have(CAP_SYS_ADMIN);
	if (bpf && perfmon)
		return 0;
	if (geteuid() != 0)
		strbuf_puts(why, "must run as root (BPF needs CAP_BPF and CAP_PERFMON): try sudo");
	else
		strbuf_printf(why,
			      "root, but without %s%s%s: in a container, add these capabilities "
			      "or run it on the host",
			      bpf ? "" : "CAP_BPF", bpf || perfmon ? "" : " and ",
			      perfmon ? "" : "CAP_PERFMON");
	return -EPERM;
}

int privilege_check_ptrace(struct strbuf *why)
{
	if (capng_get_caps_process() < 0 || have(CAP_SYS_PTRACE))
		return 0;
	strbuf_puts(why, "without CAP_SYS_PTRACE the memory of most programs is out of reach: add "
			 "this capability");
	return -EPERM;
}
