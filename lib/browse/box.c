#include <stdio.h>

#include "browse/browser_internal.h"

static const char *const help[] = {
	"Up Down PgUp PgDn Home End  pick a row (Home: always the first)",
	"Enter, Right                programs > sites > stacks",
	"Esc, Left, Backspace        and back",
	"s, F6                       choose the column to sort by",
	"< >                         sort by the one before or behind",
	"r                           reverse the order",
	"f, /                        only programs whose name matches;",
	"                            only stacks that match (focus)",
	"i                           no stacks that match (ignore)",
	"b                           by site, function, stack, package",
	"Space                       pause: what is shown stands still",
	"+ -                         a longer or shorter interval",
	"w                           write a pprof file of the program",
	"Ctrl-L                      draw everything anew",
	"h, ?, F1                    this help",
	"q, F10, Ctrl-C              quit",
	"",
	"Sort programs by A alloc O objects H heap M rss C collections",
	"  G goroutines F full N pid; sites by A alloc O objects/s",
	"  U in use N objects F freed G growth S survival W new.",
	"What the columns mean is in goalloctop(8).",
};

uint64_t browser_box_key(void *user, size_t row)
{
	(void)user;
	return row;
}

void browser_put_box(struct browser *b)
{
	const struct browser_order *orders;
	size_t now, n;

	b->list = (struct screen_list){.selection = &b->box_selection};
	if (b->box == BOX_HELP) {
		b->list.title = " Keys of goalloctop ";
		b->list.lines = help;
		b->list.n = ARRAY_SIZE(help);
	} else if (b->box == BOX_SORT) {
		n = browser_orders(b, &orders, &now);
		for (size_t i = 0; i < n && i < ARRAY_SIZE(b->box_text); i++) {
			snprintf(b->box_text[i], sizeof(b->box_text[i]), "%c  %-8s %s",
				 orders[i].key, orders[i].head, orders[i].what);
			b->box_lines[i] = b->box_text[i];
		}
		b->list.title = " Sort by ";
		b->list.lines = b->box_lines;
		b->list.n = MIN(n, ARRAY_SIZE(b->box_text));
		b->list.pick = true;
	}
	b->page.list = b->box ? &b->list : NULL;
	if (b->question && !b->page.message)
		b->page.prompt = &b->prompt;
	b->page.label = b->question == ASK_COMM	   ? "Names that match:"
			: b->question == ASK_FOCUS ? "Stacks that match:"
						   : "No stacks that match:";
}
