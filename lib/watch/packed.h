/*
 * Programs that are packed, started lately: looked at again and again until they have unpacked
 * themselves, for some ten seconds.
 */
#pragma once

#include "app/loop.h"
#include "bpf-src/oomprof.h"

struct packed;

struct packed_config {
	struct loop *loop; /* must outlive it */
	/* Try to learn the image of this process: 0 done (or never to be), -EAGAIN not yet. */
	int (*learn)(const struct oomprof_seen *seen, void *user);
	/* It was tried long enough: what unpacks itself there is not Go. */
	void (*give_up)(const struct oomprof_seen *seen, void *user);
	void *user;
};

/* 0, -ENOMEM or another -errno. */
int packed_open(const struct packed_config *config, struct packed **ret);

/* Try now, and later. Where too many wait already, that which has waited longest is given up. */
void packed_add(struct packed *packed, const struct oomprof_seen *seen);

/* NULL is fine. */
void packed_close(struct packed *packed);
