/* The tables of goalloctop on a full screen, for somebody who sits before it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "browse/browser.h"
#include "proc/clock.h"
#include "tools/goalloctop.h"
#include "victim/output_directory.h"

struct goalloctop_screen {
	struct screen *screen;
	struct browser *browser;
};

/* Keys for people, blocks for all else. */
static bool is_wanted(const struct goalloctop *t)
{
	return isatty(1) && !t->no_clear && !t->tool.common.json && !t->folded && !t->probe.trace &&
	       !tool_has_console(&t->tool);
}

static int draw(struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf news = {0};
	struct goalloctop_screen *s = t->screen;
	const struct screen_page *page;
	int r, columns;

	if (screen_news(s->screen, &news))
		browser_say(s->browser, strbuf_text(&news));
	screen_size(s->screen, NULL, &columns);
	r = browser_page(s->browser, columns, &page);
	if (r == 0)
		screen_draw(s->screen, page);
	return r;
}

/* As it is shown, if its stacks are; else as it is now. */
static int make_profile(struct goalloctop *t, struct go_program *p, struct strbuf *out)
{
	bool wanted = p->want_heap;
	int r = 0;

	if (!p->heap || !wanted)
		r = go_programs_read_heap(t->programs, p);
	p->want_heap = wanted;
	return r < 0 ? r : alloc_export_pprof(p, out);
}

/* A new file here, whatever is here already. */
static void write_profile(struct goalloctop *t)
{
	_cleanup_strbuf_ struct strbuf bytes = {0}, said = {0}, name = {0}, why = {0};
	struct go_program *p = browser_program(t->screen->browser);
	struct output_directory here = {.path = ".", .fd = -1};
	struct output_removed removed = {0};
	int r = p ? make_profile(t, p, &bytes) : -ESRCH;

	if (r == 0)
		r = output_directory_open(&here, &why);
	if (r == 0)
		r = output_directory_write(&here, p->process.comm, strlen(p->process.comm),
					   (unsigned int)p->process.pid, clock_realtime_ns(),
					   &bytes, &name, &removed);
	output_directory_close(&here);
	if (r == 0)
		strbuf_printf(&said, "wrote %s", strbuf_text(&name));
	else if (r == -ESRCH)
		strbuf_puts(&said, "no program is picked");
	else if (r == -ENODATA)
		strbuf_puts(&said, "nothing to write: it has recorded no allocation (PROF off?)");
	else
		strbuf_printf(&said, "no file was written: %s",
			      why.length ? strbuf_text(&why) : strerror(-r));
	browser_say(t->screen->browser, strbuf_text(&said));
}

static int obey(struct goalloctop *t, enum browser_wish wish)
{
	uint64_t ns;

	switch (wish) {
	case BROWSER_QUIT:
		loop_stop(t->loop, EXIT_OK);
		break;
	case BROWSER_INTERVAL:
		ns = t->interval_ns = browser_interval_ns(t->screen->browser);
		return loop_change_timer(t->loop, goalloctop_interval, t, ns, ns);
	case BROWSER_WRITE:
		write_profile(t);
		break;
	case BROWSER_FORGET:
		screen_forget(t->screen->screen);
		break;
	case BROWSER_NOTHING:
		break;
	}
	return 0;
}

static void on_redraw(void *user)
{
	struct goalloctop *t = user;
	int r = t->screen ? draw(t) : 0;

	if (r < 0)
		loop_stop(t->loop, tool_status("cannot show the table", r));
}

static void on_key(void *user, int key)
{
	struct goalloctop *t = user;
	enum browser_wish wish;
	int r = browser_key(t->screen->browser, key, &wish);

	if (r == 0)
		r = obey(t, wish);
	if (r == 0)
		r = draw(t);
	if (r < 0)
		loop_stop(t->loop, tool_status("cannot go on", r));
}

static void put_lost(void *user, struct strbuf *out)
{
	goalloctop_probe_lost(user, out);
}

static int open_both(struct goalloctop *t, struct goalloctop_screen *s)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct browser_config config = {
		.programs = t->programs,
		.alloc = t->alloc,
		.focus = t->focus,
		.ignore = t->ignore,
		.sort = t->group == BY_PROGRAM ? t->sort : PROGRAM_SORT_ALLOC,
		.sites = t->group != BY_PROGRAM,
		.date = t->tool.common.time,
		.interval_ns = t->interval_ns,
		.lost = put_lost,
		.user = t,
	};
	struct screen_config screen = {
		.loop = t->loop, .on_key = on_key, .on_redraw = on_redraw, .user = t};
	int r = browser_new(&config, &s->browser);

	if (r == 0)
		r = screen_open(&screen, &s->screen, &why);
	if (r == -ENOTSUP)
		message_warning("no full screen: %s; printing tables instead, as with -C",
				strbuf_text(&why));
	return r;
}

int goalloctop_screen_prepare(struct goalloctop *t)
{
	return is_wanted(t) ? screen_block_signals() : 0;
}

int goalloctop_screen_open(struct goalloctop *t)
{
	struct goalloctop_screen *s;
	int r;

	if (!is_wanted(t))
		return 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	r = open_both(t, s);
	t->screen = s;
	if (r < 0)
		goalloctop_screen_close(t);
	if (r == 0)
		r = goalloctop_screen_refresh(t);
	t->no_clear = t->no_clear || r == -ENOTSUP;
	return r == -ENOTSUP ? 0 : r;
}

bool goalloctop_screen_paused(const struct goalloctop *t)
{
	return t->screen && browser_paused(t->screen->browser);
}

int goalloctop_screen_refresh(struct goalloctop *t)
{
	int r = browser_update(t->screen->browser);

	t->blocks++;
	return r < 0 ? r : draw(t);
}

void goalloctop_screen_close(struct goalloctop *t)
{
	if (!t->screen)
		return;
	screen_close(t->screen->screen);
	browser_free(t->screen->browser);
	free(t->screen);
	t->screen = NULL;
}
