/*
 * The tables of goalloctop as its user goes through them: the programs, the sites of one, the
 * stacks of a site. It turns what go_programs knows into pages for a screen, and keys into the next
 * page; it has no terminal itself.
 */
#pragma once

#include "alloc/alloc_table.h"
#include "alloc/go_programs.h"
#include "alloc/program_table.h"
#include "screen/screen.h"

struct browser;

struct browser_config {
	struct go_programs *programs;
	struct alloc_options alloc; /* but for its filter */
	const char *focus, *ignore; /* regular expressions that are known to be good, or NULL */
	enum program_sort sort;
	bool sites;	      /* begin with the sites, if there is just one program */
	int date;	      /* as for system_lines() */
	uint64_t interval_ns; /* as it is at the start */
	/* Append lines on what was lost to OUT; may be NULL. */
	void (*lost)(void *user, struct strbuf *out);
	void *user;
};

/* 0 or -ENOMEM. */
int browser_new(const struct browser_config *config, struct browser **ret);
/* Before the programs are freed. */
void browser_free(struct browser *b);

/* An interval is over and go_programs_refresh() was called. 0 or -ENOMEM. */
int browser_update(struct browser *b);

/* Data stands still: no refresh is wanted. */
bool browser_paused(const struct browser *b);

uint64_t browser_interval_ns(const struct browser *b);

/* A line to show at the bottom until the next key. */
void browser_say(struct browser *b, const char *text);

/* What a key asks of the tool. */
enum browser_wish {
	BROWSER_NOTHING,
	BROWSER_QUIT,
	BROWSER_INTERVAL, /* another one from now on */
	BROWSER_WRITE,	  /* a pprof file of browser_program() */
	BROWSER_FORGET,	  /* draw everything anew */
};

/* 0 to act on RET_WISH, or -ENOMEM. The page is to be drawn again in any case. */
int browser_key(struct browser *b, int key, enum browser_wish *ret_wish);

/* The program that is picked or looked at; NULL: none. Valid until the next refresh. */
struct go_program *browser_program(struct browser *b);

/* The page for a screen of WIDTH columns, valid until the next call of a function above. 0 or
 * -ENOMEM. */
int browser_page(struct browser *b, int width, const struct screen_page **ret);
