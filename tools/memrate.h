/* What the parts of memrate share: its options and its state. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/loop.h"
#include "app/tool.h"
#include "console/recording.h"
#include "proc/cgroup_memory.h"
#include "rate/growth.h"
#include "rate/limit.h"
#include "rate/rate_columns.h"
#include "tools/memrate_probe.h"

struct memrate {
	struct tool tool;

	/* The command line. */
	struct option_numbers pids;
	const char *comm, *cgroup;
	bool by_cgroup, by_container;
	const char *sort; /* rate_table_sorts(); NULL: growth */
	uint64_t rows;
	bool no_clear;
	const char *record, *replay; /* files */
	uint64_t alert_ns;	     /* 0: no alarms */
	const char *command;	     /* for each of them; or NULL */
	uint64_t interval_ns, count; /* 0: endless */

	/* What comes of it. */
	enum rate_by by;
	uint64_t chosen[3]; /* columns, by enum rate_by: output/column_choice.h */
	char *own_sort, *own_comm, *own_cgroup; /* texts given to a command */
	struct strbuf cgroup_path;

	struct memrate_probe probe;

	/* At work. */
	struct cgroup_memory cgroups;
	struct growth *growth;
	struct limits *limits;
	struct command_runner *runner; /* NULL: there is no command */
	struct loop *loop;
	struct memrate_console *console; /* NULL: no commands are wanted */
	struct recording recording;
	uint64_t blocks; /* printed so far */
};

/* What the timer of the intervals calls. */
void memrate_interval(void *user);

/*
 * The end of an interval (memrate_show.c): print its block, and record it; or only the text of the
 * last one. 0 or -errno.
 */
int memrate_show(struct memrate *m);
int memrate_put_text(struct memrate *m, bool json, struct strbuf *out);
/* All that is known of one process; PID 0: of the first in the table. 0; -ENOENT: there is none. */
int memrate_put_process(struct memrate *m, uint64_t pid, struct strbuf *out);

/* Which processes the user asks for. Valid until a setting changes. */
struct growth_filter memrate_filter(const struct memrate *m);

/* The table of the rows that are shown. */
struct rate_table memrate_table(const struct memrate *m);

/* What allocations are told of: "counted in 1 of 100 ms", or why not. */
void memrate_put_counted(const struct memrate *m, struct strbuf *out);

/*
 * Limits (memrate_limits.c): when there is a loop, once all is read, for rows that are to be shown,
 * and the alarms that are due, which are printed. 0 or -errno.
 */
int memrate_limits_open(struct memrate *m);
void memrate_limits_close(struct memrate *m);
int memrate_limits_read(struct memrate *m);
int memrate_limits_put(struct memrate *m, struct rate_row *rows, size_t n);
int memrate_limits_alert(struct memrate *m);

/* --replay, and the command (memrate_replay.c): as replay_file(). */
int memrate_replay(struct memrate *m, const char *path, bool waits, struct strbuf *why);
