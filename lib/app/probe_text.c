#include "app/probe_text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/trust.h"
#include "base/file.h"
#include "base/text.h"

#define WORD_MOST 64

/* What makes a first comment a heading, behind tool and version. */
static const char title[] = ": the text of its BPF probe.";

void probe_text_put(const char *tool, const char *text, struct strbuf *out)
{
	strbuf_printf(out,
		      "/* %s " PACKAGE_VERSION "%s Run it by: %s --probe FILE; in its console: "
		      "load FILE, apply */\n",
		      tool, title, tool);
	strbuf_puts(out, text);
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

/* The word at P, up to END, made harmless; NULL: there is none that could be meant. */
static const char *take_word(const char *p, const char *end, char ret[WORD_MOST])
{
	size_t n = 0;

	p = skip_blanks(p, end);
	while (p < end && (isalnum((unsigned char)*p) || strchr("._+~-", *p)) && n < WORD_MOST - 1)
		ret[n++] = *p++;
	ret[n] = '\0';
	return n ? p : NULL;
}

/* Bytes of the heading, 0 if there is none: tool and version are told. */
static size_t find_heading(const char *text, size_t n, char tool[WORD_MOST],
			   char version[WORD_MOST])
{
	const char *newline = memchr(text, '\n', n), *end = newline ? newline : text + n, *p,
		   *close;

	if (n < 3 || strncmp(text, "/*", 2))
		return 0;
	p = take_word(text + 2, end, tool);
	p = p ? take_word(p, end, version) : NULL;
	if (!p || (size_t)(end - p) < strlen(title) || strncmp(p, title, strlen(title))) {
		*tool = '\0';
		return 0;
	}
	close = memmem(p, (size_t)(end - p), "*/", 2);
	/* Anything else in that line belongs to the text: then it stays whole. */
	if (!close || !newline)
		return 0;
	for (p = close + 2; p < newline; p++)
		if (!isspace((unsigned char)*p))
			return 0;
	return (size_t)(newline + 1 - text);
}

static void warn_of_origin(const char *name, const char *wanted, const char *tool,
			   const char *version, struct strbuf *warning)
{
	if (!*tool || !*version)
		return;
	if (strcmp(tool, wanted))
		strbuf_printf(warning,
			      "%s says that it is for %s, not for %s: what it sends may not be "
			      "understood",
			      name, tool, wanted);
	else if (strcmp(version, PACKAGE_VERSION))
		strbuf_printf(warning,
			      "%s says that it is for %s %s, this is " PACKAGE_VERSION
			      ": if it does not run, begin anew with --ebpf",
			      name, tool, version);
}

/* Some editors begin a text in UTF-8 with a mark, which in C is a stray character. */
static size_t mark_size(const char *bytes, size_t n)
{
	static const char mark[] = "\xef\xbb\xbf";

	return n >= strlen(mark) && !memcmp(bytes, mark, strlen(mark)) ? strlen(mark) : 0;
}

int probe_text_make(const char *bytes, size_t n, const char *name, const char *tool,
		    struct probe_text *ret, struct strbuf *why, struct strbuf *warning)
{
	const size_t mark = mark_size(bytes, n);
	char from[WORD_MOST] = "", version[WORD_MOST] = "";
	size_t heading = find_heading(bytes += mark, n -= mark, from, version);
	const char *problem = n == heading	       ? "it is empty"
			      : n > PROBE_TEXT_MOST    ? "it is larger than 1 MiB"
			      : memchr(bytes, '\0', n) ? "it holds NUL bytes"
						       : NULL;
	struct probe_text made = {0};

	if (problem) {
		strbuf_printf(why, "%s is not a BPF text: %s", name, problem);
		return -EINVAL;
	}
	warn_of_origin(name, tool, from, version, warning);
	made.name = strdup(name);
	strbuf_append(&made.text, bytes + heading, n - heading);
	if (!made.name || strbuf_error(&made.text) < 0) {
		probe_text_free(&made);
		return -ENOMEM;
	}
	made.lines[0] = (struct text_line){1, made.name, heading ? 2 : 1};
	*ret = made;
	return 0;
}

/* Not opened before it is known what it is: opening a device or a pipe does things. */
static int open_regular(const char *path, struct strbuf *why)
{
	_cleanup_close_ int place = open(path, O_PATH | O_CLOEXEC);
	char link[32];
	struct stat st;
	int fd;

	if (place < 0 || fstat(place, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		strbuf_printf(why, "%s is %s, not a file with a BPF text%s", path,
			      S_ISDIR(st.st_mode)    ? "a folder"
			      : S_ISFIFO(st.st_mode) ? "a pipe"
						     : "a device or a socket",
			      S_ISFIFO(st.st_mode) ? "; standard input is read by '-'" : "");
		return -EINVAL;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	fd = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

static int check_trust(const char *path, int fd, const char *force_word, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf reason = {0};
	int r = trust_file(path, fd, &reason);

	if (r == 0)
		return 0;
	strbuf_printf(why,
		      "%s is not run: %s. What stands there would run in the kernel: mend that "
		      "(chown, chmod go-w), or copy it to a place of your own, or run it all the "
		      "same with %s",
		      path, reason.length ? strbuf_text(&reason) : strerror(-r), force_word);
	return -EACCES;
}

int probe_text_read(const char *path, bool force, const char *force_word, const char *tool,
		    struct probe_text *ret, struct strbuf *why, struct strbuf *warning)
{
	bool standard = !strcmp(path, "-");
	_cleanup_close_ int fd = standard ? fcntl(0, F_DUPFD_CLOEXEC, 3) : open_regular(path, why);
	_cleanup_strbuf_ struct strbuf bytes = {0};
	const char *name = standard ? "standard input" : path;
	int r = standard && fd < 0 ? -errno : MIN(fd, 0);

	if (r == 0 && !force && !standard)
		r = check_trust(path, fd, force_word, why);
	if (r == 0)
		r = file_read_fd(fd, PROBE_TEXT_MOST, &bytes);
	if (r == -EFBIG)
		strbuf_printf(why, "%s is not a BPF text: it is larger than 1 MiB", name);
	if (r == 0)
		r = probe_text_make(strbuf_text(&bytes), bytes.length, name, tool, ret, why,
				    warning);
	if (r < 0 && !why->length)
		strbuf_printf(why, "cannot read %s: %s", name, strerror(-r));
	return r;
}

unsigned int probe_text_heading(const struct probe_text *text)
{
	return text->name ? text->lines[0].line - 1 : 0;
}

struct source probe_text_source(const struct probe_text *text)
{
	return (struct source){
		.text = strbuf_text(&text->text), .lines = text->lines, .file = text->name};
}

void probe_text_free(struct probe_text *text)
{
	strbuf_free(&text->text);
	free(text->name);
	*text = (struct probe_text){0};
}
