#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "oom/explain_internal.h"
#include "output/human.h"

#define MEMBERS_SHOWN 10
/* A command line is cut in the middle to some four lines: what was run, and on what. */
#define COMMAND_BEGIN 190
#define COMMAND_END 90

static void put_part(struct strbuf *out, const char *name, uint64_t bytes)
{
	strbuf_puts(out, name);
	explain_bytes(out, bytes);
}

/* The score is null where there was no choice (bpf-src/oomkill.h). */
static void put_points(struct strbuf *item, const struct kill *k)
{
	uint64_t page = explain_page_size(k), bytes;

	if (k->points == KILL_UNKNOWN_INT) {
		strbuf_puts(item, k->domain.pages == KILL_UNKNOWN ? "points n/a" : "not scored");
		return;
	}
	bytes = (uint64_t)(k->points > 0 ? k->points : 0);
	bytes = bytes > INT64_MAX / page ? INT64_MAX : bytes * page;
	put_part(item, "points ", bytes);
	if (k->domain.bytes == KILL_UNKNOWN || !k->domain.bytes)
		return;
	strbuf_printf(item, " (%.1f%% of ", 100.0 * (double)bytes / (double)k->domain.bytes);
	put_part(item, "", k->domain.bytes);
	strbuf_putc(item, ')');
}

/* oom_badness() in mm/oom_kill.c: the adjustment is in thousandths of the total, rounded down. */
static void put_sum_of_points(struct strbuf *item, const struct kill *k)
{
	const struct kill_process *v = &k->victim;
	int64_t bytes = 0;

	put_part(item, "rss ", v->rss_bytes);
	put_part(item, " + swap ", v->swap_bytes);
	put_part(item, " + page tables ", v->pgtables_bytes);
	if (v->oom_score_adj == KILL_UNKNOWN_INT) {
		strbuf_puts(item, ", adj n/a");
		return;
	}
	if (v->oom_score_adj && k->domain.pages != KILL_UNKNOWN &&
	    !__builtin_mul_overflow(v->oom_score_adj,
				    (int64_t)(k->domain.pages / 1000 * explain_page_size(k)),
				    &bytes)) {
		put_part(item, bytes < 0 ? " - " : " + ", (uint64_t)(bytes < 0 ? -bytes : bytes));
		strbuf_printf(item, " (adj %" PRId64 ")", v->oom_score_adj);
		return;
	}
	strbuf_printf(item, ", adj %" PRId64, v->oom_score_adj);
}

static void explain_memory(struct explain *x, const struct kill_process *v)
{
	if (v->anon_bytes == KILL_UNKNOWN && v->file_bytes == KILL_UNKNOWN &&
	    v->shmem_bytes == KILL_UNKNOWN)
		return;
	explain_row(x, EXPLAIN_BELOW_VICTIM, "");
	put_part(explain_item(x), "anon ", v->anon_bytes);
	put_part(explain_item(x), "file ", v->file_bytes);
	put_part(explain_item(x), "shmem ", v->shmem_bytes);
	if (v->peak_rss_bytes != KILL_UNKNOWN)
		put_part(explain_item(x), "peak rss ", v->peak_rss_bytes);
	if (v->locked_bytes != KILL_UNKNOWN && v->locked_bytes)
		put_part(explain_item(x), "locked ", v->locked_bytes);
}

static void put_number(struct explain *x, const char *name, uint64_t n)
{
	if (n == KILL_UNKNOWN)
		strbuf_printf(explain_item(x), "%s n/a", name);
	else
		strbuf_printf(explain_item(x), "%s %" PRIu64, name, n);
}

static bool is_in_domain(const struct kill *k)
{
	return k->victim.memcg_path && k->domain.memcg_path &&
	       !strcmp(k->victim.memcg_path, k->domain.memcg_path);
}

static void explain_identity(struct explain *x, const struct kill *k)
{
	const struct kill_process *v = &k->victim;

	explain_row(x, EXPLAIN_BELOW_VICTIM, "");
	put_number(x, "uid", v->uid);
	put_number(x, "parent", v->parent_pid);
	if (v->parent_comm) {
		strbuf_putc(&x->item, ' ');
		explain_name(&x->item, v->parent_comm);
	}
	strbuf_puts(explain_item(x), "age ");
	explain_span(&x->item, v->age_ns);
	if (v->threads == KILL_UNKNOWN)
		strbuf_puts(explain_item(x), "threads n/a");
	else
		human_things(explain_item(x), v->threads, "thread");
	if (v->pid_in_namespace != KILL_UNKNOWN)
		strbuf_printf(explain_item(x), "PID %" PRIu64 " in its namespace",
			      v->pid_in_namespace);
	if (is_in_domain(k))
		strbuf_puts(explain_item(x), "in that memcg");
}

