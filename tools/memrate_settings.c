#include "tools/memrate_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "base/parse.h"

const char *const memrate_by_names[] = {"process", "cgroup", "container", NULL};

#define TREND_INTERVALS 3 /* readings that a trend takes: rate/trend.h */

static int usage(const char *text)
{
	message_error("%s", text);
	return EXIT_USAGE;
}

int memrate_understand(struct memrate *m, char *const operands[], int n)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int status = options_interval(m->tool.info, operands, n, &m->interval_ns, &m->count);

	if (status >= 0)
		return status;
	if (m->by_cgroup && m->by_container)
		return usage("-g and --by-container do not go together: rows are one or the other");
	if (m->replay &&
	    (m->tool.common.commands || m->tool.common.script || m->tool.common.console))
		return usage("--replay shows a file and ends: in a console there is 'replay FILE'");
	if (m->replay && m->record)
		return usage("--record and --replay do not go together: the recording is there");
	if (m->command && !m->alert_ns)
		return usage("--exec is for alarms: give --alert TIME, too");
	if (m->replay && m->alert_ns)
		return usage("--replay and --alert do not go together: what is recorded is over");
	if (m->alert_ns && m->alert_ns < TREND_INTERVALS * m->interval_ns)
		message_warning("an alarm takes %d intervals at least: with --alert %g s give a "
				"shorter interval, or it comes too late",
				TREND_INTERVALS, (double)m->alert_ns / 1e9);
	m->by = m->by_cgroup	  ? RATE_BY_CGROUP
		: m->by_container ? RATE_BY_CONTAINER
				  : RATE_BY_PROCESS;
	/* Above a prompt they scroll by. */
	if (!m->rows)
		m->rows = m->tool.common.console && isatty(0) ? 10 : 20;
	/* Members of another text are known when it runs: memrate_check_sort(). */
	if (m->sort && !m->tool.edited.name && !m->tool.common.image &&
	    options_choose(m->tool.info, "sort", rate_sort_names, m->sort) < 0)
		return EXIT_USAGE;
	if (m->cgroup && cgroup_memory_resolve(&m->cgroups, m->cgroup, &m->cgroup_path, &why) < 0) {
		message_error("--cgroup: %s", strbuf_text(&why));
		return EXIT_FAILED;
	}
	return -1;
}

int memrate_set_interval(struct memrate *m, const char *seconds, struct strbuf *why)
{
	uint64_t ns;
	int r;

	if (parse_duration(seconds, &ns) < 0) {
		strbuf_printf(why,
			      "'%s' is not an interval: seconds more than 0, such as 10, 0.5 or "
			      "200ms",
			      seconds);
		return -EINVAL;
	}
	m->interval_ns = ns;
	r = loop_change_timer(m->loop, memrate_interval, m, ns, ns);
	return r < 0 ? r : memrate_window_restart(m);
}

int memrate_check_sort(const struct memrate *m, const char *name, struct strbuf *why)
{
	const char *names[RATE_SORTS + RATE_COLUMNS_MORE + 1];
	const struct rate_table table = memrate_table(m);
	int r;

	rate_table_sorts(&table, names);
	r = options_find(names, name, why);
	return r < 0 ? r : 0;
}

int memrate_set_sort(struct memrate *m, const char *name, struct strbuf *why)
{
	char *own;
	int r = memrate_check_sort(m, name, why);

	if (r < 0)
		return r;
	own = strdup(name);
	if (!own)
		return -ENOMEM;
	m->sort = own;
	SWAP(m->own_sort, own);
	free(own);
	return 0;
}

int memrate_set_columns(struct memrate *m, const char *names, struct strbuf *why)
{
	struct column_about abouts[COLUMN_CHOICE_MOST];
	const struct rate_table table = memrate_table(m);
	size_t n = rate_table_abouts(&table, abouts);

	return column_choice_parse(abouts, n, names, rate_table_shown(&table), &m->chosen[m->by],
				   why);
}

static int copy(const char *text, char **ret, struct strbuf *why)
{
	if (text && !*text) {
		strbuf_puts(why, "'' is not a name that is not empty");
		return -EINVAL;
	}
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

int memrate_filter_name(struct memrate *m, const char *comm, struct strbuf *why)
{
	char *own = NULL;
	int r = copy(comm, &own, why);

	if (r < 0)
		return r;
	m->comm = own;
	SWAP(m->own_comm, own);
	free(own);
	return 0;
}

int memrate_filter_cgroup(struct memrate *m, const char *path, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf resolved = {0};
	char *own = NULL;
	int r = copy(path, &own, why);

	if (r == 0 && path)
		r = cgroup_memory_resolve(&m->cgroups, path, &resolved, why);
	if (r == 0) {
		m->cgroup = own;
		SWAP(m->own_cgroup, own);
		SWAP(m->cgroup_path, resolved);
	}
	free(own);
	return r;
}

int memrate_filter_pid(struct memrate *m, const char *pids, struct strbuf *why)
{
	struct option_numbers before = m->pids;
	int r = 0;

	m->pids = (struct option_numbers){0};
	if (pids)
		r = options_set(m->tool.info, "pid", pids, why);
	if (r < 0)
		SWAP(m->pids, before);
	free(before.values);
	return r;
}

void memrate_texts_free(struct memrate *m)
{
	strbuf_free(&m->cgroup_path);
	free(m->pids.values);
	free(m->own_sort);
	free(m->own_comm);
	free(m->own_cgroup);
}
