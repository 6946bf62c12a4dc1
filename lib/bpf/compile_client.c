#include "bpf/compile_client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/file.h"
#include "base/text.h"
#include "bpf/compile_directory.h"
#include "bpf/image.h"

#define HELPER "oomtools-compile"
#define NOTE HELPER ": note: "
#define MESSAGES_MOST (16u << 20)
#define FLAGS_MOST 64

/*
 * The helper beside this program: ../libexec fits the build tree and an installation below one
 * prefix. Environment first, for tests and for a program that runs from elsewhere.
 */
static int find_helper(char path[static PATH_MAX])
{
	const char *given = secure_getenv("OOMTOOLS_COMPILE");
	ssize_t n;

	if (given && *given) {
		snprintf(path, PATH_MAX, "%s", given);
		return access(path, X_OK) < 0 ? -errno : 0;
	}
	n = readlink("/proc/self/exe", path, PATH_MAX - sizeof("/../libexec/" HELPER));
	if (n > 0) {
		path[n] = '\0';
		*strrchr(path, '/') = '\0';
		strcat(path, "/../libexec/" HELPER);
		if (access(path, X_OK) == 0)
			return 0;
	}
	snprintf(path, PATH_MAX, "%s", LIBEXECDIR "/" HELPER);
	return access(path, X_OK) < 0 ? -errno : 0;
}

