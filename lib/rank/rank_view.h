/* A machine as reports are made of it, with what is known of it besides. */
#pragma once

#include "base/named_value.h"
#include "rank/ranking.h"

/* What an edited probe tells of a process besides (rank_layout.h); in the order of their PIDs. */
struct rank_extra {
	uint32_t pid;
	struct named_values values;
};

struct rank_view {
	struct machine *machine;
	const char *root; /* where files of container runtimes are; "" but for a captured one */
	struct rank_extra *extras;
	size_t n_extras;
};

/* NULL: none. */
const struct named_values *rank_view_extras(const struct rank_view *v, uint32_t pid);

/* What a process holds, as oom_badness() sees it: memory, swap and page tables. */
uint64_t rank_view_held_bytes(const struct rank_view *v, size_t process);

/* The row of a process in a ranking; SIZE_MAX: none has that PID. */
size_t rank_view_find(const struct rank_view *v, const struct ranking *r, uint64_t pid);

/* The row that a user names: "victim", or a PID. 0; -EINVAL, -ENOENT or -ESRCH, why in WHY. */
int rank_view_choose(const struct rank_view *v, const struct ranking *r, const char *which,
		     size_t *ret, struct strbuf *why);

/* The machine and all else. */
void rank_view_clear(struct rank_view *v);
