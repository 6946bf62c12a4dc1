#include "scene_plan.h"

#include <string.h>

#include "base/macro.h"

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t between(uint64_t *state, uint64_t least, uint64_t most)
{
	return least + next(state) % (most - least + 1);
}

static bool chance(uint64_t *state, unsigned int percent)
{
	return next(state) % 100 < percent;
}

/* Small ones as often as big ones. */
static uint64_t size(uint64_t *state, unsigned int least_bits, unsigned int most_bits)
{
	uint64_t top = (uint64_t)1 << between(state, least_bits, most_bits);

	return between(state, top / 2, top);
}

static int adjustment(uint64_t *state, const struct scene_world *world)
{
	unsigned int kind = (unsigned int)next(state) % 100;
	int adj = 0;

	if (kind < 35)
		adj = 0;
	else if (kind < 55)
		adj = (int)between(state, 0, 40) - 20;
	else if (kind < 85)
		adj = (int)between(state, 0, 2000) - 1000;
	else if (kind < 93)
		adj = -1000;
	else
		adj = 1000;
	return MAX(adj, world->least_adj);
}

static const char *const passive[] = {"exiting", "stopped", "traced", "victim"};

static const char *kind_of(uint64_t *state, bool is_trigger)
{
	static const char *const kinds[] = {
		"plain",  "plain",	"plain",  "plain", "plain",    "vfork",
		"shared", "leaderless", "zombie", "fault", "borrowed",
	};
	const size_t n = ARRAY_SIZE(kinds);
	const size_t which = next(state) % (n + (is_trigger ? 0 : ARRAY_SIZE(passive)));

	return which < n ? kinds[which] : passive[which - n];
}

static void make_groups(uint64_t *state, const struct scene_world *world, struct scene_plan *p)
{
	p->n_groups = (unsigned int)between(state, 1, 5);
	for (unsigned int i = 0; i < p->n_groups; i++) {
		struct scene_group *g = &p->groups[i];

		g->parent = i ? (unsigned int)between(state, 0, i - 1) : 0;
		g->kills_group = world->cgroup_version == 2 && chance(state, 20);
		g->room_pages = chance(state, 40) ? size(state, 13, 18) : 0;
		g->node = -1;
	}
	for (unsigned int i = 0, n = p->n_groups; i < n && world->cgroup_version == 2; i++)
		if (scene_plan_holds(world, p, i) && chance(state, 25))
			p->groups[p->n_groups++] =
				(struct scene_group){.parent = i, .bare = true, .node = -1};
}

static unsigned int some_holder(uint64_t *state, const struct scene_world *world,
				const struct scene_plan *p)
{
	unsigned int group;

	do
		group = (unsigned int)between(state, 0, p->n_groups - 1);
	while (!scene_plan_holds(world, p, group));
	return group;
}

static void make_actor(uint64_t *state, const struct scene_world *world, struct scene_plan *p,
		       unsigned int i)
{
	struct scene_actor *a = &p->actors[i];

	/* Twins: who dies is a matter of pages, or of the order in which they are looked at. */
	if (i && chance(state, 25)) {
		*a = p->actors[between(state, 0, i - 1)];
		if (chance(state, 50))
			return;
	} else {
		a->anon = size(state, 5, 12);
		a->shared = chance(state, 30) ? size(state, 4, 12) : 0;
		a->file = world->file && chance(state, 30) ? size(state, 4, 10) : 0;
		a->swap = world->has_swap && chance(state, 40) ? size(state, 5, 12) : 0;
		a->threads = chance(state, 20) ? (unsigned int)between(state, 1, 40) : 0;
		a->adj = adjustment(state, world);
		a->kind = kind_of(state, i == 0);
		a->huge = chance(state, 15) ? between(state, 1, 2) : 0;
		a->locked = world->may_lock && chance(state, 20);
		a->changes_adj = chance(state, 15);
		a->late_adj = adjustment(state, world);
		a->node = -1;
	}
	if (!strcmp(a->kind, "victim")) {
		a->adj = 0;
		a->changes_adj = false;
	}
	a->group = some_holder(state, world, p);
}

/* They would be killed together: there is one, the others exit. */
static bool has_victim(struct scene_plan *p)
{
	bool has = false;

	for (unsigned int i = 0; i < p->n_actors; i++) {
		if (strcmp(p->actors[i].kind, "victim"))
			continue;
		if (has)
			p->actors[i].kind = "exiting";
		has = true;
	}
	return has;
}