/* Is the byte the first of a character? */
static bool is_boundary(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

static int shorten(struct strbuf *out, const char *text)
{
	size_t n = strlen(text), begin = COMMAND_BEGIN, end = n - COMMAND_END;

	if (n <= COMMAND_BEGIN + COMMAND_END + 5) {
		strbuf_puts(out, text);
		return strbuf_error(out);
	}
	while (begin > 0 && !is_boundary(text[begin]))
		begin--;
	while (end < n && !is_boundary(text[end]))
		end++;
	strbuf_append(out, text, begin);
	strbuf_puts(out, " ... ");
	strbuf_puts(out, text + end);
	return strbuf_error(out);
}

/* The victim's cgroup, unless it is the domain's; below that one only the rest of its path. */
static void explain_cgroup(struct explain *x, const struct kill *k)
{
	const char *path = k->victim.memcg_path, *domain = k->domain.memcg_path;
	size_t n = domain ? strlen(domain) : 0;

	if (!path || is_in_domain(k))
		return;
	if (n > 1 && !strncmp(path, domain, n) && path[n] == '/') {
		explain_row(x, EXPLAIN_BELOW_VICTIM, "in the memcg below it: ");
		path += n;
	} else {
		explain_row(x, EXPLAIN_BELOW_VICTIM, "in the memcg ");
	}
	explain_words(x, path, '/');
}

static void explain_command(struct explain *x, const struct kill_process *v)
{
	_cleanup_strbuf_ struct strbuf command = {0};

	if (!v->command_line || shorten(&command, v->command_line) < 0)
		return;
	if (v->command_line_cut)
		strbuf_puts(&command, " ...");
	explain_row(x, EXPLAIN_BELOW_VICTIM, "command: ");
	explain_words(x, strbuf_text(&command), ' ');
}

static bool shares_memory(const struct kill_member *m)
{
	return m->why && !strcmp(m->why, "shares memory");
}

/* What they held together; memory that is shared counts once. */
static void put_sum(struct strbuf *item, const struct kill *k)
{
	uint64_t sum = explain_held(&k->victim);

	for (size_t i = 0; i < k->n_members && sum != KILL_UNKNOWN; i++) {
		uint64_t held = explain_held(&k->members[i].process);

		if (shares_memory(&k->members[i]))
			continue;
		if (held == KILL_UNKNOWN || __builtin_add_overflow(sum, held, &sum))
			sum = KILL_UNKNOWN;
	}
	strbuf_printf(item, "%zu processes, ", k->n_members + 1);
	if (sum != KILL_UNKNOWN)
		strbuf_putc(item, '~');
	explain_bytes(item, sum);
}

static void explain_members(struct explain *x, const struct kill *k)
{
	for (size_t i = 0; i < k->n_members && i < MEMBERS_SHOWN; i++) {
		const struct kill_member *m = &k->members[i];

		explain_row(x, EXPLAIN_BELOW_VICTIM, "+ proc ");
		explain_process(explain_item(x), &m->process);
		explain_bytes(explain_item(x), explain_held(&m->process));
		if (m->why)
			explain_text(explain_item(x), m->why);
	}
	if (k->n_members > MEMBERS_SHOWN) {
		explain_row(x, EXPLAIN_BELOW_VICTIM, "+ ");
		strbuf_printf(explain_item(x), "... and %zu more", k->n_members - MEMBERS_SHOWN);
	}
	if (k->n_members) {
		explain_row(x, EXPLAIN_BELOW_VICTIM, "= ");
		put_sum(explain_item(x), k);
	}
}

void explain_victim_rows(struct explain *x, const struct kill *k)
{
	_cleanup_strbuf_ struct strbuf sum = {0};
	const struct kill_process *v = &k->victim;

	put_sum_of_points(&sum, k);
	explain_row(x, EXPLAIN_BELOW_VICTIM, "= ");
	explain_words(x, strbuf_text(&sum), ' ');
	explain_memory(x, v);
	explain_identity(x, k);
	explain_cgroup(x, k);
	explain_row(x, EXPLAIN_BELOW_VICTIM, "");
	explain_container(x, &v->container, &k->domain.container, v->memcg_path);
	explain_command(x, v);
}

void explain_victim(struct explain *x, const struct kill *k)
{
	explain_row(x, 3, "*KILL* proc ");
	explain_process(explain_item(x), &k->victim);
	put_points(explain_item(x), k);
	explain_victim_rows(x, k);
	explain_members(x, k);
}
