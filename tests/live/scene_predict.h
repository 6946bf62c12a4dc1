/* What lib/rank says of a scene before memory runs out. */
#pragma once

#include <sys/types.h>

#include "rank/ranking.h"
#include "scene_stage.h"

/* One of the domain's processes before. */
struct scene_candidate {
	pid_t pid;
	bool dies; /* as predicted */
	bool is_exiting;
	uint64_t mm;	/* its address space, as in struct oomrank_task */
	int64_t points; /* INT64_MIN: not eligible */
	enum ranking_reason reason;
	uint64_t anon_bytes, file_bytes, shmem_bytes, swap_bytes, pgtables_bytes;
};

struct scene_prediction {
	enum ranking_outcome outcome;
	pid_t victim; /* 0: none */
	pid_t before; /* the victim of before, whose kill is none of the scene's; 0: there was none
		       */
	int64_t points;
	bool is_tied;
	struct scene_candidate *candidates;
	size_t n;
};

/*
 * What would happen when the stage's memory runs out, from M, in which the stage's limit and, if
 * it grows, the trigger are first set to what they will be then. 0 or -errno.
 */
int scene_predict(const struct scene_stage *stage, struct machine *m, struct scene_prediction *ret);
void scene_prediction_clear(struct scene_prediction *p);

/* NULL: that process is none of them. */
const struct scene_candidate *scene_prediction_find(const struct scene_prediction *p, pid_t pid);

/* Is the victim of before one of them, and its memory has not been reaped? */
bool scene_is_dying(const struct scene_prediction *p);

/* Are the processes of the stage in both the same, number by number? */
bool scene_stands_still(const struct scene_stage *stage, const struct machine *a,
			const struct machine *b);
