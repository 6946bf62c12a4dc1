/*
 * A text in the user's editor: $VISUAL, $EDITOR, or what there is; words, no shell. The text is in
 * a file of mode 0600 in a folder of mode 0700, below $XDG_RUNTIME_DIR if that is ours, else
 * $TMPDIR or /tmp. The whole folder is removed again, with what the editor left there.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/strbuf.h"

struct editor;

/*
 * Start it on a copy of TEXT, at LINE (0: nowhere) if it is one that takes +LINE. TOOL names the
 * file. OWN_GROUP: in a process group of its own, which gets the terminal, so that Ctrl-C is not
 * for us. 0 or -errno with the reason in WHY.
 */
int editor_start(const char *tool, const char *text, unsigned int line, bool own_group,
		 struct editor **ret, struct strbuf *why);

/* Readable when it has ended: for a loop. */
int editor_fd(const struct editor *e);

/* Has it ended? The loop calls what it watches once more when it stops. */
bool editor_has_ended(const struct editor *e);

/* One that was stopped (Ctrl-Z) goes on: there is no shell that could call it back. */
void editor_poke(struct editor *e);

/* Has it written the file since it was started, or since the last call of this? Then what stands
 * there now. */
bool editor_saved(struct editor *e, struct strbuf *text);

/* Wait for its end; SIGTERM and SIGHUP end it, and then us, when the folder is gone. 0 or -errno.
 */
int editor_wait(struct editor *e, struct strbuf *why);

/* After its end: what it made of the text. -errno with the reason in WHY: the text is as it was. */
int editor_result(struct editor *e, struct strbuf *text, struct strbuf *why);

/* Ends it if it still runs, takes the terminal back, removes the folder. NULL is fine. */
void editor_close(struct editor *e);
