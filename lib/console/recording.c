#include "console/recording.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "base/text.h"
#include "output/human.h"

int recording_start(struct recording *r, const char *path, struct strbuf *why)
{
	struct line_writer *writer;
	char *copy = strdup(path);
	int error = copy ? line_writer_open(path, &writer) : -ENOMEM;

	if (error < 0) {
		strbuf_printf(why, "cannot write %s: %s", path, strerror(-error));
		free(copy);
		return error;
	}
	recording_stop(r);
	r->writer = writer;
	r->path = copy;
	r->count = 0;
	return 0;
}

void recording_stop(struct recording *r)
{
	line_writer_close(r->writer);
	r->writer = NULL;
	free(r->path);
	r->path = NULL;
}

void recording_add(struct recording *r, int error, const struct strbuf *lines)
{
	if (error == 0)
		error = strbuf_error(lines);
	if (error == 0 && lines->length)
		error = line_writer_add(r->writer, lines);
	if (error == 0)
		r->count++;
	else if (!r->lost++)
		message_error("cannot write %s: %s; nothing is recorded until it works again",
			      r->path, strerror(-error));
}

bool recording_is(const struct recording *r, int fd)
{
	return r->writer && line_writer_is(r->writer, fd);
}

int recording_close(struct recording *r, int status)
{
	_cleanup_strbuf_ struct strbuf lost = {0};

	recording_stop(r);
	if (!r->lost)
		return status;
	human_things(&lost, r->lost, r->what);
	message_error("%s could not be recorded", strbuf_text(&lost));
	return status == EXIT_OK ? EXIT_FAILED : status;
}

static void put(const struct recording *r, struct strbuf *out)
{
	human_things(out, r->count, r->what);
	strbuf_puts(out, " in ");
	text_display(out, r->path, strlen(r->path));
	if (r->lost)
		strbuf_printf(out, "; %" PRIu64 " could not be recorded", r->lost);
}

int recording_command(struct recording *r, struct command_call *call)
{
	if (strcmp(call->words[0], "off") != 0)
		return recording_start(r, call->words[0], call->why);
	if (!r->writer) {
		strbuf_puts(call->out, "Nothing was recorded.\n");
		return 0;
	}
	put(r, call->out);
	strbuf_puts(call->out, ".\n");
	recording_stop(r);
	return 0;
}

void recording_status(const struct recording *r, struct strbuf *out)
{
	if (!r->writer)
		return;
	strbuf_puts(out, "recorded: ");
	put(r, out);
	strbuf_putc(out, '\n');
}
