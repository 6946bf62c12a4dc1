/*
 * The youngest first: what was started last has lost the least work by its death. As Fuchsia's
 * kernel has it among jobs that may be killed.
 *
 * Only those count whose death helps: a hundredth of the domain's memory at least. If there is
 * none, the largest.
 */
#include "oompolicy.bpf.h"

OOM_POLICY(youngest_first, candidate, domain)
{
	s64 size = oom_policy_size(candidate);

	if (size < (s64)(domain->total_pages / 100)) {
		OOM_POLICY_BECAUSE("nobody has 1 % of the memory; the largest:", OOM_POLICY_PAGES,
				   size);
		return size - OOM_POLICY_MOST;
	}
	OOM_POLICY_BECAUSE("the youngest with 1 % of the memory or more, age",
			   OOM_POLICY_NANOSECONDS, candidate->age_ns);
	/* The smaller its age, the higher its score. */
	return -(s64)candidate->age_ns;
}
