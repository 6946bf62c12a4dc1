/* What the kernel did in a scene: its kills as "oomkill -j" tells them, and who is dead. */
#pragma once

#include "oom/kill.h"
#include "scene_predict.h"

/* The lines of a file that grows. */
struct scene_kills {
	int fd;
	struct strbuf text; /* read and not taken yet */
};

/* Of a scene: a first kill, and who was killed after it, until who asks for memory was stopped. */
struct scene_truth {
	struct kill *first;
	pid_t later[64];
	size_t n_later;
};
void scene_truth_clear(struct scene_truth *t);

int scene_kills_open(struct scene_kills *kills, const char *path);
void scene_kills_close(struct scene_kills *kills);

/* Take what there is of kills whose victims are candidates. 0 or -errno. */
int scene_kills_take(struct scene_kills *kills, const struct scene_prediction *p,
		     struct scene_truth *t);

/* Is that process dead, but for its parent's sake? */
bool scene_is_dead(pid_t pid);

/*
 * Wait until all that were to die with the victim are dead. In WHY each that lives and should
 * not, and each that is dead and should not be, but for the later ones, for
 * EXCUSED, whom we killed ourselves, and who has its memory: what shares it dies with it.
 */
void scene_compare_dead(const struct scene_prediction *p, struct scene_kills *kills,
			struct scene_truth *t, pid_t excused, struct strbuf *why);
