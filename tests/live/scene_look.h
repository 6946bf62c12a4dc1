/* The machine as the kernel's own numbers have it: oomrank's probe, started once. */
#pragma once

#include "rank/machine.h"

/* 0 or -errno, why in WHY. */
int scene_look_start(struct strbuf *why);
int scene_look(struct machine **ret, struct strbuf *why);
void scene_look_end(void);
