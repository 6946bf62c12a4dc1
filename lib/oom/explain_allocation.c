#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "oom/explain_internal.h"

/*
 * What some flags mean for a reader (include/linux/gfp_types.h has them all). They are looked for
 * by name, for their bits differ from kernel to kernel.
 */
static const struct {
	const char *flag, *meaning;
} meanings[] = {
	{"__GFP_NOFAIL", "which may not fail"},
	{"GFP_DMA", "from the lowest 16 MiB only"},
	{"__GFP_DMA", "from the lowest 16 MiB only"},
	{"GFP_DMA32", "from the lowest 4 GiB only"},
	{"__GFP_DMA32", "from the lowest 4 GiB only"},
	{"__GFP_THISNODE", "from one NUMA node only"},
	{"GFP_NOFS", "inside a file system"},
	{"GFP_NOIO", "inside block I/O"},
	{"GFP_KERNEL_ACCOUNT", "kernel memory"},
	{"__GFP_ACCOUNT", "kernel memory"},
	{"GFP_HIGHUSER_MOVABLE", "for a program or a file"},
	{"GFP_HIGHUSER", "for a program or a file"},
	{"GFP_USER", "for a program or a file"},
};

static bool has_flag(const char *flags, const char *flag)
{
	size_t n = strlen(flag);

	for (const char *p = strstr(flags, flag); p; p = strstr(p + n, flag))
		if ((p == flags || p[-1] == '|') && (p[n] == '\0' || p[n] == '|'))
			return true;
	return false;
}

static void put_flags(struct explain *x, const struct kill *k)
{
	struct strbuf *item;

	if ((!k->gfp_flags && k->gfp_mask == KILL_UNKNOWN) || k->order < 0)
		return;
	item = explain_item(x);
	if (k->gfp_flags)
		explain_text(item, k->gfp_flags);
	else
		strbuf_printf(item, "gfp_mask 0x%" PRIx64, k->gfp_mask);
	for (size_t i = 0; k->gfp_flags && i < ARRAY_SIZE(meanings); i++) {
		if (!has_flag(k->gfp_flags, meanings[i].flag))
			continue;
		strbuf_printf(item, " (%s)", meanings[i].meaning);
		return;
	}
}

static void put_order(struct explain *x, const struct kill *k)
{
	struct strbuf *item = explain_item(x);

	if (k->order == KILL_UNKNOWN_INT) {
		strbuf_puts(item, "order n/a");
	} else if (k->order < 0) {
		strbuf_puts(item, "none, sysrq asked for a kill");
	} else {
		strbuf_printf(item, "order %" PRId64, k->order);
		if (k->order > 40)
			return;
		strbuf_puts(item, " (");
		explain_bytes(item, explain_page_size(k) << k->order);
		strbuf_puts(item, k->order > 0 ? " in one piece)" : ")");
	}
}

static void put_stranger(struct explain *x, const struct kill_process *t)
{
	struct strbuf *item = explain_item(x);

	strbuf_puts(item, "by ");
	explain_process(item, t);
	if (t->uid != KILL_UNKNOWN)
		strbuf_printf(explain_item(x), "uid %" PRIu64, t->uid);
	if (t->rss_bytes != KILL_UNKNOWN) {
		strbuf_puts(explain_item(x), "rss ");
		explain_bytes(&x->item, t->rss_bytes);
	}
	if (t->oom_score_adj != KILL_UNKNOWN_INT)
		strbuf_printf(explain_item(x), "adj %" PRId64, t->oom_score_adj);
}

void explain_allocation(struct explain *x, const struct kill *k)
{
	const struct kill_process *t = &k->trigger, *v = &k->victim;
	struct strbuf *item;

	explain_row(x, 1, "allocation: ");
	put_order(x, k);
	put_flags(x, k);
	if (t->pid == KILL_UNKNOWN || t->pid != v->pid) {
		put_stranger(x, t);
		if (t->memcg_path && (!v->memcg_path || strcmp(t->memcg_path, v->memcg_path))) {
			strbuf_puts(explain_item(x), "in ");
			explain_words(x, t->memcg_path, '/');
		}
		return;
	}
	item = explain_item(x);
	if (t->tid == KILL_UNKNOWN || t->tid == t->pid) {
		strbuf_puts(item, "by the victim itself");
	} else {
		strbuf_printf(item, "by the victim's thread %" PRIu64 " ", t->tid);
		explain_name(item, t->comm);
	}
}
