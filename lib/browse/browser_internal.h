/* Shared by the parts of the browser. */
#pragma once

#include "alloc/alloc_columns.h"
#include "alloc/alloc_filter.h"
#include "browse/browser.h"

enum browser_level { LEVEL_PROGRAMS, LEVEL_SITES, LEVEL_STACKS, LEVELS };
enum browser_box { BOX_NONE, BOX_HELP, BOX_SORT };
enum browser_question { ASK_NOTHING, ASK_COMM, ASK_FOCUS, ASK_IGNORE };

/* What a table may be sorted by, in the order of the enum that it stands for. */
struct browser_order {
	char key;	  /* the letter that chooses it */
	const char *head; /* of its column */
	const char *what;
};

/* One line of the page of stacks; its text begins at OFFSET of stack_text. */
struct stack_line {
	uint64_t key;
	size_t offset;
	bool title;
};

struct browser {
	struct browser_config config;
	enum browser_level level;
	bool begun; /* where to begin was decided */
	bool paused;
	bool reversed[LEVELS];
	struct selection selection[LEVELS];

	/* The programs as they were when the page was made. */
	struct go_program **programs;
	size_t n_programs, programs_size, n_hidden;
	char *comm; /* only names that match this; NULL: all */

	/* The program whose sites are shown; it is held. */
	struct go_program *program;
	bool had_heap; /* its heap was wanted before */
	struct alloc_filter *filter;
	char *focus, *ignore; /* what it does; NULL: nothing */
	const struct alloc_row *const *rows;
	size_t n_rows;
	struct alloc_layout layout;

	/* The site whose stacks are shown. */
	uint32_t site;
	struct strbuf site_text;
	struct alloc_table *stacks; /* of the whole program; NULL: not shown */
	struct strbuf stack_text;   /* lines, each closed by NUL */
	struct stack_line *lines;
	size_t n_lines, lines_size;

	enum browser_box box;
	struct selection box_selection;
	const char *box_lines[16];
	char box_text[16][64];
	enum browser_question question;
	struct prompt prompt;
	struct strbuf message;

	struct strbuf system, lost; /* as of the last update */
	struct strbuf title, state; /* of the page */
	struct strbuf header_text;  /* all of them, each line closed by NUL */
	struct screen_line header[8];
	struct screen_column columns[SCREEN_COLUMNS_MOST];
	int ids[SCREEN_COLUMNS_MOST];
	struct strbuf cells[SCREEN_COLUMNS_MOST];
	struct screen_list list;
	struct screen_page page;
};

/* All that return int: 0 or -ENOMEM. */

/* The pages of each level. */
int browser_programs_page(struct browser *b, int width);
int browser_sites_page(struct browser *b, int width);
int browser_stacks_page(struct browser *b, int width);
void browser_put_box(struct browser *b);
uint64_t browser_box_key(void *user, size_t row);

/* From one to the next, and back. */
struct go_program *browser_picked_program(struct browser *b);
int browser_enter_program(struct browser *b, struct go_program *p);
void browser_leave_program(struct browser *b);
int browser_enter_site(struct browser *b);
void browser_leave_stacks(struct browser *b);

/* Count what is shown of the program's sites after a refresh; or anew, since options changed. */
int browser_update_sites(struct browser *b);
int browser_renew_sites(struct browser *b);

/* What the present level may be sorted by: how many, and which one it is. */
size_t browser_orders(const struct browser *b, const struct browser_order **ret, size_t *ret_now);
int browser_sort_by(struct browser *b, size_t order);
int browser_sort_beside(struct browser *b, int step);

int browser_filter_init(struct browser *b);
void browser_filter_free(struct browser *b);
int browser_set_text(char **to, const char *text);

/* Columns as the tables know them, for a screen. */
void browser_set_columns(struct browser *b, const struct table_column *heads, size_t n);
