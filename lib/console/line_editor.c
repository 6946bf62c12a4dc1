#include "console/line_editor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/timerfd.h>
#include <wchar.h>

#include "app/guard.h"
#include "app/terminal.h"
#include "base/file.h"
#include "console/line_editor_internal.h"
#include "console/paste.h"

#define MS UINT64_C(1000000) /* ns */
/* After the last output the prompt is drawn so much later: in a flood of events not for each. */
#define DRAW_AFTER_NS (10 * MS)
#define FOREGROUND_EVERY_NS (300 * MS) /* looks if we have the terminal again */
#define REST_OF_KEY_MS 200	       /* waits for the rest of a character or key */

/* Readline has no place for a pointer of ours. */
static struct line_editor *the;
static pthread_mutex_t the_lock = PTHREAD_MUTEX_INITIALIZER;

static void draw_after(struct line_editor *p, uint64_t ns)
{
	struct itimerspec when = {.it_value.tv_nsec = (long)ns};

	(void)timerfd_settime(p->timer, 0, &when, NULL);
}

/* Foreground, or a terminal that does not care. */
static bool in_foreground(void)
{
	pid_t group = tcgetpgrp(0);

	return group < 0 || group == getpgrp();
}

static void erase(struct line_editor *p)
{
	if (!p->drawn)
		return;
	p->drawn = false;
	if (p->dumb)
		fputc('\n', p->out);
	else
		(void)p->rl.rl_clear_visible_line();
	fflush(p->out);
}

static void draw(struct line_editor *p)
{
	if (p->drawn || !p->installed || p->away)
		return;
	(void)p->rl.rl_on_new_line();
	p->rl.rl_redisplay();
	fflush(p->out);
	p->drawn = true;
}

void line_editor_above(struct line_editor *p, const struct strbuf *text)
{
	erase(p);
	fwrite(strbuf_text(text), 1, text->length, p->out);
	draw(p);
}

static void on_begin(void *user)
{
	(void)user;
	pthread_mutex_lock(&the_lock);
	if (the)
		erase(the);
}

static void on_end(void *user)
{
	(void)user;
	if (the && the->installed && !the->drawn && !the->away)
		draw_after(the, DRAW_AFTER_NS);
	pthread_mutex_unlock(&the_lock);
}

/* Readline's input is what we have read already: it must never wait for a key. */

static int read_input(struct line_editor *p, int wait_ms)
{
	struct pollfd poll_fd = {.fd = 0, .events = POLLIN};
	char bytes[4096];
	ssize_t n;

	if (poll(&poll_fd, 1, wait_ms) <= 0)
		return -EAGAIN;
	n = read(0, bytes, sizeof(bytes));
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? -EAGAIN : -errno;
	strbuf_append(&p->input, bytes, (size_t)n);
	return n ? strbuf_error(&p->input) : -EIO;
}

static bool has_input(const struct line_editor *p)
{
	return p->taken < p->input.length;
}

static int on_getc(FILE *stream)
{
	(void)stream;
	if (!has_input(the) && read_input(the, REST_OF_KEY_MS) < 0)
		return EOF;
	return (unsigned char)the->input.data[the->taken++];
}

static int on_input_available(void)
{
	return has_input(the) || read_input(the, REST_OF_KEY_MS) == 0;
}

/* Have what was pasted typed line by line. False: a part of it is still on its way. */
static bool unfold_paste(struct line_editor *p)
{
	size_t from = MAX(p->taken, p->pasted);

	if (paste_is_half(strbuf_text(&p->input) + from, p->input.length - from))
		return p->taken < p->pasted;
	p->pasted = paste_unfold(&p->input, from);
	return true;
}

static void forget_input(struct line_editor *p)
{
	strbuf_reset(&p->input);
	p->taken = p->pasted = 0;
}

