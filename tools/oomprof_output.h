/*
 * What becomes of a finished victim: its file, its report, a line of the recording; and with a
 * console the report once more. Victims come in the watcher's thread, commands in the loop's.
 */
#pragma once

#include <pthread.h>

#include "app/tool.h"
#include "console/console.h"
#include "console/recording.h"
#include "oom/kill_filter_words.h"
#include "victim/output_directory.h"
#include "victim/victim_report.h"

#define OOMPROF_KEPT 32	       /* victims that can be shown again */
#define OOMPROF_KEPT_SITES 100 /* of each */

/* How a victim is told of. */
struct oomprof_form {
	bool json;
	struct victim_report_options report;
};

struct oomprof_counts {
	uint64_t seen, told, filtered, written, without, failed, lost_buckets;
};

struct oomprof_output {
	struct output_directory directory;
	pthread_mutex_t files; /* one writes into it at a time */
	pthread_mutex_t lock;  /* for all that follows; not held while something is printed */
	struct oomprof_form form;
	struct kill_filter_words filter;
	struct console *console; /* NULL: none, and nothing is kept */
	bool paused;
	bool failed; /* at something that was to be done for a victim */
	struct oomprof_counts counts;
	struct recording recording;
	/* A circle; VICTIMS[n % OOMPROF_KEPT] is the n-th that was told of or filtered out. */
	struct victim *victims[OOMPROF_KEPT];
	uint64_t first, end, shown_to;
};

/* Once, before all else: as the options of every tool say. */
void oomprof_output_form(struct oomprof_output *o, const struct tool *tool);

/* From here on victims are kept for the console. */
void oomprof_output_console(struct oomprof_output *o, struct console *console);

/* Finish a victim and tell of it. Owns V; with a console it may be kept until it is closed. */
void oomprof_output_victim(struct oomprof_output *o, struct victim *v);

/* The same for a living one, which stays the caller's: its report goes to OUT. 0 or -errno. */
int oomprof_output_living(struct oomprof_output *o, struct victim *v, struct strbuf *out);

/* Append the reports of those from FROM on that pass the filter; at most the last MOST. 0 or
 * -errno. With the lock. */
int oomprof_output_again(struct oomprof_output *o, uint64_t from, uint64_t most,
			 struct strbuf *out);

/* Append all that is known of the last victim of that PID that is kept; PID 0: of the last that
 * passes the filter. 0 or -errno; -ENOENT: none. With the lock. */
int oomprof_output_explain(struct oomprof_output *o, uint64_t pid, struct strbuf *out);

/* Lets go of the console and of what was kept for it. */
void oomprof_output_forget(struct oomprof_output *o);
/* STATUS, or what it becomes by what could not be recorded. */
int oomprof_output_close(struct oomprof_output *o, int status);
