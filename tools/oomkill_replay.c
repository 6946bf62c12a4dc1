#include "tools/oomkill_replay.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "app/tool.h"

/* How many lines are complained of one by one; a file of another kind has no other. */
#define COMPLAINTS_MOST 20

static int show_all(struct oomkill_output *o, struct kill_reader *reader, const char *name)
{
	uint64_t bad = 0;
	int r = 1;

	while (!o->error) {
		_cleanup_kill_ struct kill *k = NULL;
		_cleanup_strbuf_ struct strbuf why = {0};

		r = kill_reader_next(reader, &k, &why);
		if (r == 1)
			oomkill_output(o, k);
		else if (r == -EBADMSG && bad++ < COMPLAINTS_MOST)
			message_error("%s, %s", name, strbuf_text(&why));
		else if (r != -EBADMSG)
			break;
	}
	if (bad > COMPLAINTS_MOST)
		message_error("%s: %llu lines in all are no kills: was it made by oomkill -j or "
			      "--record?",
			      name, (unsigned long long)bad);
	if (o->error)
		return tool_status("cannot print", o->error);
	if (r < 0) {
		message_error("cannot read %s: %s", name, strerror(-r));
		return EXIT_FAILED;
	}
	return bad ? EXIT_FAILED : EXIT_OK;
}

int oomkill_replay(struct oomkill_output *o, const char *path)
{
	const char *name = strcmp(path, "-") != 0 ? path : "standard input";
	struct kill_reader *reader;
	int r = kill_reader_open(path, &reader);

	if (r < 0) {
		message_error("--replay: cannot read %s: %s", name, strerror(-r));
		return EXIT_FAILED;
	}
	if (o->recorder && kill_recorder_is(o->recorder, kill_reader_fd(reader))) {
		message_error("--record and --replay name the same file: it would never end");
		r = EXIT_USAGE;
	} else {
		/* A reader of ours that goes away is no error, nor the end of a line half written.
		 */
		signal(SIGPIPE, SIG_IGN);
		r = oomkill_sinks_start(&o->sinks, NULL);
		r = r < 0 ? tool_status("cannot begin", r) : show_all(o, reader, name);
	}
	kill_reader_close(reader);
	return r;
}