static void on_accept(char *line)
{
	struct line_editor *p = the;

	if (!line)
		(void)p->rl.rl_crlf();
	p->line = line;
	p->entered = true;
	p->wanted = p->installed = p->drawn = false;
	p->rl.rl_callback_handler_remove();
}

static void install(struct line_editor *p)
{
	p->away = !in_foreground();
	if (p->away) {
		draw_after(p, FOREGROUND_EVERY_NS);
		return;
	}
	p->rl.rl_callback_handler_install(strbuf_text(&p->text), on_accept);
	p->installed = p->drawn = true;
	fflush(p->out);
	if (has_input(p))
		draw_after(p, 1);
}

/* Feed readline until a line is entered. */
static void feed(struct line_editor *p)
{
	draw(p);
	while (p->installed && has_input(p) && unfold_paste(p))
		p->rl.rl_callback_read_char();
	if (!has_input(p))
		forget_input(p);
	fflush(p->out);
}

/* Without the lock: commands print. */
static void hand_over(struct line_editor *p)
{
	char *line;

	if (!p->entered)
		return;
	p->entered = false;
	loop_remove(p->config.loop, 0);
	line = STEAL(p->line);
	p->config.on_line(line, p->config.user);
	free(line);
}

static void on_input(void *user)
{
	struct line_editor *p = user;
	int r;

	if (loop_stopped(p->config.loop))
		return;
	pthread_mutex_lock(&the_lock);
	if (p->installed) {
		r = read_input(p, 0);
		if (r < 0 && r != -EAGAIN)
			on_accept(NULL); /* the terminal is gone */
		else
			feed(p);
	}
	pthread_mutex_unlock(&the_lock);
	hand_over(p);
}

static void come_back(struct line_editor *p)
{
	if (!in_foreground()) {
		draw_after(p, FOREGROUND_EVERY_NS);
		return;
	}
	p->away = false;
	p->rl.rl_deprep_terminal();
	p->rl.rl_prep_terminal(1);
	if (p->installed)
		draw(p);
	else
		install(p);
	(void)loop_add(p->config.loop, 0, on_input, p);
}

static void on_timer(void *user)
{
	struct line_editor *p = user;
	uint64_t times;

	if (loop_stopped(p->config.loop) || read(p->timer, &times, sizeof(times)) < 0)
		return;
	pthread_mutex_lock(&the_lock);
	if (p->away && p->wanted)
		come_back(p);
	else if (p->installed)
		feed(p);
	pthread_mutex_unlock(&the_lock);
	hand_over(p);
}

void line_editor_show(struct line_editor *p)
{
	pthread_mutex_lock(&the_lock);
	p->wanted = true;
	install(p);
	if (!p->away)
		(void)loop_add(p->config.loop, 0, on_input, p);
	pthread_mutex_unlock(&the_lock);
}

void line_editor_remember(struct line_editor *p, const char *line)
{
	pthread_mutex_lock(&the_lock);
	p->rl.add_history(line);
	pthread_mutex_unlock(&the_lock);
}

bool line_editor_drop_paste(struct line_editor *p)
{
	bool left = p && p->pasted > p->taken;

	if (left)
		p->taken = p->pasted;
	return left;
}

/* Ctrl-C. */
static void on_interrupt(void *user)
{
	struct line_editor *p = user;

	if (p->lent) /* it was for the program that has the terminal */
		return;
	if (!p->installed) {
		p->config.on_interrupt(p->config.user);
		return;
	}
	pthread_mutex_lock(&the_lock);
	forget_input(p);
	draw(p);
	p->rl.rl_callback_sigcleanup();
	p->rl.rl_free_line_state();
	*p->rl.rl_point = *p->rl.rl_end;
	p->rl.rl_redisplay();
	fputs("^C", p->out);
	(void)p->rl.rl_crlf();
	p->rl.rl_callback_handler_remove();
	p->installed = false;
	install(p);
	pthread_mutex_unlock(&the_lock);
}

