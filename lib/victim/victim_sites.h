/*
 * The sites of a victim's heap, as they are shown: those of its profile, or a few of them that are
 * kept when the profile is gone.
 */
#pragma once

#include "victim/victim.h"

/* Totals are all zero, and there are no sites, where nothing is known. */
const struct heap_totals *victim_totals(const struct victim *v);
/* Largest first; there may be fewer than the totals say. */
size_t victim_sites(const struct victim *v, const struct heap_site **ret);

struct victim_sites;

int victim_sites_new(const struct heap_totals *totals, struct victim_sites **ret);
/* Add one, copied. 0 or -ENOMEM. */
int victim_sites_add(struct victim_sites *sites, const struct heap_site *site);
void victim_sites_free(struct victim_sites *sites);

/* Keep the first MOST sites of V, and let go of its profile. 0, or -ENOMEM with V as it was. */
int victim_keep_sites(struct victim *v, size_t most);
