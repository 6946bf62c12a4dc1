/* What oomrank's parts share. */
#pragma once

#include "app/loop.h"
#include "app/tool.h"
#include "console/recording.h"
#include "output/recent_texts.h"
#include "rank/rank_layout.h"
#include "rank/rank_report.h"
#include "session/tool_console.h"
#include "tools/oomrank_policy.h"

#define OOMRANK_NEVER_NS (UINT64_C(1) << 62) /* no timer fires then: 146 years */

/* Set by the command line; the console's `set` changes some of it. */
struct oomrank_options {
	bool all, changes, simulate, all_domains, verify, from_proc;
	uint64_t rows;	 /* 0: no limit */
	bool rows_asked; /* by the user: then of the table of domains, too */
	const char *cgroup, *cpuset, *mempolicy, *root, *capture, *record, *replay;
	uint64_t columns; /* at the end of rows (rank_columns.h) */
	struct oomrank_policy_options policy;
};

/* A snapshot with its ranking. */
struct oomrank_snapshot {
	struct rank_view view;
	struct ranking ranking;
};

struct oomrank {
	struct tool tool;
	struct oomrank_options options;
	char *own_root;		     /* the one in the options */
	uint64_t interval_ns, count; /* 0: one report, no limit */
	struct loop *loop;
	/* Where snapshots come from: the probe, or files. */
	struct tracer *tracer;
	struct rank_layout *layout, *next; /* NEXT: of a text to come */
	struct strbuf why_no_probe;
	bool told_unseen;
	struct strbuf told_domain;	   /* about the one that was asked for */
	struct oomrank_policies *policies; /* NULL: a report of the kernel's choice */
	/* What is shown. */
	struct oomrank_snapshot before; /* the last one shown; machine NULL: none yet */
	uint64_t reports;
	bool paused;
	int error; /* -errno of standard output */
	struct tool_console console;
	struct recent_texts recent; /* reports, for the console */
	struct recording recording;
};

/* tools/oomrank_options.c: -1 to go on, or the exit status. */
int oomrank_options_parse(struct oomrank *o, int argc, char *argv[]);
/* What is asked for must go together: 0, or -EINVAL with the reason in WHY. */
int oomrank_options_check(const struct oomrank_options *o, const struct common_options *c,
			  struct strbuf *why);

/* tools/oomrank_source.c: the probe, if there is to be one. -1, or the exit status. */
int oomrank_source_open(struct oomrank *o);
/* A snapshot as it is now. 0 or -errno, why in WHY. */
int oomrank_source_read(struct oomrank *o, struct rank_view *ret, struct strbuf *why);
/* Warn if the machine in ROOT was not captured to the end. */
void oomrank_tell_unfinished(const struct machine *m, const char *root);
void oomrank_source_close(struct oomrank *o);
/* Around a swap: session.h. USER is the struct oomrank. */
int oomrank_source_before(struct tracer *tracer, struct strbuf *why, void *user);
int oomrank_source_after(struct tracer *tracer, bool swapped, struct strbuf *why, void *user);

/* tools/oomrank_domain.c: the domain that was asked for. 0 or -errno, why in WHY. */
int oomrank_domain(struct oomrank *o, const struct machine *m, struct domain *ret,
		   struct strbuf *why);

/* tools/oomrank_output.c: read, rank and show, as the options say. 0, or -errno: the user has been
 * told, or WHY (if it is not NULL) says. */
int oomrank_report(struct oomrank *o, struct strbuf *out, struct strbuf *why);
/* A snapshot, whole. */
int oomrank_show(struct oomrank *o, const struct oomrank_snapshot *s, struct strbuf *out);
/* It, as it is shown now. */
struct rank_report oomrank_report_of(const struct oomrank *o, const struct oomrank_snapshot *s);
/* All domains, beside each other; what a kill now would say: of V. 0 or -errno. */
int oomrank_put_domains(struct oomrank *o, const struct rank_view *v, struct strbuf *out);
int oomrank_put_simulated(struct oomrank *o, const struct oomrank_snapshot *s, struct strbuf *out);
/* A snapshot with its ranking. */
int oomrank_take(struct oomrank *o, struct oomrank_snapshot *ret, struct strbuf *why);
/* Of the machine that was captured in ROOT, which must last as long. */
int oomrank_take_captured(struct oomrank *o, const char *root, struct oomrank_snapshot *ret,
			  struct strbuf *why);
void oomrank_snapshot_clear(struct oomrank_snapshot *s);

/* tools/oomrank_once.c: --capture and --verify; the exit status. */
int oomrank_capture(struct oomrank *o);
int oomrank_verify(struct oomrank *o);
/* Compare, and append what was found; RET_DIFFER: how many differ. */
int oomrank_put_verified(struct oomrank *o, struct strbuf *out, size_t *ret_differ,
			 struct strbuf *why);

/* tools/oomrank_replay.c: the rankings in a file of JSON lines, or of the machine captured in a
 * directory; WAITS as replay_file() has it. 0 or -errno, why in WHY. */
int oomrank_replay(struct oomrank *o, const char *path, bool waits, struct strbuf *why);
/* Append the snapshot's ranking to what is recorded, if anything is. */
void oomrank_record(struct oomrank *o, const struct oomrank_snapshot *s);

/* tools/oomrank.c: at the end of each interval. */
void oomrank_interval(void *user);
