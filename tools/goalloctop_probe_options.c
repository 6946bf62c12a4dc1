/* goalloctop --via, --split, --trace and --gc: what goes together. */
#include <errno.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "tools/goalloctop.h"

const char *const goalloctop_via_names[] = {"snapshot", "events", "refill", NULL};
const char *const goalloctop_split_names[] = {"thread", "goroutine", NULL};

int goalloctop_probe_understand(struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct goalloctop_probe *p = &t->probe;
	const char *what = p->trace ? "--trace" : "--split";

	/* Snapshots know nothing of single allocations, nor of who made them. */
	if (!p->via.given && (p->trace || p->split.given))
		p->via.value = VIA_EVENTS;
	if ((p->trace || p->split.given) && p->via.value == VIA_SNAPSHOT) {
		message_error("%s needs --via events: what is read from outside does not tell "
			      "who allocated",
			      what);
		return EXIT_USAGE;
	}
	if (p->trace && p->via.value == VIA_REFILL) {
		message_error("--trace needs --via events: with refills no single allocation is "
			      "seen");
		return EXIT_USAGE;
	}
	if (goalloctop_probe_check_by(t, t->group, &why) < 0) {
		message_error("%s", strbuf_text(&why));
		return EXIT_USAGE;
	}
	if (goalloctop_exports(t) && (p->via.value == VIA_REFILL || p->split.given) && !t->diff) {
		message_error("with %s nothing is known of what is in use: give --diff for what "
			      "was allocated meanwhile",
			      p->split.given ? "--split" : "--via refill");
		return EXIT_USAGE;
	}
	if (p->split.given)
		t->alloc.owner = p->split.value ? ALLOC_OWNER_GOROUTINE : ALLOC_OWNER_THREAD;
	return -1;
}

int goalloctop_probe_check_by(const struct goalloctop *t, enum goalloctop_by by, struct strbuf *why)
{
	if (!t->probe.split.given || by != BY_PROGRAM)
		return 0;
	strbuf_puts(why, "--split is for allocation sites: name programs (-p, -n, --cgroup) "
			 "or give --by site");
	return -EINVAL;
}

int goalloctop_probe_check_sort(const struct goalloctop *t, enum alloc_sort sort,
				struct strbuf *why)
{
	const struct goalloctop_probe *p = &t->probe;

	if ((p->via.value != VIA_REFILL && !p->split.given) || sort == ALLOC_SORT_ALLOC ||
	    sort == ALLOC_SORT_ALLOCS || sort == ALLOC_SORT_NEW)
		return 0;
	strbuf_printf(why,
		      "with %s only what is allocated is known, and can be sorted by: alloc, "
		      "allocs or new",
		      p->split.given ? "--split" : "--via refill");
	return -EINVAL;
}
