#include "app/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "app/editor.h"
#include "base/file.h"

int probe_edit(const char *name, unsigned int line, struct probe_text *text, struct strbuf *why,
	       struct strbuf *warning)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	struct editor *e = NULL;
	struct probe_text made;
	int r = editor_start(name, strbuf_text(&text->text), line, false, &e, why);

	if (r == 0)
		r = editor_wait(e, why);
	if (r == 0)
		r = editor_result(e, &bytes, why);
	editor_close(e);
	/* One that was not changed is still the one it was: its name, and the built-in one's lines.
	 */
	if (r < 0 || !strcmp(strbuf_text(&bytes), strbuf_text(&text->text)))
		return r;
	r = probe_text_make(strbuf_text(&bytes), bytes.length, PROBE_TEXT_EDITED, name, &made, why,
			    warning);
	if (r < 0)
		return r;
	probe_text_free(text);
	*text = made;
	return 0;
}

int probe_first(const struct common_options *common, const char *name, const char *built_in,
		struct probe_text *ret, struct strbuf *why, struct strbuf *warning)
{
	struct probe_text text = {0};
	int r = 0;

	if (common->probe) {
		r = probe_text_read(common->probe, common->force, "--force", name, &text, why,
				    warning);
	} else {
		strbuf_puts(&text.text, built_in);
		r = strbuf_error(&text.text);
	}
	if (r == 0 && common->edit)
		r = probe_edit(name, 0, &text, why, warning);
	if (r < 0) {
		if (!why->length)
			strbuf_puts(why, strerror(-r));
		probe_text_free(&text);
		return r;
	}
	*ret = text;
	return 0;
}

void probe_keep(const char *name, const struct probe_text *text, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	_cleanup_close_ int fd = -1;
	char path[64];
	int r;

	probe_text_put(name, strbuf_text(&text->text), &bytes);
	snprintf(path, sizeof(path), "/tmp/%.20s-draft-XXXXXX.bpf.c", name);
	fd = mkostemps(path, (int)strlen(".bpf.c"), O_CLOEXEC);
	r = fd < 0 ? -errno : strbuf_error(&bytes);
	if (r == 0)
		r = file_write_fd(fd, strbuf_text(&bytes), bytes.length);
	if (r < 0)
		strbuf_printf(out, "the edited text could not be kept: %s", strerror(-r));
	else
		strbuf_printf(out,
			      "the edited text is kept in %s: run it again with --probe %s --edit, "
			      "or remove it",
			      path, path);
}