static void lock_all(struct scene_plan *p)
{
	for (unsigned int i = 0; i < p->n_actors; i++)
		p->actors[i].locked = true;
}

static enum scene_trigger make_trigger(uint64_t *state, const struct scene_world *world)
{
	unsigned int kind = (unsigned int)next(state) % 100;

	if (kind < 10)
		return SCENE_GROWS;
	if (kind < 30 && world->may_sysrq)
		return SCENE_SYSRQ;
	if (world->nodes > 1 && world->may_lock && kind < 80)
		return kind < 55 ? SCENE_CPUSET : SCENE_POLICY;
	if (kind < 60 && world->cgroup_version == 2)
		return SCENE_LOWERS;
	return SCENE_WRITES;
}

/* The group of the first process, or one above: what runs out when that process asks for more. */
static unsigned int make_domain(uint64_t *state, const struct scene_plan *p)
{
	unsigned int group = p->actors[0].group;

	while (p->groups[group].bare || (group && chance(state, 50)))
		group = p->groups[group].parent;
	return group;
}

/* Node 1 runs out. Some are of the other one, and then none of the domain's. */
static void make_nodes(uint64_t *state, struct scene_plan *p)
{
	const bool by_policy = p->trigger == SCENE_POLICY;
	unsigned int own = p->actors[0].group;

	/* What a cpuset leaves nothing of would be another policy. */
	for (unsigned int i = 1; i < p->n_groups && !by_policy; i++)
		if (!p->groups[i].bare)
			p->groups[i].node = chance(state, 40) ? (int)between(state, 0, 1) : -1;
	while (p->groups[own].bare)
		own = p->groups[own].parent;
	for (unsigned int i = own; i; i = p->groups[i].parent)
		p->groups[i].node = -1;
	for (unsigned int i = 1; i < p->n_actors && by_policy; i++)
		p->actors[i].node = chance(state, 60) ? (int)between(state, 0, 1) : -1;
	if (by_policy)
		p->actors[0].node = 1;
	else
		p->groups[own].node = 1;
	lock_all(p);
}

static void make_swap(uint64_t *state, const struct scene_world *world, struct scene_plan *p)
{
	const bool wanted = chance(state, 50), none = chance(state, 20);
	const uint64_t pages = size(state, 4, 10);

	p->no_swap = world->cgroup_version == 1 && none;
	if (!wanted || !world->has_swap || !world->may_lock || world->cgroup_version == 1 ||
	    p->trigger != SCENE_WRITES)
		return;
	p->swap_room_pages = pages;
	lock_all(p);
}

void scene_plan_make(const struct scene_world *world, uint64_t seed, unsigned int number,
		     struct scene_plan *ret)
{
	uint64_t state = seed * 0x100000001b3 + number;

	*ret = (struct scene_plan){0};
	make_groups(&state, world, ret);
	ret->n_actors = (unsigned int)between(&state, 2, SCENE_ACTORS);
	for (unsigned int i = 0; i < ret->n_actors; i++)
		make_actor(&state, world, ret, i);
	if (scene_actor_is_passive(&ret->actors[0]))
		ret->actors[0].kind = "plain";
	for (unsigned int i = 0; i < ret->n_actors; i++)
		ret->actors[i].rejoins = chance(&state, 40);
	ret->trigger = make_trigger(&state, world);
	ret->domain = make_domain(&state, ret);
	ret->room_pages = size(&state, 10, 12);
	make_swap(&state, world, ret);
	if (ret->trigger == SCENE_CPUSET || ret->trigger == SCENE_POLICY)
		make_nodes(&state, ret);
	ret->waits = has_victim(ret) && chance(&state, 60) &&
		     (ret->trigger == SCENE_WRITES || ret->trigger == SCENE_SYSRQ);
	/* Its memory is reaped some seconds later: that is soon where a machine is busy. */
	if (ret->waits)
		ret->room_pages = 512;
}

bool scene_actor_is_passive(const struct scene_actor *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(passive); i++)
		if (!strcmp(a->kind, passive[i]))
			return true;
	return false;
}

const char *scene_trigger_name(enum scene_trigger trigger)
{
	static const char *const names[] = {"writes", "lowers", "sysrq",
					    "cpuset", "policy", "grows"};

	return names[trigger];
}

bool scene_plan_holds(const struct scene_world *world, const struct scene_plan *p,
		      unsigned int group)
{
	if (world->cgroup_version == 1)
		return true;
	for (unsigned int i = 1; i < p->n_groups; i++)
		if (p->groups[i].parent == group && !p->groups[i].bare)
			return false;
	return true;
}
