/*
 * Protect the database: it dies last, whatever its size; all others as the kernel would.
 *
 * Which processes are the database is said by its systemd unit, and by the name of the program
 * where it runs without one. Put your own there. To have it never killed at all, return
 * OOM_POLICY_SPARE instead: then, if nobody else is left, nobody is chosen.
 */
#include "oompolicy.bpf.h"

OOM_POLICY(protect_database, candidate, domain)
{
	if (OOM_POLICY_BEGINS(candidate->unit, "postgresql") ||
	    OOM_POLICY_IS(candidate->comm, "postgres") ||
	    OOM_POLICY_BEGINS(candidate->unit, "mariadb") ||
	    OOM_POLICY_IS(candidate->comm, "mariadbd")) {
		OOM_POLICY_BECAUSE("the database: there is nobody else; points:", OOM_POLICY_NUMBER,
				   candidate->points);
		return candidate->points - OOM_POLICY_MOST / 2;
	}
	OOM_POLICY_BECAUSE("not the database; the most points:", OOM_POLICY_NUMBER,
			   candidate->points);
	return candidate->points;
}
