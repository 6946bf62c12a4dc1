#include "app/editor.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

#include "app/editor_command.h"
#include "app/probe_text.h"
#include "app/trust.h"
#include "base/child.h"
#include "base/file.h"

#define PATIENCE_MS 3000

struct editor {
	struct editor_command command;
	char *folder, *path; /* NULL: not made */
	pid_t pid;	     /* 0: it has ended, or was not started */
	int pidfd;
	int status;   /* of wait, once it has ended */
	int terminal; /* a descriptor, -1: there is none; else ATTRIBUTES are to be restored */
	bool own_group;
	struct termios attributes;
	struct stat seen; /* the file as we wrote it, or read it last */
};

/* ---- the private file ---- */

static int make_folder(const char *parent, char **ret)
{
	char *path;

	if (!parent || *parent != '/' || !trust_folder(parent))
		return -ENOENT;
	if (asprintf(&path, "%s/oomtools-edit.XXXXXX", parent) < 0)
		return -ENOMEM;
	if (!mkdtemp(path)) {
		int r = -errno;

		free(path);
		return r;
	}
	*ret = path;
	return 0;
}

/* XDG_RUNTIME_DIR is for its owner alone, or it is not what it is said to be. */
static const char *runtime_folder(void)
{
	const char *path = secure_getenv("XDG_RUNTIME_DIR");
	struct stat st;

	return path && stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
			       !(st.st_mode & (S_IRWXG | S_IRWXO))
		       ? path
		       : NULL;
}

static int make_file(struct editor *e, const char *tool, const char *text, struct strbuf *why)
{
	const char *const parents[] = {runtime_folder(), secure_getenv("TMPDIR"), "/tmp"};
	_cleanup_close_ int fd = -1;
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(parents) && r < 0; i++)
		r = make_folder(parents[i], &e->folder);
	if (r == 0 && asprintf(&e->path, "%s/%.40s.bpf.c", e->folder, tool) < 0)
		r = -ENOMEM;
	if (r == 0) {
		fd = open(e->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		r = fd < 0 ? -errno : file_write_fd(fd, text, strlen(text));
	}
	if (r == 0 && fstat(fd, &e->seen) < 0)
		r = -errno;
	if (r < 0)
		strbuf_printf(why,
			      "there is no place for the editor's private file (%s): name a folder "
			      "of your own by TMPDIR",
			      strerror(-r));
	return r;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)at;
	/* Where one does not go, the others are still to. */
	(void)(kind == FTW_DP ? rmdir(path) : unlink(path));
	return 0;
}

