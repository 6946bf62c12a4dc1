/*
 * Prefer batch jobs, by their cgroup: as long as there is one, it goes before all others, and
 * whole, as half a job is of no use. Among batch jobs, the one whose cgroup uses most.
 *
 * Where batch jobs run is said by the beginning of their cgroup's path. Put your own there:
 * "oomrank -j" shows the paths.
 */
#include "oompolicy.bpf.h"

OOM_POLICY(prefer_batch, candidate, domain)
{
	if (OOM_POLICY_BEGINS(candidate->cgroup_path, "/batch.slice/") ||
	    OOM_POLICY_IS(candidate->cgroup_path, "/batch") ||
	    OOM_POLICY_BEGINS(candidate->cgroup_path, "/batch/")) {
		OOM_POLICY_BECAUSE("batch, and the largest such cgroup:", OOM_POLICY_BYTES,
				   candidate->cgroup_usage_bytes);
		return OOM_POLICY_WHOLE_CGROUP(
			OOM_POLICY_MOST / 2 +
			(s64)(candidate->cgroup_usage_bytes / domain->page_bytes));
	}
	OOM_POLICY_BECAUSE("there is no batch job; the most points:", OOM_POLICY_NUMBER,
			   candidate->points);
	return candidate->points;
}