/* Cells of the terminal in front of the cursor. */
static int cells_before_cursor(const struct line_editor *p)
{
	const char *line = *p->rl.rl_line_buffer, *end = line + *p->rl.rl_point;
	mbstate_t state = {0};
	int cells = (int)p->text.length;

	while (line < end) {
		wchar_t c;
		size_t n = mbrtowc(&c, line, (size_t)(end - line), &state);

		if (n == 0 || n > (size_t)(end - line)) {
			n = 1;
			c = L'x';
			state = (mbstate_t){0};
		}
		cells += MAX(wcwidth(c), 0);
		line += n;
	}
	return cells;
}

/*
 * Some terminals wrap their lines anew for another width, some do not, and which it did nobody
 * says. Going up as few rows as it may have been, events above are never cleared; at worst a part
 * of the line is left there.
 */
static void on_resize(void *user)
{
	struct line_editor *p = user;
	int rows = 0, before = 0, now = 0, cells, up;

	pthread_mutex_lock(&the_lock);
	p->rl.rl_get_screen_size(&rows, &before);
	p->rl.rl_reset_screen_size();
	p->rl.rl_get_screen_size(&rows, &now);
	if (p->drawn && !p->dumb && before > 0 && now > 0) {
		cells = cells_before_cursor(p);
		up = MIN(cells / before, cells / now);
		fputc('\r', p->out);
		if (up)
			fprintf(p->out, "\033[%dA", up);
		fputs("\033[J", p->out);
		p->drawn = false;
		draw(p);
	}
	pthread_mutex_unlock(&the_lock);
}

/* Another has the terminal until it is ours again. */
static void leave(struct line_editor *p)
{
	p->away = p->wanted;
	if (p->away)
		loop_remove(p->config.loop, 0);
}

/* Ctrl-Z: stop as if the signal had not been caught, with the terminal as it was. */
static void on_stop(void *user)
{
	struct line_editor *p = user;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	pthread_mutex_lock(&the_lock);
	erase(p);
	if (!p->lent)
		p->rl.rl_deprep_terminal();
	leave(p);
	(void)raise(SIGTSTP);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* Stopped here. */
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	if (p->away)
		come_back(p);
	else if (!p->lent && in_foreground())
		p->rl.rl_prep_terminal(1);
	pthread_mutex_unlock(&the_lock);
}

/* Stopped and continued by others: who had the terminal meanwhile has changed its modes. */
static void on_continue(void *user)
{
	struct line_editor *p = user;

	pthread_mutex_lock(&the_lock);
	if (p->wanted && !p->away) {
		p->drawn = false;
		leave(p);
		come_back(p);
	}
	pthread_mutex_unlock(&the_lock);
}

void line_editor_lend(struct line_editor *p)
{
	pthread_mutex_lock(&the_lock);
	if (p) {
		erase(p);
		p->lent = true;
		p->rl.rl_deprep_terminal();
		fflush(p->out);
	}
	terminal_hold(true);
	pthread_mutex_unlock(&the_lock);
}

void line_editor_take_back(struct line_editor *p)
{
	pthread_mutex_lock(&the_lock);
	if (p && p->lent) {
		p->lent = false;
		if (in_foreground())
			p->rl.rl_prep_terminal(1);
		fflush(p->out);
	}
	terminal_hold(false);
	pthread_mutex_unlock(&the_lock);
}

static int on_tab(int count, int key)
{
	(void)count, (void)key;
	line_editor_complete(the);
	return 0;
}

static int on_question(int count, int key)
{
	(void)count;
	line_editor_hint(the, key);
	return 0;
}

/* The terminal stays as readline wants it from line to line: keys typed meanwhile are not lost. */
static void keep_terminal(void)
{
}

/* Where the prompt can be seen: data that goes to a file or a pipe stays clean. */
static FILE *open_output(void)
{
	_cleanup_close_ int fd = isatty(1)   ? fcntl(1, F_DUPFD_CLOEXEC, 3)
				 : isatty(2) ? fcntl(2, F_DUPFD_CLOEXEC, 3)
					     : open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (out)
		(void)steal_descriptor(&fd);
	return out;
}

