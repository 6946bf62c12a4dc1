/*
 * Whose a cgroup is, told from its path alone: which container, pod and systemd unit. Paths are
 * foreign text: anybody who may make a cgroup names it. So this is what the path says, no proof.
 */
#pragma once

#include <limits.h>

/* A component of a path has at most NAME_MAX bytes; nothing here is longer than one. */
#define CONTAINER_NAME_SIZE (NAME_MAX + 1)

struct container {
	/*
	 * The innermost container: what its runtime calls it. 64 hexadecimal digits for docker,
	 * containerd, cri-o and podman, a name for lxc, systemd-nspawn and libvirt. Empty: none, or
	 * the path is that of a whole pod.
	 */
	char id[CONTAINER_NAME_SIZE];
	const char *runtime; /* "docker", "containerd" ...; NULL: the path does not tell */
	/* With containers inside containers the outermost, which this machine knows. Or empty. */
	char outer_id[CONTAINER_NAME_SIZE];
	char pod_uid[40];		/* as the Kubernetes API has it: with dashes; or empty */
	const char *pod_qos;		/* "guaranteed", "burstable", "besteffort", or NULL */
	char unit[CONTAINER_NAME_SIZE]; /* this machine's systemd unit, as systemctl has it */
};

/* PATH is that below the mount point of the cgroup hierarchy, v1 or v2. */
void container_of_path(const char *path, struct container *ret);
