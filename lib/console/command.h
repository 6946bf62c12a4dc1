/*
 * The tree of commands: one grammar for the prompt, for -c and for scripts. A tool's tree is made
 * of several tables: the common ones, those of the probe (lib/session), its own. A word may be
 * shortened as long as it means one command only; an exact name always wins.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

struct console;

/* A return of run(): not done yet; the loop goes on, console_finish() will say how it ended. */
#define COMMAND_GOES_ON 1

/* A command that is carried out. Words are those behind the command itself. */
struct command_call {
	struct console *console;
	void *user;	  /* of the table the command is from */
	const char *name; /* in full: "set filter" */
	size_t n_words;
	char *const *words; /* NULL behind the last */
	struct strbuf *out; /* what it prints; shown also if it fails */
	struct strbuf *why; /* why it failed: what to do, without newline at the end */
};

/* What may stand where the cursor is. */
struct command_completion {
	void *user;
	size_t n_words; /* complete words behind the command, before the cursor */
	char *const *words;
	const char *start;  /* of the word at the cursor, "" for none */
	struct strbuf *out; /* candidates, a line each; what does not begin so is passed over */
	bool *files;	    /* set: names of files, too */
};

struct command {
	const char *name;      /* NULL ends a table */
	const char *arguments; /* "[N]"; "" for none */
	const char *help;      /* one line, at most 60 characters */
	const char *more;      /* for `help NAME`: indented lines; NULL */
	size_t least, most;    /* words that it takes */
	/* 0, -errno or COMMAND_GOES_ON; a negative return without WHY is told as its strerror(). */
	int (*run)(struct command_call *call);
	void (*complete)(const struct command_completion *c); /* NULL: nothing is offered */
	/* "set filter": a table; RUN is then for no word behind, or NULL. If that prints the
	 * settings, "set sort VALUE" a line, "set sort" alone prints this line of it. */
	const struct command *below;
};

struct command_table {
	const struct command *commands;
	void *user;
};

/* All of a tool; commands of later tables stand behind those of earlier ones. */
struct command_tree {
	const struct command_table *tables;
	size_t n_tables;
};

/*
 * Find the command that WORDS begin with, and how many of them are its name. -ENOENT and -EMLINK
 * (several) with the reason in WHY, which names what there is.
 */
int command_find(const struct command_tree *tree, char *const *words, size_t n_words,
		 const struct command **ret, void **ret_user, size_t *ret_used, struct strbuf *why);

/* Run the command of those words. What its run() returned, or -errno with the reason in WHY. */
int command_run(const struct command_tree *tree, char *const *words, size_t n_words,
		struct console *console, struct strbuf *out, struct strbuf *why);

/* What the word at the cursor may become. */
struct command_candidates {
	size_t from;	     /* where that word begins in the line */
	char *start;	     /* as much of it as there is, without quotes and backslashes */
	struct strbuf names; /* sorted, a line each */
	bool files;	     /* names of files, too */
};

/* 0 or -ENOMEM. */
int command_complete(const struct command_tree *tree, const char *line, size_t cursor,
		     struct command_candidates *ret);
void command_candidates_clear(struct command_candidates *c);

/* What may come at CURSOR of LINE, told line by line. 0 or -ENOMEM. */
int command_hint(const struct command_tree *tree, const char *line, size_t cursor,
		 struct strbuf *out);

/* `help`, `help NAME`, `?`. 0 or as command_find(). */
int command_help(const struct command_tree *tree, char *const *words, size_t n_words,
		 struct strbuf *out, struct strbuf *why);