static void set_up(struct line_editor *p)
{
	const struct readline *rl = &p->rl;

	*rl->rl_readline_name = p->config.tool;
	*rl->rl_instream = stdin;
	*rl->rl_outstream = p->out;
	*rl->rl_catch_signals = 0;
	*rl->rl_catch_sigwinch = 0;
	*rl->rl_change_environment = 0;
	*rl->rl_getc_function = on_getc;
	*rl->rl_input_available_hook = on_input_available;
	*rl->rl_deprep_term_function = keep_terminal;
	(void)rl->rl_initialize();
	(void)rl->rl_bind_key('\t', on_tab);
	(void)rl->rl_bind_key('?', on_question);
	p->dumb = !rl->rl_get_termcap("ce");
	rl->using_history();
	for (size_t i = 0; i < p->config.history->count; i++)
		rl->add_history(p->config.history->lines[i]);
	rl->stifle_history(HISTORY_LINES_MOST);
}

/* A crash, too, leaves the terminal as it was. */
static void arm_guard(const struct line_editor *p)
{
	static const char reset[] = "\033[?2004l\r"; /* bracketed paste */

	guard_begin(fileno(p->out), &p->modes, reset, p->dumb ? 0 : sizeof(reset) - 1, NULL, NULL);
}

static int catch_signals(struct line_editor *p)
{
	static const struct {
		int number;
		loop_fn call;
	} caught[] = {{SIGINT, on_interrupt},
		      {SIGWINCH, on_resize},
		      {SIGTSTP, on_stop},
		      {SIGCONT, on_continue}};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(caught) && r == 0; i++)
		r = loop_on_signal(p->config.loop, caught[i].number, caught[i].call, p);
	return r;
}

void line_editor_prepare(void)
{
	static const struct terminal_hooks hooks = {on_begin, on_end, NULL};

	terminal_set_hooks(&hooks);
}

int line_editor_open(const struct line_editor_config *config, struct line_editor **ret,
		     struct strbuf *why)
{
	struct line_editor *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->config = *config;
	p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	strbuf_printf(&p->text, "%s> ", config->tool);
	r = p->timer < 0 ? -errno : strbuf_error(&p->text);
	if (r == 0)
		r = readline_library_load(&p->rl, why);
	if (r == 0) {
		p->out = open_output();
		r = p->out && tcgetattr(0, &p->modes) == 0 ? 0 : -errno;
	}
	if (r == 0)
		r = loop_add(config->loop, p->timer, on_timer, p);
	if (r == 0)
		r = catch_signals(p);
	if (r < 0) {
		line_editor_close(p);
		return r;
	}
	the = p;
	set_up(p);
	arm_guard(p);
	*ret = p;
	return 0;
}

void line_editor_close(struct line_editor *p)
{
	static const int caught[] = {SIGINT, SIGWINCH, SIGTSTP, SIGCONT};

	/* The tool may end while an editor has the terminal. */
	pthread_mutex_lock(&the_lock);
	terminal_hold(false);
	pthread_mutex_unlock(&the_lock);
	if (!p)
		return;
	pthread_mutex_lock(&the_lock);
	if (the) {
		erase(p);
		if (p->installed)
			p->rl.rl_callback_handler_remove();
		if (!p->away && !p->lent)
			p->rl.rl_deprep_terminal();
		for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
			(void)loop_on_signal(p->config.loop, caught[i], NULL, NULL);
		loop_remove(p->config.loop, 0);
		loop_remove(p->config.loop, p->timer);
		guard_end();
	}
	the = NULL;
	pthread_mutex_unlock(&the_lock);
	if (p->out)
		fclose(p->out);
	if (p->timer >= 0)
		close(p->timer);
	strbuf_free(&p->text);
	strbuf_free(&p->input);
	free(p->line);
	free(p);
}