static void remove_folder(struct editor *e)
{
	if (e->folder)
		nftw(e->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	free(STEAL(e->folder));
	free(STEAL(e->path));
}

/* ---- the terminal ---- */

/* To GROUP, from one in the background, too; with ATTRIBUTES unless NULL. */
static void pass_terminal(const struct editor *e, pid_t group, const struct termios *attributes)
{
	sigset_t set, before;

	if (e->terminal < 0)
		return;
	sigemptyset(&set);
	sigaddset(&set, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	if (e->own_group)
		(void)tcsetpgrp(e->terminal, group);
	if (attributes)
		(void)tcsetattr(e->terminal, TCSADRAIN, attributes);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Only if it is ours to give: a tool in the background has none. */
static void find_terminal(struct editor *e)
{
	e->terminal = -1;
	if (tcgetpgrp(0) == getpgrp() && tcgetattr(0, &e->attributes) == 0)
		e->terminal = 0;
}

/* ---- the process ---- */

/* "vi" without a terminal would wait for keys for ever; "vim -es -c ..." knows what it does. */
static int check_terminal(const struct editor *e, const char *path, struct strbuf *why)
{
	const char *editor = e->command.words[0];
	bool bare = e->command.words[1] == e->command.line || e->command.words[1] == path;

	if (e->terminal >= 0 || isatty(0) || isatty(2) || !bare || !editor_is_known(editor))
		return 0;
	strbuf_printf(why,
		      "the editor '%s' needs a terminal, and there is none here: load a file that "
		      "was edited before, or set EDITOR to a program that needs none",
		      editor);
	return -ENOTTY;
}

/* Without a terminal: what stands in standard input is for the tool, commands of a script mostly.
 */
static void take_no_input(void)
{
	int null = open("/dev/null", O_RDONLY);

	if (null > 0) {
		(void)dup2(null, 0);
		close(null);
	}
}

static void __attribute__((noreturn)) become(const struct editor *e, int report)
{
	int error;

	if (e->own_group)
		setpgid(0, 0);
	(void)child_unprotect();
	pass_terminal(e, getpgrp(), NULL);
	if (e->terminal < 0)
		take_no_input();
	child_default_signals();
	execvp(e->command.words[0], e->command.words);
	error = errno;
	(void)!write(report, &error, sizeof(error));
	_exit(127);
}

static int start(struct editor *e)
{
	int report[2], error = 0;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	/* Where whoever started us ignores SIGCHLD, there would be no status. */
	signal(SIGCHLD, SIG_DFL);
	pid = fork();
	if (pid == 0)
		become(e, report[1]);
	if (pid < 0)
		error = errno;
	close(report[1]);
	if (pid > 0) {
		if (e->own_group)
			(void)setpgid(pid, pid);
		while (read(report[0], &error, sizeof(error)) < 0 && errno == EINTR)
			;
	}
	close(report[0]);
	if (pid > 0 && error)
		waitpid(pid, NULL, 0);
	if (error)
		return -error;
	e->pid = pid;
	e->pidfd = pidfd_open(pid, 0);
	return e->pidfd < 0 ? -errno : 0;
}

int editor_start(const char *tool, const char *text, unsigned int line, bool own_group,
		 struct editor **ret, struct strbuf *why)
{
	struct editor *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return -ENOMEM;
	e->pidfd = -1;
	e->own_group = own_group;
	find_terminal(e);
	r = make_file(e, tool, text, why);
	if (r == 0)
		r = editor_command_make(line, e->path, &e->command, why);
	if (r == 0)
		r = check_terminal(e, e->path, why);
	if (r == 0) {
		r = start(e);
		if (r < 0)
			strbuf_printf(why,
				      "the editor '%s' does not start: %s; set EDITOR to one that "
				      "is installed",
				      e->command.words[0], strerror(-r));
	}
	if (r < 0) {
		editor_close(e);
		return r;
	}
	*ret = e;
	return 0;
}

int editor_fd(const struct editor *e)
{
	return e->pidfd;
}

bool editor_has_ended(const struct editor *e)
{
	struct pollfd p = {.fd = e->pidfd, .events = POLLIN};

	return !e->pid || poll(&p, 1, 0) > 0;
}

void editor_poke(struct editor *e)
{
	siginfo_t info = {0};

	if (!e->pid || waitid(P_PIDFD, (id_t)e->pidfd, &info, WSTOPPED | WNOHANG) < 0 ||
	    !info.si_pid)
		return;
	pass_terminal(e, e->pid, NULL);
	(void)kill(e->own_group ? -e->pid : e->pid, SIGCONT);
}

/* Take its status; false: it runs still. */
static bool reap(struct editor *e, int patience_ms)
{
	struct pollfd p = {.fd = e->pidfd, .events = POLLIN};

	if (!e->pid)
		return true;
	if (poll(&p, 1, patience_ms) <= 0 || waitpid(e->pid, &e->status, 0) < 0)
		return false;
	e->pid = 0;
	/* As it was before: an editor that was killed leaves it as it had it. */
	pass_terminal(e, getpgrp(), &e->attributes);
	return true;
}

static void end(struct editor *e)
{
	int target = e->own_group ? -e->pid : e->pid;

	if (!e->pid)
		return;
	kill(target, SIGTERM);
	kill(target, SIGCONT);
	if (reap(e, PATIENCE_MS))
		return;
	kill(target, SIGKILL);
	(void)reap(e, PATIENCE_MS);
}

/* Those that would end us; whoever started us may have had one ignored (nohup). */
static void ending_signals(sigset_t *ret)
{
	static const int all[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};
	struct sigaction present;

	sigemptyset(ret);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (sigaction(all[i], NULL, &present) == 0 && present.sa_handler != SIG_IGN)
			sigaddset(ret, all[i]);
}

/* The signal that came first, 0: it has ended by itself. Ctrl-C is the editor's. */
static int wait_or_signal(struct editor *e, int signals)
{
	struct signalfd_siginfo info;

	for (;;) {
		struct pollfd p[] = {{.fd = e->pidfd, .events = POLLIN},
				     {.fd = signals, .events = POLLIN}};

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return 0;
		if (p[0].revents)
			return 0;
		if (p[1].revents && read(signals, &info, sizeof(info)) == sizeof(info) &&
		    info.ssi_signo != SIGINT && info.ssi_signo != SIGQUIT)
			return (int)info.ssi_signo;
	}
}

int editor_wait(struct editor *e, struct strbuf *why)
{
	_cleanup_close_ int signals = -1;
	sigset_t set, before;
	int got;

	ending_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	got = signals < 0 ? 0 : wait_or_signal(e, signals);
	if (got) {
		end(e);
		remove_folder(e);
		strbuf_printf(why, "ended by signal %d (%s)", got, strsignal(got));
		raise(got);
	} else {
		(void)reap(e, -1);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return got ? -EINTR : 0;
}

static int read_back(const struct editor *e, struct strbuf *text, struct strbuf *why)
{
	_cleanup_close_ int fd = open(e->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	int r = fd < 0 ? -errno : 0;

	if (r == 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))
		r = -EINVAL;
	if (r == 0)
		r = file_read_fd(fd, PROBE_TEXT_MOST, text);
	if (r == -ENOENT)
		strbuf_puts(why, "the editor has left no file: the text is as it was");
	else if (r == -EFBIG)
		strbuf_puts(why, "the edited text is larger than 1 MiB: the text is as it was");
	else if (r < 0)
		strbuf_printf(why,
			      "what the editor has left cannot be read (%s): the text is as it was",
			      r == -EINVAL ? "it is no file" : strerror(-r));
	return r;
}

/* Many editors write another file and give it the name. */
static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool editor_saved(struct editor *e, struct strbuf *text)
{
	_cleanup_strbuf_ struct strbuf unheard = {0};
	struct stat st;

	if (stat(e->path, &st) < 0 || is_same(&st, &e->seen))
		return false;
	e->seen = st;
	return read_back(e, text, &unheard) == 0;
}

int editor_result(struct editor *e, struct strbuf *text, struct strbuf *why)
{
	if (WIFEXITED(e->status) && WEXITSTATUS(e->status) == 0)
		return read_back(e, text, why);
	if (WIFSIGNALED(e->status))
		strbuf_printf(
			why, "the editor '%s' was ended by signal %d (%s): the text is as it was",
			e->command.words[0], WTERMSIG(e->status), strsignal(WTERMSIG(e->status)));
	else
		strbuf_printf(why, "the editor '%s' ended with status %d%s: the text is as it was",
			      e->command.words[0], WEXITSTATUS(e->status),
			      e->terminal < 0 ? " (there is no terminal for it here)" : "");
	return -ECHILD;
}

void editor_close(struct editor *e)
{
	if (!e)
		return;
	end(e);
	remove_folder(e);
	editor_command_free(&e->command);
	if (e->pidfd >= 0)
		close(e->pidfd);
	free(e);
}
