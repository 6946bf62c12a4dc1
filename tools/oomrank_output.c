/* What oomrank prints of a snapshot. */
#include <errno.h>
#include <string.h>

#include "app/message.h"
#include "oom/kill_explain.h"
#include "oom/kill_json.h"
#include "oom/kill_line.h"
#include "output/human.h"
#include "rank/rank_domains.h"
#include "rank/rank_json.h"
#include "rank/rank_kill.h"
#include "tools/oomrank.h"

void oomrank_snapshot_clear(struct oomrank_snapshot *s)
{
	ranking_clear(&s->ranking);
	rank_view_clear(&s->view);
	*s = (struct oomrank_snapshot){0};
}

/* Takes VIEW. */
static int rank(struct oomrank *o, struct rank_view *view, struct oomrank_snapshot *ret,
		struct strbuf *why)
{
	struct oomrank_snapshot s = {.view = *view};
	struct domain domain;
	int r = oomrank_domain(o, s.view.machine, &domain, why);

	if (r == 0)
		r = ranking_of(s.view.machine, &domain, &s.ranking);
	if (r < 0) {
		rank_view_clear(&s.view);
		return r;
	}
	*ret = s;
	return 0;
}

int oomrank_take(struct oomrank *o, struct oomrank_snapshot *ret, struct strbuf *why)
{
	struct rank_view view = {0};
	int r = oomrank_source_read(o, &view, why);

	return r < 0 ? r : rank(o, &view, ret, why);
}

int oomrank_take_captured(struct oomrank *o, const char *root, struct oomrank_snapshot *ret,
			  struct strbuf *why)
{
	const char *before = o->options.root;
	struct rank_view view = {.root = root};
	int r = machine_from_proc(root, &view.machine, why);

	if (r < 0)
		return r;
	oomrank_tell_unfinished(view.machine, root);
	/* Of its cpusets, by name, too. */
	o->options.root = root;
	r = rank(o, &view, ret, why);
	o->options.root = before;
	return r;
}

int oomrank_put_domains(struct oomrank *o, const struct rank_view *v, struct strbuf *out)
{
	struct rank_domain *domains;
	size_t n, shown;
	int r = rank_domains(v->machine, &domains, &n);

	if (r < 0)
		return r;
	if (!o->tool.common.json && (o->interval_ns || o->tool.common.time)) {
		human_time(out, v->machine->time_ns, o->tool.common.time);
		strbuf_printf(out, " loadavg: %s\n",
			      v->machine->loadavg[0] ? v->machine->loadavg : "n/a");
	}
	shown = o->options.rows_asked && o->options.rows ? MIN(n, o->options.rows) : n;
	if (o->tool.common.json)
		r = rank_domains_json(v, domains, shown, out);
	else
		r = rank_domains_text(v, domains, shown, tool_line_width(), out);
	if (r == 0 && shown < n && !o->tool.common.json)
		strbuf_printf(out, "... and %zu more\n", n - shown);
	rank_domains_free(domains, n);
	return r;
}

/* So that nobody takes it for one that has been: in the line, and in JSON. */
static int mark(struct kill *k)
{
	struct named_value *v = named_values_add(&k->extras, "simulated");

	if (!v)
		return -ENOMEM;
	v->kind = NAMED_BOOL;
	v->number = 1;
	return 0;
}

static int put_kill(const struct oomrank *o, struct kill *k, struct strbuf *out)
{
	int r = mark(k);

	if (r == 0 && o->tool.common.json)
		return kill_json_line(k, out);
	if (r == 0)
		r = kill_line(k, o->tool.common.time, NULL, out);
	named_values_clear(&k->extras);
	strbuf_puts(out, "OOM: simulated: nothing was killed. If memory ran out now:\n");
	return r < 0 ? r : kill_explain_foretold(k, out);
}

int oomrank_put_simulated(struct oomrank *o, const struct oomrank_snapshot *s, struct strbuf *out)
{
	struct rank_report p = {.view = &s->view, .ranking = &s->ranking};
	_cleanup_kill_ struct kill *k = NULL;
	int r;

	if (s->ranking.victim < s->ranking.n_rows) {
		r = rank_kill(&s->view, &s->ranking, s->ranking.victim, &k);
		return r < 0 ? r : put_kill(o, k, out);
	}
	if (o->tool.common.json) {
		message_warning("nobody would be killed now: oomrank without --simulate says why");
		return 0;
	}
	p.rows = o->options.rows;
	p.date = o->tool.common.time;
	return rank_report(&p, out);
}

struct rank_report oomrank_report_of(const struct oomrank *o, const struct oomrank_snapshot *s)
{
	return (struct rank_report){
		.view = &s->view,
		.ranking = &s->ranking,
		.all = o->options.all,
		.rows = o->options.rows,
		.date = o->tool.common.time,
		.columns = o->options.columns,
		.more = rank_layout_names(o->layout),
	};
}

static int put(struct oomrank *o, const struct oomrank_snapshot *s, struct strbuf *out,
	       struct strbuf *why)
{
	struct rank_report p = oomrank_report_of(o, s);
	bool changes = o->options.changes && o->before.view.machine;

	if (o->policies)
		return oomrank_policies_put(o->policies, s->view.machine, &s->ranking.domain,
					    &o->tool.common, o->options.rows, out, why);
	if (o->options.all_domains)
		return oomrank_put_domains(o, &s->view, out);
	if (o->options.simulate)
		return oomrank_put_simulated(o, s, out);
	if (o->before.view.machine) {
		p.before = &o->before.view;
		p.ranking_before = &o->before.ranking;
	}
	if (o->tool.common.json)
		return changes ? rank_json_changes(&p, out) : rank_json(&p, out);
	return changes ? rank_report_changes(&p, out) : rank_report(&p, out);
}

int oomrank_report(struct oomrank *o, struct strbuf *out, struct strbuf *why)
{
	struct oomrank_snapshot s = {0};
	size_t start = out->length;
	int r = oomrank_take(o, &s, why);

	if (r == 0)
		r = put(o, &s, out, why);
	if (r < 0) {
		oomrank_snapshot_clear(&s);
		return r;
	}
	o->reports++;
	if (out->length > start)
		oomrank_record(o, &s);
	/* What was not told yet is compared with what was. */
	if (out->length > start || !o->before.view.machine || !o->options.changes) {
		SWAP(o->before, s);
	}
	oomrank_snapshot_clear(&s);
	return 0;
}

int oomrank_show(struct oomrank *o, const struct oomrank_snapshot *s, struct strbuf *out)
{
	struct rank_report p = oomrank_report_of(o, s);

	if (o->options.all_domains)
		return oomrank_put_domains(o, &s->view, out);
	if (o->options.simulate)
		return oomrank_put_simulated(o, s, out);
	return o->tool.common.json ? rank_json(&p, out) : rank_report(&p, out);
}
