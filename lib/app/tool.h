/* What lies between main() and a running probe, the same for every tool. */
#pragma once

#include "app/options.h"
#include "app/probe_text.h"
#include "bpf/tracer.h"

struct tool {
	const struct program_info *info;
	const char
		*text; /* the BPF text built in, or what runs in its place; NULL: there is none */
	const struct text_line *lines;
	const struct tracer_variant *variants; /* ways to attach, best first */
	const char *const *flags; /* besides those of a variant; NULL, or ended by it */
	const struct tracer_map_size *map_sizes; /* where the text's are not to be taken */
	/* For a swap, as in struct tracer_config. */
	const char *const *renewed_maps;
	const char *const *held_maps;
	const struct text_contract *contract; /* likewise, and at the start */
	/* Likewise; set by a tool whose rings would run over else, once it can be called. */
	void (*meanwhile)(void *data);
	void *meanwhile_data;
	struct common_options common;
	/* Set by tool_begin(). */
	const char *built_in; /* the text as the tool has given it */
	const struct text_line *built_in_lines;
	struct probe_text edited; /* the one it starts with, if that is another */
};

/*
 * Parse the command line; --help, --version and --ebpf are done here. -1 to go on, else the exit
 * status. FIRST as in options_parse().
 */
int tool_begin(struct tool *tool, int argc, char *argv[], int *first);

/* May this process use BPF? -1: yes, go on; else the exit status: the user has been told why. */
int tool_check_privilege(void);

/*
 * Compile (or find) the probe, load and attach it; PREPARE may fill maps before it is attached. A
 * text of --edit that does not run may be edited again, or is kept. -1 to go on, else the exit
 * status: the user has been told why.
 */
int tool_attach(struct tool *tool, int (*prepare)(struct tracer *tracer, void *data), void *data,
		struct tracer **ret);

/* The same for a tool that can do without: it is told why in WHY, not the user. */
int tool_try_attach(struct tool *tool, int (*prepare)(struct tracer *tracer, void *data),
		    void *data, struct strbuf *why, struct tracer **ret);

/* Are there commands to come, from a terminal or a script? Then the probe can be swapped. */
bool tool_has_console(const struct tool *tool);

/*
 * Run TEXT in the place of the one that runs: tracer_swap(). NULL: what it started with, be it an
 * image. On failure that one runs on and WHY says what is wrong. 0 or -errno.
 */
int tool_swap(struct tool *tool, struct tracer *tracer, const struct source *text,
	      int (*prepare)(struct tracer *tracer, void *data), void *data, struct strbuf *why);

/* TEXT is likely to be the next for tool_swap(): compile it already. NULL: somebody begins to
 * change the text; have a compiler ready. tracer_swap_ahead(). */
void tool_swap_ahead(struct tool *tool, struct tracer *tracer, const struct source *text);

/* Lock memory, RESERVE bytes more than there are now, and ask the OOM killer to pass by; warnings
 * go to the user. */
void tool_protect(size_t reserve);

/*
 * The line that says that the probe is in place, and how to end it: to stdout, with --json to
 * stderr. WHAT is its beginning: "Tracing OOM kills...". 0, or -EPIPE or -ECANCELED for
 * tool_status(): the user was told.
 */
int tool_start_line(const struct tool *tool, const char *what);

/* Characters in a line of the terminal that stdout is; if it is none what $COLUMNS says; 0: as many
 * as there are. */
int tool_line_width(void);

/* Print to stdout, flushed. 0 or -errno. */
int tool_print(const struct strbuf *text);

/*
 * The exit status for a result of ours: an exit status as it is; -errno is told with WHAT failed,
 * but for a reader of our output that has gone, which is a way to stop us, and for -ECANCELED: what
 * failed was told already.
 */
int tool_status(const char *what, int result);

void tool_end(struct tool *tool);
