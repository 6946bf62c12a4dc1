/*
 * diff: by the diff(1) that every Debian system has; the texts are handed over in memory. It has
 * twenty years of care for what is a good hunk, and nothing here needs it fast.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/file.h"
#include "base/text.h"
#include "session/session_internal.h"

#define DIFF_MOST (8u << 20)

/* An unnamed file that holds the text. */
static int hold(const char *text)
{
	int fd = memfd_create("text", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : file_write_fd(fd, text, strlen(text));

	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

struct side {
	const char *label, *text;
	int fd;
};

static void __attribute__((noreturn)) become(const struct side *a, const struct side *b, int output)
{
	char paths[2][24];
	int null = open("/dev/null", O_RDWR);

	(void)child_unprotect();
	child_default_signals();
	/* Low numbers that stay open; theirs may be among these. */
	int from = fcntl(a->fd, F_DUPFD, 10), to = fcntl(b->fd, F_DUPFD, 10);

	if (null < 0 || from < 0 || to < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 ||
	    dup2(output, 2) < 0)
		_exit(127);
	snprintf(paths[0], sizeof(paths[0]), "/dev/fd/%d", from);
	snprintf(paths[1], sizeof(paths[1]), "/dev/fd/%d", to);
	execlp("diff", "diff", "-u", "-L", a->label, "-L", b->label, paths[0], paths[1],
	       (char *)NULL);
	_exit(127);
}

/* 0: they are the same, 1: they differ; -errno. */
static int run_diff(const struct side *a, const struct side *b, struct strbuf *ret)
{
	_cleanup_close_ int output = memfd_create("diff", MFD_CLOEXEC);
	int status, r;
	pid_t pid;

	if (output < 0)
		return -errno;
	signal(SIGCHLD, SIG_DFL);
	pid = fork();
	if (pid == 0)
		become(a, b, output);
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (lseek(output, 0, SEEK_SET) < 0)
		return -errno;
	r = file_read_fd(output, DIFF_MOST, ret);
	if (r == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOPKG;
	if (r == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) > 1))
		return -EIO;
	return r < 0 ? r : WEXITSTATUS(status);
}

/* Tabs and newlines as they are, all else harmless. */
static void put_harmless(struct strbuf *out, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\t\n");

		text_display(out, text, n);
		text += n;
		if (*text)
			strbuf_putc(out, *text++);
	}
}

static int compare(struct side *a, struct side *b, struct command_call *call)
{
	_cleanup_strbuf_ struct strbuf output = {0};
	int r;

	a->fd = hold(a->text);
	b->fd = hold(b->text);
	r = MIN(a->fd, b->fd);
	if (r >= 0)
		r = run_diff(a, b, &output);
	if (a->fd >= 0)
		close(a->fd);
	if (b->fd >= 0)
		close(b->fd);
	if (r == -ENOPKG)
		strbuf_puts(call->why, "there is no diff here: apt install diffutils");
	else if (r < 0)
		strbuf_printf(call->why, "diff failed: %s",
			      output.length ? output.data : strerror(-r));
	else if (r == 0)
		strbuf_printf(call->out, "%s and %s are the same\n", a->label, b->label);
	else
		put_harmless(call->out, strbuf_text(&output));
	return MIN(r, 0);
}

int session_diff(struct command_call *call)
{
	const struct session *s = call->user;
	const struct probe_text *running = texts_running(&s->texts);
	struct side a = {"built-in", s->config.tool->built_in, -1};
	struct side b = {"running", strbuf_text(&running->text), -1};

	if (call->n_words && strcmp(call->words[0], "draft")) {
		strbuf_puts(call->why, "diff, or diff draft");
		return -EINVAL;
	}
	if (call->n_words && !texts_has_draft(&s->texts)) {
		strbuf_puts(call->why, "there is no draft: 'edit' or 'load FILE' makes one");
		return -ENOENT;
	}
	if (call->n_words) {
		a = b;
		b = (struct side){"draft", strbuf_text(&s->texts.draft.text), -1};
	}
	if (!running->text.length) {
		strbuf_puts(call->why, "an image runs: its text is not known");
		return -ENOENT;
	}
	return compare(&a, &b, call);
}
