#include "tools/oomprof_check.h"

#include <errno.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "base/text.h"
#include "victim/check_report.h"

static int print(const struct tool *tool, const struct check *c)
{
	_cleanup_strbuf_ struct strbuf out = {0}, name = {0};
	struct json_writer *w;
	int r;

	if (c->verdict == CHECK_UNKNOWN) {
		if (!c->pid) {
			text_display(&name, c->argument, strlen(c->argument));
			strbuf_puts(&name, ": ");
		}
		message_error("%s%s", strbuf_text(&name), strbuf_text(&c->why));
	}
	if (tool->common.json) {
		w = json_writer_open();
		check_report_json(c, w);
		r = json_writer_line(w, &out);
	} else {
		r = c->verdict == CHECK_UNKNOWN ? 0 : check_report_text(c, &out);
	}
	return r < 0 ? r : tool_print(&out);
}

int oomprof_check(const struct tool *tool, char *const arguments[], int n)
{
	int status = EXIT_OK;

	for (int i = 0; i < n; i++) {
		struct check c = {0};
		int r = check_argument(arguments[i], &c);

		if (r == 0 && c.verdict == CHECK_UNKNOWN && c.error == -EPERM)
			status = status == EXIT_OK ? EXIT_NOT_ALLOWED : status;
		else if (r == 0 && c.verdict != CHECK_WRITTEN)
			status = EXIT_FAILED;
		if (r == 0)
			r = print(tool, &c);
		check_clear(&c);
		if (r < 0) {
			/* Not all was said, so nothing was said in favour of all. */
			(void)tool_status("cannot print", r);
			return EXIT_FAILED;
		}
	}
	return status;
}