static void put_identity(struct strbuf *out, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		strbuf_printf(out, "%s %lld %lld.%09ld\n", path, (long long)st.st_size,
			      (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

int compile_identity(struct strbuf *ret)
{
	char path[PATH_MAX];
	int r = find_helper(path);

	if (r < 0)
		return r;
	put_identity(ret, path);
	put_identity(ret, LIBBCC_LIBDIR "/libbcc.so.0");
	return strbuf_error(ret);
}

/* An unnamed file that holds the bytes, at its start. */
static int hold(const char *name, const void *bytes, size_t n)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = file_write_fd(fd, bytes, n);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

static void __attribute__((noreturn))
become(const char *path, char *const *argv, const int *fds, bool ahead)
{
	/* Ctrl-C at the terminal is not for one that nobody waits for yet. */
	if (ahead)
		setpgid(0, 0);
	/* The helper cleans up and ends when we do. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* We may be protected from the OOM killer; a compiler of 100 MiB must not be. */
	if (child_unprotect() < 0)
		_exit(127);
	child_default_signals();
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			_exit(127);
	execv(path, argv);
	_exit(127);
}

/* The helper at work, or waiting for its text. */
struct compiler {
	pid_t pid;  /* 0: it has ended, with STATUS */
	int status; /* what exit() was given, or 128 and the signal; or -errno */
	int ended;  /* a descriptor, readable when it has; -1: this kernel has none */
	int text;   /* a socket for it; -1: it has it */
	int output, messages;
	struct strbuf how; /* what it was started for */
	char *given;	   /* the text; NULL: it has none yet, or none was started ahead */
};

static void forget(struct compiler *c)
{
	const int fds[] = {c->ended, c->text, c->output, c->messages};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	strbuf_free(&c->how);
	free(c->given);
	free(c);
}

/* Wait for its end, and take its status. */
static int reap(struct compiler *c)
{
	int status;
	pid_t pid = c->pid;

	if (!pid)
		return c->status;
	c->pid = 0;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return c->status = -errno;
	c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	/* It could not clean up; its own child ends with it. */
	if (!WIFEXITED(status))
		compile_directory_sweep(pid);
	return c->status;
}

static bool has_ended(const struct compiler *c, int patience_ms)
{
	struct pollfd ended = {.fd = c->ended, .events = POLLIN};

	return !c->pid || (c->ended >= 0 && poll(&ended, 1, patience_ms) != 0);
}

static int wait_for_end(const struct compile_request *q, struct compiler *c)
{
	while (q->meanwhile && c->ended >= 0 && !has_ended(c, COMPILE_MEANWHILE_MS))
		q->meanwhile(q->meanwhile_data);
	return reap(c);
}

void compiler_end(struct compiler *c)
{
	if (!c)
		return;
	if (c->pid)
		kill(c->pid, SIGTERM);
	(void)reap(c);
	forget(c);
}

enum compiler_state compiler_state(struct compiler *c)
{
	if (!c || !c->given)
		return COMPILER_IDLE;
	if (!has_ended(c, 0))
		return COMPILER_AT_WORK;
	return reap(c) == 0 ? COMPILER_DONE : COMPILER_FAILED;
}

int compiler_ended_fd(const struct compiler *c)
{
	return c && c->given ? c->ended : -1;
}

/* The helper's own errors begin with the function or the map that is at fault: "NAME: ...". */
static void put_error(const struct source *source, const char *line, size_t n, struct strbuf *out)
{
	const char *start = line + (strncmp(line, "map ", 4) ? 0 : 4);
	_cleanup_strbuf_ struct strbuf text = {0};
	char name[IMAGE_NAME_SIZE];
	int used = 0;

	text_display(&text, line, n);
	strbuf_putc(&text, '\n');
	if (sscanf(start, "%127[A-Za-z0-9_]%n", name, &used) == 1 && start[used] == ':')
		source_blame(source, name, &text);
	strbuf_puts(out, strbuf_text(&text));
}

/* The helper's own lines, one way or the other, and the compiler's. */
static void sort_messages(const struct source *source, const char *text, bool failed,
			  struct strbuf *errors, struct strbuf *others)
{
	_cleanup_strbuf_ struct strbuf compiler = {0};
	bool own = false; /* the last line was an error of the helper's */

	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");
		size_t whole = n + (line[n] == '\n');
		bool note = !strncmp(line, NOTE, strlen(NOTE));
		size_t skip = note ? strlen(NOTE) : strlen(HELPER ": ");

		if (note || !strncmp(line, HELPER ": ", skip)) {
			own = !note;
			if (own) {
				put_error(source, line + skip, n - skip, errors);
			} else {
				text_display(others, line + skip, n - skip);
				strbuf_putc(others, '\n');
			}
		} else if (own && *line == ' ') {
			text_display(errors, line, n);
			strbuf_putc(errors, '\n');
		} else {
			own = false;
			strbuf_append(&compiler, line, whole);
		}
		line += whole;
	}
	source_messages(source, strbuf_text(&compiler), failed && !errors->length, errors, others);
}

/* What a compiler is started for; another request needs another one. */
static void put_how(const struct compile_request *q, const char *path, struct strbuf *out)
{
	strbuf_printf(out, "%s %s %s %s", path, q->tool, q->kernel_headers ? "headers" : "btf",
		      q->flags);
}

/* Start the helper, which will read TEXT. */
static int execute(const struct compile_request *q, const char *path, int text, bool ahead,
		   struct compiler *c)
{
	_cleanup_free_ char *flags = strdup(q->flags);
	char *argv[FLAGS_MOST + 8] = {(char *)(uintptr_t)HELPER};
	int n = 1;

	if (!flags)
		return -ENOMEM;
	argv[n++] = (char *)(uintptr_t) "-v";
	argv[n++] = (char *)(uintptr_t) "-o-";
	argv[n++] = (char *)(uintptr_t) "--name";
	argv[n++] = (char *)(uintptr_t)q->tool;
	if (q->kernel_headers)
		argv[n++] = (char *)(uintptr_t) "--kernel-headers";
	for (char *f = strtok(flags, " "); f; f = strtok(NULL, " ")) {
		if (n == FLAGS_MOST + 6)
			return -E2BIG;
		argv[n++] = f;
	}
	/* Where whoever started us ignores SIGCHLD, there would be nothing to wait for. */
	signal(SIGCHLD, SIG_DFL);
	c->pid = fork();
	if (c->pid == 0)
		become(path, argv, (const int[]){text, c->output, c->messages}, ahead);
	if (c->pid < 0)
		return -errno;
	c->ended = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return 0;
}

/* TEXT is the reading end of what is to be compiled. */
static int start(const struct compile_request *q, const char *path, int text, bool ahead,
		 struct compiler **ret)
{
	struct compiler *c = calloc(1, sizeof(*c));
	int r = -EMFILE;

	if (!c)
		return -ENOMEM;
	c->ended = c->text = -1;
	c->output = memfd_create("image", MFD_CLOEXEC);
	c->messages = memfd_create("messages", MFD_CLOEXEC);
	put_how(q, path, &c->how);
	if (text >= 0 && c->output >= 0 && c->messages >= 0)
		r = strbuf_error(&c->how);
	if (r == 0)
		r = execute(q, path, text, ahead, c);
	if (r < 0) {
		forget(c);
		return r;
	}
	*ret = c;
	return 0;
}

/* Start one that has the text at once. */
static int start_with_text(const struct compile_request *q, const char *path, bool ahead,
			   struct compiler **ret)
{
	_cleanup_close_ int text = hold("text", q->source.text, strlen(q->source.text));

	return text < 0 ? text : start(q, path, text, ahead, ret);
}

/* Start one that waits for it. */
static int start_waiting(const struct compile_request *q, const char *path, struct compiler **ret)
{
	_cleanup_close_ int theirs = -1;
	int ends[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	theirs = ends[1];
	r = start(q, path, theirs, true, ret);
	if (r < 0)
		close(ends[0]);
	else
		(*ret)->text = ends[0];
	return r;
}

static bool is_for(const struct compiler *c, const struct compile_request *q, const char *path)
{
	_cleanup_strbuf_ struct strbuf how = {0};

	put_how(q, path, &how);
	return how.data && !strcmp(how.data, strbuf_text(&c->how));
}

/* Does it compile, or has it compiled, just this? */
static bool is_at(const struct compiler *c, const struct compile_request *q, const char *path)
{
	return c->given && !strcmp(c->given, q->source.text) && is_for(c, q, path);
}

/* Give the text to one that waits; false: it will not do, as for a text too long for the socket. */
static bool feed(struct compiler *c, const struct compile_request *q, const char *path)
{
	size_t n = strlen(q->source.text);

	return !c->given && is_for(c, q, path) &&
	       send(c->text, q->source.text, n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n &&
	       shutdown(c->text, SHUT_WR) == 0;
}

int compile_ahead(const struct compile_request *q, struct compiler **c)
{
	_cleanup_free_ char *given = q->source.text ? strdup(q->source.text) : NULL;
	char path[PATH_MAX];
	int r = find_helper(path);

	if (r < 0 || (q->source.text && !given))
		return r < 0 ? r : -ENOMEM;
	if (*c && (given ? is_at(*c, q, path) : !(*c)->given && is_for(*c, q, path)))
		return 0;
	if (!*c || !given || !feed(*c, q, path)) {
		compiler_end(STEAL(*c));
		r = given ? start_with_text(q, path, true, c) : start_waiting(q, path, c);
	}
	if (r == 0)
		(*c)->given = STEAL(given);
	return r;
}

static int collect(int fd, size_t most, struct strbuf *out)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : file_read_fd(fd, most, out);
}

/* Did it fail for a reason of its own, not the compiler's? That may be over by now. */
static bool failed_itself(const struct compiler *c)
{
	_cleanup_strbuf_ struct strbuf said = {0};

	if (collect(c->messages, MESSAGES_MOST, &said) < 0)
		return true;
	for (const char *line = strbuf_text(&said); line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, HELPER ": ", strlen(HELPER ": ")) &&
		    strncmp(line, NOTE, strlen(NOTE)) != 0)
			return true;
	}
	return false;
}

/* The one that was started ahead has done it? Its exit status, or -1: it has not. */
static int run_ahead(const struct compile_request *q, const char *path, struct compiler **ret)
{
	struct compiler *c = q->ahead ? STEAL(*q->ahead) : NULL;
	bool had = c && is_at(c, q, path);
	int status;

	if (!c)
		return -1;
	if (!had && !feed(c, q, path)) {
		compiler_end(c);
		return -1;
	}
	status = wait_for_end(q, c);
	/* Ended by a signal: before it had the text, perhaps, as a thing that only waits. */
	if (status < 0 || status > 128 || (status > 0 && had && failed_itself(c))) {
		forget(c);
		return -1;
	}
	*ret = c;
	return status;
}

/* Run it to its end: its exit status, or -errno. */
static int run(const struct compile_request *q, const char *path, struct compiler **ret)
{
	int r = run_ahead(q, path, ret);

	if (r >= 0)
		return r;
	r = start_with_text(q, path, false, ret);
	return r < 0 ? r : wait_for_end(q, *ret);
}

/* What it has made, and said. */
static int take(const struct compile_request *q, struct compiler *c, int status,
		struct strbuf *image, struct strbuf *errors, struct strbuf *others)
{
	_cleanup_strbuf_ struct strbuf said = {0};
	int r = collect(c->messages, MESSAGES_MOST, &said);

	if (r < 0)
		return r;
	sort_messages(&q->source, strbuf_text(&said), status != 0, errors, others);
	return status == 0 ? collect(c->output, IMAGE_SIZE_MOST + 4096, image) : -ENOEXEC;
}

int compile_run(const struct compile_request *q, struct strbuf *image, struct strbuf *errors,
		struct strbuf *others)
{
	struct compiler *c = NULL;
	char path[PATH_MAX];
	int r = find_helper(path), status;

	if (r < 0) {
		strbuf_printf(errors,
			      "the compiler %s is not there (%s): install oomtools whole, "
			      "or run an image made elsewhere (--image)\n",
			      path, strerror(-r));
		return -ENOPKG;
	}
	status = run(q, path, &c);
	r = status < 0 ? status : take(q, c, status, image, errors, others);
	if (c)
		forget(c);
	if (status > 128)
		strbuf_printf(errors, "the compiler %s was ended by signal %d (%s)\n", path,
			      status - 128, strsignal(status - 128));
	else if (status > 0 && !errors->length)
		strbuf_printf(errors, "%s ended with status %d and no message\n", path, status);
	return r;
}
