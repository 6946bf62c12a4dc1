/* What is done to the processes of a scene once they stand. */
#pragma once

#include "scene_stage.h"

/* They get another adjustment, exit, are stopped. 0 or -errno, why in stage->why. */
int scene_act_on_all(struct scene_stage *stage);

/*
 * Those that are to be victims of before are killed, and are then in their group. Unless the scene
 * is to wait for them, until their memory has been reaped. 0 or -errno, likewise.
 */
int scene_act_on_victims(struct scene_stage *stage);
