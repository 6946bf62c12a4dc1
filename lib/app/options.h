/*
 * One table of options feeds the parser, --help, and (through --help) the check of the man pages
 * and shell completion.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

enum option_kind {
	OPTION_END = 0,
	OPTION_FLAG,	   /* bool *: set to true */
	OPTION_TEXT,	   /* const char **: not empty */
	OPTION_TEXTS,	   /* struct option_texts *: the same; more when it is given again */
	OPTION_NUMBER,	   /* uint64_t *: from LEAST to MOST */
	OPTION_SIZE,	   /* uint64_t *: bytes, "64M" */
	OPTION_MAYBE_SIZE, /* struct option_maybe_size *: --name or --name=64M, no letter */
	OPTION_DURATION,   /* uint64_t *: nanoseconds, "2", "0.5", "10ms" */
	OPTION_NUMBERS,	   /* struct option_numbers *: "12,345"; more when it is given again */
	OPTION_CHOICE,	   /* struct option_choice *: one of its names */
};

/* An option whose argument may be left out. */
struct option_maybe_size {
	bool given;
	uint64_t value; /* bytes; left alone where the option has no argument */
};

/* Free VALUES. */
struct option_numbers {
	uint64_t *values;
	size_t count, size;
};

/* Free VALUES; what they point to is the command line's. */
struct option_texts {
	const char **values;
	size_t count, size;
};

struct option_choice {
	const char *const *names; /* NULL at the end */
	bool given;
	int value; /* index in NAMES; left alone where it is not given */
};

struct option_entry {
	enum option_kind kind;
	char letter; /* 0: only the long name */
	const char *name;
	const char *argument; /* its name in --help; NULL for a flag */
	const char *help;
	void *target;
	uint64_t least, most; /* for OPTION_NUMBER and OPTION_NUMBERS; for sizes if MOST is not 0 */
};

/* The options that every tool has. */
struct common_options {
	bool help, version, verbose;
	bool time, json;
	uint64_t duration_ns; /* 0: until stopped */
	bool ebpf;	      /* print the BPF text and exit */
	const char *probe;    /* run the text in this file */
	bool edit;	      /* open the text in an editor first */
	bool force;	      /* run it though others may write to the file */
	bool console;	      /* commands from the terminal while it runs (-i) */
	const char *commands; /* commands, ';' between them (-c) */
	const char *script;   /* a file of them (-X) */
	const char *image;    /* run an image compiled elsewhere */
	bool kernel_headers;  /* compile with the installed headers */
};

struct program_info {
	const char *name;
	const char *synopsis;		    /* behind the name: "[OPTION]..." */
	const char *summary;		    /* one sentence */
	const struct option_entry *options; /* the tool's own, closed by OPTION_END */
	const char *examples;		    /* indented lines, closing --help */
	/* What --force goes with besides --probe FILE: "--policy FILE"; NULL: nothing else. If it
	 * is there is for CHECK to see. */
	const char *force_with;
	/* What does not go together, before anything is done: -1, or the exit status. May be NULL.
	 */
	int (*check)(const struct common_options *common);
};

/*
 * Parse the command line into the tables' targets. Nothing is printed but on --help, --version and
 * errors. Returns -1 to go on, or the exit status to leave with. Operands (none are allowed if
 * FIRST is NULL) begin at argv[*first].
 */
int options_parse(const struct program_info *info, struct common_options *common, int argc,
		  char *argv[], int *first);

/*
 * As if --NAME had been given with ARGUMENT, which must last where the option keeps it: for
 * settings that are changed later on. 0, or -errno with the reason in WHY: "'x' is not a whole
 * number".
 */
int options_set(const struct program_info *info, const char *name, const char *argument,
		struct strbuf *why);

/* Which of NAMES is ARGUMENT? Or -EINVAL, with "'x' is not a, b or c" in WHY. */
int options_find(const char *const *names, const char *argument, struct strbuf *why);

/*
 * The operands "[interval [count]]" of the tops. Those that are not there are left alone. -1 to go
 * on, or the exit status: the user has been told.
 */
int options_interval(const struct program_info *info, char *const operands[], int n,
		     uint64_t *ret_interval_ns, uint64_t *ret_count);

/* One of CHOICE's names, taken from what comes after NAME, or -1 and the user has been told what
 * would do. For choices that depend on other options. */
int options_choose(const struct program_info *info, const char *name, const char *const *names,
		   const char *argument);
