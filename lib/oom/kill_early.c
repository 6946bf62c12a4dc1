#include "oom/kill_early.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "oom/kill_extras.h"

struct kill_early_record {
	struct kill_early_record *next;
	uint64_t kept_ns;
	size_t size;
	struct named_values extras;
	_Alignas(8) unsigned char bytes[];
};

int kill_early_keep(struct kill_early *e, const void *record, size_t size,
		    const struct named_values *extras, uint64_t now_ns)
{
	struct kill_early_record *r = malloc(sizeof(*r) + size);

	if (!r)
		return -ENOMEM;
	r->next = NULL;
	r->kept_ns = now_ns;
	r->size = size;
	r->extras = (struct named_values){0};
	memcpy(r->bytes, record, size);
	if (extras && kill_extras_add(&r->extras, extras) < 0) {
		named_values_clear(&r->extras);
		free(r);
		return -ENOMEM;
	}
	*(e->first ? e->end : &e->first) = r;
	e->end = &r->next;
	e->bytes += sizeof(*r) + size;
	return 0;
}

static void forget(struct kill_early *e, struct kill_early_record **at)
{
	struct kill_early_record *r = *at;

	*at = r->next;
	if (!r->next)
		e->end = at;
	e->bytes -= sizeof(*r) + r->size;
	named_values_clear(&r->extras);
	free(r);
}

void kill_early_offer(struct kill_early *e, kill_early_fn take, void *user)
{
	for (struct kill_early_record **at = &e->first; *at;) {
		if (take(user, (*at)->bytes, (*at)->size, &(*at)->extras))
			forget(e, at);
		else
			at = &(*at)->next;
	}
}

void kill_early_drop(struct kill_early *e, uint64_t before_ns, kill_early_drop_fn drop, void *user)
{
	while (e->first && (e->first->kept_ns < before_ns || e->bytes > KILL_EARLY_BYTES_MOST)) {
		if (drop)
			drop(user, e->first->bytes);
		forget(e, &e->first);
	}
}
