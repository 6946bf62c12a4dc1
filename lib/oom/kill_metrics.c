#include "oom/kill_metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/hash_index.h"
#include "base/text.h"

/* Of one kind of domain and one cgroup: that of the domain for kills, the victim's for victims. */
struct series {
	char *domain, *cgroup;
	uint64_t kills, victims, bytes;
};

struct kill_metrics {
	struct series *series;
	size_t count, capacity, cgroups;
	struct hash_index index;
	uint64_t start_ns, last_ns, lost, overflow;
};

struct key {
	const char *domain, *cgroup;
};

static bool same(const void *context, uint32_t position, const void *key)
{
	const struct kill_metrics *m = context;
	const struct key *k = key;

	return !strcmp(m->series[position].domain, k->domain) &&
	       !strcmp(m->series[position].cgroup, k->cgroup);
}

static uint64_t hash(const struct key *k)
{
	return hash_bytes(hash_bytes(0, k->domain, strlen(k->domain)), k->cgroup,
			  strlen(k->cgroup));
}

static int add(struct kill_metrics *m, const struct key *k, struct series **ret)
{
	_cleanup_free_ char *domain = strdup(k->domain), *cgroup = strdup(k->cgroup);

	if (!domain || !cgroup ||
	    array_reserve(&m->series, &m->capacity, m->count, 1, sizeof(*m->series)) < 0 ||
	    hash_index_add(&m->index, hash(k), (uint32_t)m->count) < 0)
		return -ENOMEM;
	*ret = &m->series[m->count++];
	**ret = (struct series){.domain = STEAL(domain), .cgroup = STEAL(cgroup)};
	m->cgroups += *k->cgroup != '\0';
	return 0;
}

/* CGROUP may be NULL: not known, or none. What *RET points at is valid until the next. */
static int find(struct kill_metrics *m, const char *domain, const char *cgroup, struct series **ret)
{
	struct key k = {domain ? domain : "unknown", cgroup ? cgroup : ""};
	uint32_t position = hash_index_find(&m->index, hash(&k), same, m, &k);

	if (position == HASH_INDEX_NONE && *k.cgroup && m->cgroups >= KILL_METRICS_CGROUPS_MOST) {
		m->overflow++;
		k.cgroup = "";
		position = hash_index_find(&m->index, hash(&k), same, m, &k);
	}
	if (position == HASH_INDEX_NONE)
		return add(m, &k, ret);
	*ret = &m->series[position];
	return 0;
}

struct kill_metrics *kill_metrics_new(uint64_t start_ns)
{
	static const char *const kinds[] = {"machine", "memcg", "cpuset", "mempolicy"};
	struct kill_metrics *m = calloc(1, sizeof(*m));
	struct series *s;

	if (!m)
		return NULL;
	m->start_ns = start_ns;
	/* There before the first kill, so that a rate sees the step from 0 to 1. */
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (find(m, kinds[i], NULL, &s) < 0) {
			kill_metrics_free(m);
			return NULL;
		}
	return m;
}

static int count_victim(struct kill_metrics *m, const char *domain, const struct kill_process *p,
			bool own_memory)
{
	struct series *s;
	int r = find(m, domain, p->memcg_path, &s);

	if (r < 0)
		return r;
	s->victims++;
	if (own_memory && kill_is_known(KILL_UINT, &p->rss_bytes))
		s->bytes += p->rss_bytes;
	return 0;
}

int kill_metrics_count(struct kill_metrics *m, const struct kill *k)
{
	struct series *s;
	int r = find(m, k->domain.kind, k->domain.memcg_path, &s);

	if (r < 0)
		return r;
	s->kills++;
	if (kill_is_known(KILL_TIME, &k->time_ns))
		m->last_ns = MAX(m->last_ns, k->time_ns);
	r = count_victim(m, k->domain.kind, &k->victim, true);
	for (size_t i = 0; i < k->n_members && r == 0; i++) {
		const char *why = k->members[i].why;

		r = count_victim(m, k->domain.kind, &k->members[i].process,
				 !why || strcmp(why, "shares memory") != 0);
	}
	return r;
}

bool kill_metrics_lost(struct kill_metrics *m, uint64_t total)
{
	bool changed = m->lost != total;

	m->lost = total;
	return changed;
}

static void put_family(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Printable first, then the three that the format has an escape for. */
static void put_label(struct strbuf *out, const char *name, const char *value)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	text_display(&text, value, strlen(value));
	if (strbuf_error(&text) < 0)
		out->failed = true;
	strbuf_printf(out, "%s=\"", name);
	for (const char *s = strbuf_text(&text); *s; s++) {
		if (*s == '\\' || *s == '"')
			strbuf_putc(out, '\\');
		strbuf_putc(out, *s);
	}
	strbuf_putc(out, '"');
}

static void put_series(const struct kill_metrics *m, struct strbuf *out, const char *name,
		       size_t offset, size_t shown_if)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct series *s = &m->series[i];
		const char *base = (const char *)s;

		if (*s->cgroup && !*(const uint64_t *)(base + shown_if))
			continue;
		strbuf_printf(out, "%s{", name);
		put_label(out, "domain", s->domain);
		strbuf_putc(out, ',');
		put_label(out, "cgroup", s->cgroup);
		strbuf_printf(out, "} %" PRIu64 "\n", *(const uint64_t *)(base + offset));
	}
}

static void put_seconds(struct strbuf *out, const char *name, uint64_t ns)
{
	strbuf_printf(out, "%s %" PRIu64 ".%03u\n", name, ns / 1000000000,
		      (unsigned int)(ns % 1000000000 / 1000000));
}

int kill_metrics_format(const struct kill_metrics *m, struct strbuf *out)
{
	put_family(out, "oomkill_kills_total", "counter",
		   "OOM kills, by what ran out of memory and its memory cgroup.");
	put_series(m, out, "oomkill_kills_total", offsetof(struct series, kills),
		   offsetof(struct series, kills));
	put_family(out, "oomkill_victims_total", "counter",
		   "Processes killed, by what ran out of memory and their own memory cgroup.");
	put_series(m, out, "oomkill_victims_total", offsetof(struct series, victims),
		   offsetof(struct series, victims));
	put_family(out, "oomkill_victim_bytes_total", "counter",
		   "Resident memory of the processes killed, when they were killed.");
	put_series(m, out, "oomkill_victim_bytes_total", offsetof(struct series, bytes),
		   offsetof(struct series, victims));
	put_family(out, "oomkill_lost_total", "counter",
		   "OOM kills that came too fast to be read; they are in no other counter.");
	strbuf_printf(out, "oomkill_lost_total %" PRIu64 "\n", m->lost);
	put_family(out, "oomkill_cgroup_overflow_total", "counter",
		   "Times that there were too many cgroups, so that one was counted as \"\".");
	strbuf_printf(out, "oomkill_cgroup_overflow_total %" PRIu64 "\n", m->overflow);
	if (m->last_ns) {
		put_family(out, "oomkill_last_kill_timestamp_seconds", "gauge",
			   "When the last OOM kill was.");
		put_seconds(out, "oomkill_last_kill_timestamp_seconds", m->last_ns);
	}
	put_family(out, "oomkill_start_time_seconds", "gauge", "When the counting began.");
	put_seconds(out, "oomkill_start_time_seconds", m->start_ns);
	return strbuf_error(out);
}

void kill_metrics_free(struct kill_metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++) {
		free(m->series[i].domain);
		free(m->series[i].cgroup);
	}
	free(m->series);
	hash_index_free(&m->index);
	free(m);
}
