/* One line of advice: what the facts force one to conclude, and nothing else. */
#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "oom/explain_internal.h"

/* Appends its advice and returns true, if it has one. */
typedef bool advice_fn(struct strbuf *out, const struct kill *k);

static bool is_domain(const struct kill *k, const char *kind)
{
	return k->domain.kind && !strcmp(k->domain.kind, kind);
}

static bool known(uint64_t value)
{
	return value != KILL_UNKNOWN;
}

/* What the machine had when it came to the kill, more or less: what it has now, less what was
 * freed. */
static bool had_available(const struct kill *k, uint64_t *ret)
{
	uint64_t now = k->machine.available_bytes;
	uint64_t freed = known(k->course.freed_bytes) ? k->course.freed_bytes : 0;

	if (!known(now))
		return false;
	*ret = now > freed ? now - freed : 0;
	return true;
}

static bool sysrq(struct strbuf *out, const struct kill *k)
{
	if (k->order == KILL_UNKNOWN_INT || k->order >= 0)
		return false;
	strbuf_puts(out, "nothing ran out: somebody had the kernel kill (sysrq f)");
	return true;
}

static bool chosen_by_setting(struct strbuf *out, const struct kill *k)
{
	if (k->points != KILL_UNKNOWN_INT || !known(k->domain.pages) || is_domain(k, "memcg") ||
	    !known(k->victim.pid) || k->victim.pid != k->trigger.pid)
		return false;
	strbuf_puts(out, "vm.oom_kill_allocating_task is set: who asks is killed, not the largest");
	return true;
}

static bool chosen_by_adjustment(struct strbuf *out, const struct kill *k)
{
	int64_t adj = k->victim.oom_score_adj;
	uint64_t thousandth;

	if (adj == KILL_UNKNOWN_INT || adj <= 0 || adj > 1000 || k->points <= 0 ||
	    !known(k->domain.pages))
		return false;
	thousandth = k->domain.pages / 1000;
	if (thousandth > INT64_MAX / 1000 || adj * (int64_t)thousandth <= k->points / 2)
		return false;
	strbuf_printf(out, "its oom_score_adj of %" PRId64 " made it the victim, not its size",
		      adj);
	return true;
}

static bool fragmented(struct strbuf *out, const struct kill *k)
{
	uint64_t available, total = k->machine.total_bytes;

	if (!is_domain(k, "machine") || k->order < 1 || k->order > 20 || !known(total) ||
	    !had_available(k, &available) || available < total / 10)
		return false;
	strbuf_puts(out, "memory was left, but not in pieces of ");
	explain_bytes(out, explain_page_size(k) << k->order);
	strbuf_puts(out, ": it is fragmented");
	return true;
}

static bool other_nodes(struct strbuf *out, const struct kill *k)
{
	uint64_t available, total = k->machine.total_bytes;

	if ((!is_domain(k, "cpuset") && !is_domain(k, "mempolicy")) || !known(total) ||
	    !had_available(k, &available) || available < total / 5)
		return false;
	strbuf_puts(out, "other NUMA nodes have memory, which this process may not use: ");
	explain_bytes(out, available);
	return true;
}

static uint64_t limit_of(const struct kill *k)
{
	return known(k->domain.memcg_limit_bytes) ? k->domain.memcg_limit_bytes : k->domain.bytes;
}

static bool still_full(struct strbuf *out, const struct kill *k)
{
	uint64_t usage = k->course.memcg_usage_bytes, limit = limit_of(k);

	if (!is_domain(k, "memcg") || !k->course.complete || !known(usage) || !known(limit) ||
	    usage < limit - limit / 10)
		return false;
	strbuf_puts(out, "the memcg is as full as before: what fills it is not what was killed");
	return true;
}

static uint64_t held_by_all(const struct kill *k)
{
	uint64_t sum = explain_held(&k->victim);

	for (size_t i = 0; i < k->n_members && known(sum); i++) {
		uint64_t held = explain_held(&k->members[i].process);

		if (!known(held) || __builtin_add_overflow(sum, held, &sum))
			return KILL_UNKNOWN;
	}
	return sum;
}

static bool held_by_others(struct strbuf *out, const struct kill *k)
{
	uint64_t usage = k->domain.memcg_usage_bytes, held = held_by_all(k);

	if (!is_domain(k, "memcg") || !known(usage) || !known(held) || held >= usage / 2)
		return false;
	strbuf_puts(out, "of ");
	explain_bytes(out, usage);
	strbuf_puts(out, " in use only ");
	explain_bytes(out, held);
	strbuf_puts(out, " were the victim's: look for others, tmpfs, kernel memory");
	return true;
}

static bool shared_memory(struct strbuf *out, const struct kill *k)
{
	const struct kill_process *v = &k->victim;

	if (!known(v->shmem_bytes) || !known(v->rss_bytes) || v->shmem_bytes <= v->rss_bytes / 2)
		return false;
	strbuf_puts(out, "most of it was shared memory or tmpfs, which a kill need not give back");
	return true;
}

static bool swap_is_full(struct strbuf *out, const struct kill *k)
{
	const struct kill_machine *m = &k->machine;

	if (is_domain(k, "memcg") || !known(m->swap_total_bytes) || !known(m->swap_free_bytes) ||
	    !m->swap_total_bytes || m->swap_free_bytes > m->swap_total_bytes / 50)
		return false;
	strbuf_puts(out, "swap is full, too");
	return true;
}

static bool only_a_limit(struct strbuf *out, const struct kill *k)
{
	uint64_t limit = limit_of(k), available;

	if (!is_domain(k, "memcg") || !known(limit) || !had_available(k, &available) ||
	    available < limit)
		return false;
	strbuf_puts(out, "the machine has memory left, only this limit of ");
	explain_bytes(out, limit);
	strbuf_puts(out, " was reached");
	return true;
}

void explain_advice(struct explain *x, const struct kill *k)
{
	/* The more surprising ones first. */
	static advice_fn *const all[] = {
		sysrq,	     chosen_by_setting, still_full,    chosen_by_adjustment, fragmented,
		other_nodes, held_by_others,	shared_memory, swap_is_full,	     only_a_limit,
	};
	_cleanup_strbuf_ struct strbuf text = {0};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i](&text, k))
			break;
	if (!text.length)
		return;
	explain_row(x, 1, "note: ");
	explain_words(x, strbuf_text(&text), ' ');
}
