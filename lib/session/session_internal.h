/* What the commands of a session share. */
#pragma once

#include "session/session.h"
#include "session/texts.h"

struct editing;

struct session {
	struct session_config config;
	struct texts texts;
	struct editing *editing; /* an editor runs */
	int stats;		 /* holds the kernel's run statistics on; -errno: refused */
	/* Of a swap that is under way. */
	struct strbuf refusal;
	bool prepared;
};

/* The probe, or NULL and WHY says why there is none. */
struct tracer *session_tracer(const struct session *s, struct strbuf *why);

const char *session_tool(const struct session *s);

/* The text that runs, the built-in one, the draft; their names: "the built-in text". */
const char *session_text_name(const struct probe_text *text);

/* There will be a text to apply: have the compiler ready. */
void session_expect(struct session *s);

/* Run the draft, or go back. 0 or -errno with the reason in WHY; what to know in OUT. */
int session_apply(struct session *s, struct strbuf *out, struct strbuf *why);
int session_undo(struct session *s, struct strbuf *out, struct strbuf *why);

/* Warnings, a line each, to what a command prints. */
void session_warn(const struct strbuf *warning, struct strbuf *out);

/* The commands that have files of their own. */
int session_status(struct command_call *call);
int session_list(struct command_call *call);
void session_list_complete(const struct command_completion *c);
int session_diff(struct command_call *call);
int session_fields(struct command_call *call);
void session_fields_complete(const struct command_completion *c);
int session_maps(struct command_call *call);
int session_map(struct command_call *call);
void session_map_complete(const struct command_completion *c);
int session_edit(struct command_call *call);
int session_load(struct command_call *call);
int session_save(struct command_call *call);

/* Of session_edit(): end the editor, remove its folder. NULL is fine. */
void editing_close(struct editing *e);
