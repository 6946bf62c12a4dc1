#include "app/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/file.h"

#define MAX_TEXT (1 << 20)
#define MAX_EDITOR_WORDS 16

static const char *editor_command(void)
{
	const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR");

	return visual && *visual ? visual : editor && *editor ? editor : "vi";
}

/* Run the editor on the file, without a shell: the words of its command, then the path. */
static int run_editor(const char *path, struct strbuf *why)
{
	_cleanup_free_ char *command = strdup(editor_command());
	char *words[MAX_EDITOR_WORDS + 2], *rest = NULL;
	size_t n = 0;
	int status;
	pid_t pid;

	if (!command)
		return -ENOMEM;
	for (char *w = strtok_r(command, " \t", &rest); w && n < MAX_EDITOR_WORDS;
	     w = strtok_r(NULL, " \t", &rest))
		words[n++] = w;
	words[n] = (char *)path;
	words[n + 1] = NULL;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		execvp(words[0], words);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	strbuf_printf(why, "the editor '%s' failed%s; set EDITOR to one that is installed",
		      editor_command(),
		      WIFEXITED(status) && WEXITSTATUS(status) == 127 ? " to start" : "");
	return -ECHILD;
}

/* Edit TEXT in a 0600 file below a 0700 directory; both are gone afterwards. */
static int edit(const char *name, struct strbuf *text, struct strbuf *why)
{
	char dir[] = "/tmp/oomtools-edit.XXXXXX";
	char path[sizeof(dir) + 64];
	int fd, r;

	if (!mkdtemp(dir))
		return -errno;
	snprintf(path, sizeof(path), "%s/%.40s.bpf.c", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : file_write_fd(fd, strbuf_text(text), text->length);
	if (fd >= 0)
		close(fd);
	if (r == 0)
		r = run_editor(path, why);
	if (r == 0) {
		strbuf_reset(text);
		r = file_read(path, MAX_TEXT, text);
	}
	unlink(path);
	rmdir(dir);
	return r;
}

int probe_text(const struct common_options *common, const char *name, const char *built_in,
	       struct strbuf *text, struct strbuf *why)
{
	int r = 0;

	if (!common->probe) {
		strbuf_puts(text, built_in);
		r = strbuf_error(text);
	} else {
		r = file_read(common->probe, MAX_TEXT, text);
		if (r < 0)
			strbuf_printf(why, "cannot read %s: %s", common->probe, strerror(-r));
		else if (!text->length || strlen(strbuf_text(text)) != text->length)
			r = -EINVAL;
		if (r == -EINVAL)
			strbuf_printf(why, "%s is not a BPF text: %s", common->probe,
				      text->length ? "it holds NUL bytes" : "it is empty");
	}
	if (r == 0 && common->edit)
		r = edit(name, text, why);
	if (r < 0 && !why->length)
		strbuf_puts(why, strerror(-r));
	return r;
}
