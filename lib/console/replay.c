#include "console/replay.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "app/tool.h"

#define COMPLAINTS_MOST 20 /* lines that are told of one by one; the others are counted */

struct replay {
	struct replay_config config;
	struct line_reader *reader;
	char *name;	     /* of the file, for messages */
	uint64_t lines, bad; /* BAD of LINES are none of ours */
	int cannot_read;     /* -errno */
};

static void replay_free(struct replay *r)
{
	line_reader_close(r->reader);
	free(r->name);
	free(r);
}

static int open_reader(struct replay *r, const char *path, bool waits, struct strbuf *why)
{
	int error = waits ? line_reader_open(path, &r->reader)
			  : line_reader_open_regular(path, &r->reader);

	if (error < 0) {
		strbuf_printf(why, "cannot read %s: %s", r->name,
			      error == -ESPIPE ? "it is not a regular file" : strerror(-error));
		return error;
	}
	if (!recording_is(r->config.recording, line_reader_fd(r->reader)))
		return 0;
	strbuf_printf(why, "%s is the file that is recorded: it would never end", r->name);
	return -EINVAL;
}

static int open_any(const char *path, bool waits, const struct replay_config *config,
		    struct strbuf *why, struct replay **ret)
{
	struct replay *r = calloc(1, sizeof(*r));
	int error;

	if (!r)
		return -ENOMEM;
	r->config = *config;
	r->name = strdup(waits && !strcmp(path, "-") ? "standard input" : path);
	error = r->name ? open_reader(r, path, waits, why) : -ENOMEM;
	if (error < 0)
		replay_free(r);
	else
		*ret = r;
	return error;
}

int replay_open(const char *path, const struct replay_config *config, struct strbuf *why,
		struct replay **ret)
{
	return open_any(path, false, config, why, ret);
}

static int wrong(struct strbuf *why, const char *what)
{
	strbuf_puts(why, what);
	return -EBADMSG;
}

/* A line may be printed as it is, and JSON has none. */
static bool has_controls(const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t')
			return true;
	return false;
}

static_assert(LINE_READER_MOST == 16u << 20, "as a message says");

static int show_line(struct replay *r, int result, const char *line, size_t n)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	r->lines++;
	if (result == -E2BIG)
		result = wrong(&why, "longer than 16 MiB");
	else if (has_controls(line, n))
		result = wrong(&why, "no JSON: it has control characters");
	else
		result = r->config.line(r->config.user, line, n, &why);
	if (result != -EBADMSG)
		return result < 0 ? result : 1;
	if (r->bad++ < COMPLAINTS_MOST)
		message_error("%s, line %" PRIu64 ": %s", r->name, line_reader_number(r->reader),
			      strbuf_text(&why));
	return 1;
}

int replay_next(struct replay *r)
{
	const char *line;
	size_t n;
	int result = line_reader_next(r->reader, &line, &n);

	if (result == 1 || result == -E2BIG)
		return show_line(r, result, line, n);
	if (result == 0)
		return r->config.end ? r->config.end(r->config.user) : 0;
	r->cannot_read = result;
	return result;
}

static int outcome(const struct replay *r, int result, struct strbuf *why)
{
	if (r->cannot_read)
		strbuf_printf(why, "cannot read %s: %s", r->name, strerror(-r->cannot_read));
	if (result < 0)
		return result;
	if (!r->lines)
		message_warning("%s: there is nothing in it", r->name);
	if (!r->bad)
		return 0;
	strbuf_printf(why, "%" PRIu64 " of %" PRIu64 " lines of %s could not be shown", r->bad,
		      r->lines, r->name);
	if (r->bad == r->lines)
		strbuf_printf(why, ": was it made by %s?", r->config.made_by);
	return -EBADMSG;
}

int replay_close(struct replay *r, int result, struct strbuf *why)
{
	if (!r)
		return result;
	result = outcome(r, result, why);
	replay_free(r);
	return result;
}

int replay_file(const char *path, bool waits, const struct replay_config *config,
		struct strbuf *why)
{
	struct replay *r;
	int result = open_any(path, waits, config, why, &r);

	if (result < 0)
		return result;
	/* A reader of ours that goes away is no error, nor the end of a line half written. */
	if (waits)
		signal(SIGPIPE, SIG_IGN);
	do
		result = replay_next(r);
	while (result > 0);
	return replay_close(r, result, why);
}

int replay_status(int result, const struct strbuf *why)
{
	if (!why->length)
		return tool_status("cannot print", result);
	message_error("--replay: %s", strbuf_text(why));
	return EXIT_FAILED;
}
