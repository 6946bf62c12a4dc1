#include "screen/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>

#include "app/guard.h"
#include "screen/screen_internal.h"

#include <term.h>

/* How long a terminal may take for the rest of an arrow key, which begins like Escape. */
#define ESCAPE_MS 50

void screen_measure(struct screen *s)
{
	struct winsize size;

	if (ioctl(fileno(s->out), TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col &&
	    is_term_resized(size.ws_row, size.ws_col))
		(void)resizeterm(size.ws_row, size.ws_col);
}

/* Signals that curses has handlers for come by signalfd instead, as everywhere in the tools. */
static sigset_t wanted_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGCONT);
	return set;
}

int screen_block_signals(void)
{
	sigset_t set = wanted_signals();

	return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

static void unblock_signals(void)
{
	sigset_t set = wanted_signals();

	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int take_signals(struct screen *s)
{
	sigset_t set = wanted_signals();
	int r = screen_block_signals();

	if (r < 0)
		return r;
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? -errno : 0;
}

static void come_back(struct screen *s)
{
	(void)endwin();
	screen_forget(s);
	s->config.on_redraw(s->config.user);
}

/* Ctrl-Z: stop as a program without a full screen does, once the terminal is as it was. */
static void stop_here(struct screen *s)
{
	sigset_t set;

	(void)endwin();
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	(void)raise(SIGTSTP);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* Here it stops. */
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	come_back(s);
}

static void on_signal(void *user)
{
	struct screen *s = user;
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTSTP)
			stop_here(s);
		else if (info.ssi_signo == SIGCONT)
			come_back(s);
		else
			s->config.on_redraw(s->config.user);
	}
}

static int key_of_code(wint_t code)
{
	static const struct {
		wint_t code;
		int key;
	} keys[] = {
		{KEY_UP, SCREEN_UP},	     {KEY_DOWN, SCREEN_DOWN},
		{KEY_LEFT, SCREEN_LEFT},     {KEY_RIGHT, SCREEN_RIGHT},
		{KEY_PPAGE, SCREEN_PAGE_UP}, {KEY_NPAGE, SCREEN_PAGE_DOWN},
		{KEY_HOME, SCREEN_HOME},     {KEY_FIND, SCREEN_HOME},
		{KEY_END, SCREEN_END},	     {KEY_SELECT, SCREEN_END},
		{KEY_DC, SCREEN_DELETE},     {KEY_BACKSPACE, SCREEN_BACKSPACE},
		{KEY_ENTER, SCREEN_ENTER},
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].code == code)
			return keys[i].key;
	if (code >= (wint_t)KEY_F(1) && code <= (wint_t)KEY_F(10))
		return SCREEN_F1 + (int)(code - (wint_t)KEY_F(1));
	return SCREEN_UNKNOWN;
}

static void on_readable(void *user)
{
	struct screen *s = user;
	struct pollfd gone = {.fd = fileno(s->in)};
	wint_t code;
	int kind;

	if (poll(&gone, 1, 0) > 0 && gone.revents & (POLLHUP | POLLERR)) {
		loop_stop(s->config.loop, 0);
		return;
	}
	while ((kind = get_wch(&code)) != ERR) {
		if (kind == KEY_CODE_YES && code == KEY_RESIZE)
			continue;
		if (kind == KEY_CODE_YES)
			s->config.on_key(s->config.user, key_of_code(code));
		else if (code == '\r')
			s->config.on_key(s->config.user, SCREEN_ENTER);
		else
			s->config.on_key(s->config.user, code == 8 ? SCREEN_BACKSPACE : (int)code);
	}
}

/* Can the terminal do it? Else say why. */
static int check_terminal(int fd, struct strbuf *why)
{
	const char *name = getenv("TERM"), *cup;
	int error;

	if (!name || !*name) {
		strbuf_puts(why, "TERM is not set");
		return -ENOTSUP;
	}
	if (setupterm(NULL, fd, &error) == ERR) {
		strbuf_printf(why, "nothing is known of a terminal named '%s' (TERM)", name);
		return -ENOTSUP;
	}
	cup = tigetstr("cup");
	if (!cup || cup == (char *)-1) {
		strbuf_printf(why, "a terminal named '%s' (TERM) cannot place the cursor", name);
		(void)del_curterm(cur_term);
		return -ENOTSUP;
	}
	(void)del_curterm(cur_term);
	return 0;
}

static char reset_bytes[GUARD_MOST];
static size_t reset_length;

