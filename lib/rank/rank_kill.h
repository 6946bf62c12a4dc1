/* A ranking as the kill that it foretells: for all that tells of kills (lib/oom). */
#pragma once

#include "oom/kill.h"
#include "rank/rank_view.h"

/*
 * ROW of the ranking as the victim; those that die with it, if it is the one that is chosen.
 * SIZE_MAX: only domain and machine are known. 0 or -ENOMEM.
 */
int rank_kill(const struct rank_view *v, const struct ranking *r, size_t row, struct kill **ret);

/* Why it dies with the victim, in the words of oomkill: "memory.oom.group", "shares memory". */
const char *rank_kill_why(enum ranking_reason reason);
