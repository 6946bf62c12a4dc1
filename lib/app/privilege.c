#include "app/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

static bool have(unsigned int capability)
{
	return capng_have_capability(CAPNG_EFFECTIVE, capability);
}

/* PROC_USER_INIT_INO, include/linux/proc_ns.h */
#define INITIAL_USER_NAMESPACE 0xeffffffdu

static bool in_initial_user_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) < 0 || st.st_ino == INITIAL_USER_NAMESPACE;
}

int privilege_check_bpf(struct strbuf *why)
{
	bool bpf, perfmon;

	/* Capabilities there are good for nothing outside. */
	if (!in_initial_user_namespace()) {
		strbuf_puts(why,
			    "this is a user namespace of its own (a rootless container?), where "
			    "the kernel allows no BPF: run it on the host, as root");
		return -EPERM;
	}
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