static int keep_byte(int c)
{
	if (reset_length < sizeof(reset_bytes))
		reset_bytes[reset_length++] = (char)c;
	return c;
}

static void on_guard(void *user)
{
	caught_end(user);
}

/* What endwin() would send: for the guard, which may not call it. */
static void arm_guard(struct screen *s)
{
	static const char *const names[] = {"sgr0", "cnorm", "rmkx", "rmcup"};

	reset_length = 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *text = tigetstr(names[i]);

		if (text && text != (char *)-1)
			(void)tputs(text, 1, keep_byte);
	}
	guard_begin(fileno(s->out), &s->modes, reset_bytes, reset_length, on_guard, &s->caught);
}

static void set_colors(struct screen *s)
{
	const char *no = getenv("NO_COLOR");

	s->colors = has_colors() && !(no && *no) && start_color() == OK;
	if (!s->colors)
		return;
	(void)use_default_colors();
	(void)init_pair(1, COLOR_BLACK, COLOR_GREEN); /* heads */
	(void)init_pair(2, COLOR_BLACK, COLOR_CYAN);  /* what is picked */
	(void)init_pair(3, COLOR_RED, -1);	      /* warnings */
	(void)init_pair(4, COLOR_CYAN, -1);	      /* titles */
}

static int start_curses(struct screen *s)
{
	/* newterm() puts handlers in, where there are none. Ours is another way. */
	static const int numbers[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
	struct sigaction before[ARRAY_SIZE(numbers)];

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		(void)sigaction(numbers[i], NULL, &before[i]);
	s->curses = newterm(NULL, s->out, s->in);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		(void)sigaction(numbers[i], &before[i], NULL);
	if (!s->curses)
		return -ENOTSUP;
	(void)cbreak();
	(void)noecho();
	(void)nonl();
	(void)keypad(stdscr, true);
	(void)nodelay(stdscr, true);
	(void)intrflush(stdscr, false);
	(void)set_escdelay(ESCAPE_MS);
	(void)curs_set(0);
	set_colors(s);
	screen_measure(s);
	return 0;
}

/* Descriptors of our own, so that stdio's buffers of stdin and stdout stay out of it. */
static FILE *open_copy(int fd, const char *mode)
{
	int copy = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
	FILE *file = copy >= 0 ? fdopen(copy, mode) : NULL;

	if (!file && copy >= 0)
		close(copy);
	return file;
}

static int open_files(struct screen *s, struct strbuf *why)
{
	_cleanup_close_ int tty = isatty(0) ? -1 : open("/dev/tty", O_RDONLY | O_CLOEXEC);

	s->out = open_copy(1, "w");
	s->in = open_copy(isatty(0) ? 0 : tty, "r");
	if (!s->out || tcgetattr(fileno(s->out), &s->modes) < 0)
		return -errno;
	if (s->in)
		return 0;
	strbuf_puts(why, "stdin is not a terminal, where keys would come from");
	return -ENOTSUP;
}

static int open_screen(struct screen *s, struct strbuf *why)
{
	int r = check_terminal(1, why);

	if (r == 0)
		r = open_files(s, why);
	if (r == 0)
		r = take_signals(s);
	if (r == 0)
		r = start_curses(s);
	if (r < 0)
		return r;
	r = caught_begin(&s->caught);
	arm_guard(s);
	if (r == 0)
		r = loop_add(s->config.loop, fileno(s->in), on_readable, s);
	if (r == 0)
		r = loop_add(s->config.loop, s->signals, on_signal, s);
	return r;
}

int screen_open(const struct screen_config *config, struct screen **ret, struct strbuf *why)
{
	struct screen *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->config = *config;
	s->signals = -1;
	s->caught.real = -1;
	/* Of the locale only what its characters are: numbers stay as they are everywhere. */
	(void)setlocale(LC_CTYPE, "");
	s->plain = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	r = open_screen(s, why);
	if (r < 0) {
		screen_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void screen_close(struct screen *s)
{
	if (!s)
		return;
	if (s->curses) {
		(void)endwin();
		guard_end();
		delscreen(s->curses);
	}
	caught_end(&s->caught);
	unblock_signals();
	if (s->signals >= 0)
		close(s->signals);
	if (s->in)
		(void)fclose(s->in);
	if (s->out)
		(void)fclose(s->out);
	free(s);
}

void screen_closep(struct screen **s)
{
	screen_close(*s);
}

void screen_forget(struct screen *s)
{
	(void)s;
	(void)clearok(curscr, true);
}

bool screen_news(struct screen *s, struct strbuf *line)
{
	return caught_news(&s->caught, line);
}
