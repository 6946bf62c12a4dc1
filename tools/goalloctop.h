/* What the parts of goalloctop share: its options and its state. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "alloc/alloc_export.h"
#include "alloc/alloc_table.h"
#include "alloc/go_programs.h"
#include "alloc/program_table.h"
#include "app/loop.h"
#include "app/tool.h"
#include "console/recording.h"
#include "watch/enabler.h"
#include "tools/goalloctop_probe.h"

struct goalloctop {
	struct tool tool;

	/* The command line. */
	struct option_numbers pids;
	const char *comm, *cgroup;
	struct option_choice by;
	const char *sort_name;
	uint64_t rows;
	bool full_stacks, no_clear;
	const char *focus, *ignore; /* regular expressions */
	const char *pprof, *svg;    /* files */
	bool folded, diff;
	const char *record, *replay;	 /* files */
	struct option_maybe_size enable; /* heap profiling where it is off; the rate */
	uint64_t interval_ns, count;	 /* 0: endless */

	/* What comes of it. */
	bool named; /* some programs, not all */
	enum goalloctop_by group;
	enum program_sort sort;
	struct alloc_options alloc;		/* for the tables of each program's sites */
	uint64_t program_columns, site_columns; /* chosen ones: output/column_choice.h */
	char *own_comm, *own_cgroup, *own_focus, *own_ignore; /* texts given to a command */
	struct strbuf cgroup_path;
	struct alloc_filter *filter;

	struct goalloctop_probe probe;

	/* At work. */
	struct go_programs *programs;
	struct loop *loop;
	struct alloc_export *export;	    /* NULL: nothing is to be written */
	struct enabler *enabler;	    /* NULL: not wanted */
	struct goalloctop_screen *screen;   /* NULL: blocks are printed */
	struct goalloctop_console *console; /* NULL: no commands are wanted */
	struct recording recording;	    /* of intervals, or allocations */
	uint64_t blocks;		    /* printed so far */
	bool is_over;			    /* as often or as long as was wanted */
	bool failed;
};

/*
 * Switch heap profiling on in those of the programs that lack it, if that is wanted: after each
 * time that there may be new ones. At the end it is switched off again. 0 or -errno.
 */
int goalloctop_enable_begin(struct goalloctop *t);
int goalloctop_enable(struct goalloctop *t);
void goalloctop_enable_end(struct goalloctop *t);

/* The full screen, where there is one: t->screen. All 0 or -errno. */
int goalloctop_screen_prepare(struct goalloctop *t); /* before there are threads */
int goalloctop_screen_open(struct goalloctop *t);
void goalloctop_screen_close(struct goalloctop *t);
/* As goalloctop_plain_block(). */
int goalloctop_screen_refresh(struct goalloctop *t);
bool goalloctop_screen_paused(const struct goalloctop *t);

/*
 * The programs that were named, or all (goalloctop_programs.c). -1 to go on, or the exit status.
 * Are their stacks wanted?
 */
int goalloctop_programs_begin(struct goalloctop *t);
bool goalloctop_wants_heaps(const struct goalloctop *t);
void goalloctop_texts_free(struct goalloctop *t);

/* Read everything anew: the end of an interval. 0, -errno, or an exit status. */
int goalloctop_refresh(struct goalloctop *t);

/* What the timer of the intervals calls. */
void goalloctop_interval(void *user);

/* The interval is over and all is read: print one block, record it, or append it. 0 or -errno. */
int goalloctop_plain_block(struct goalloctop *t);
void goalloctop_plain_record(struct goalloctop *t);
int goalloctop_plain_text(struct goalloctop *t, bool json, struct strbuf *out);

/* Recordings shown, in the present form (goalloctop_replay.c): as replay_file(). */
int goalloctop_replay(struct goalloctop *t, const char *path, bool waits, struct strbuf *why);

/*
 * Files at the end. What the options ask for makes sense, and can be written: -1 to go on, else the
 * exit status. After each interval: 0 or -errno. At the end: the exit status.
 */
bool goalloctop_exports(const struct goalloctop *t);
int goalloctop_export_understand(struct goalloctop *t);
int goalloctop_export_begin(struct goalloctop *t);
int goalloctop_export_interval(struct goalloctop *t);
int goalloctop_export_end(struct goalloctop *t);
