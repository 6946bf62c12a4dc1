/* What the commands of a session share. */
#pragma once

#include "session/session.h"
#include "session/texts.h"

struct editing;

struct session {
	struct session_config config;
	struct texts texts;
	struct editing *editing;     /* an editor runs */
	struct compiling *compiling; /* the loop waits for a text to be compiled */
	int stats;		     /* holds the kernel's run statistics on; -errno: refused */
	/* Of a swap that is under way. */
	unsigned int refused_line; /* of the text; 0: it was not for one of its structs */
	struct strbuf refusal;
	bool prepared;
};

/* The probe, or NULL and WHY says why there is none. */
struct tracer *session_tracer(const struct session *s, struct strbuf *why);

const char *session_tool(const struct session *s);

/* The text that runs, the built-in one, the draft; their names: "the built-in text". */
const char *session_text_name(const struct probe_text *text);

/* How a text is given to the tracer; the built-in one with its files' lines. */
struct source session_source(const struct session *s, const struct probe_text *text);

/* There will be a text to apply: have the compiler ready; or this one: compile it already. */
void session_expect(struct session *s, const struct probe_text *text);

/* The draft is there. Somebody at a prompt (CONSOLE; or NULL) is told if it does not compile. */
void session_expect_draft(struct session *s, struct console *console);

/*
 * Swap to TEXT by THEN, which is told when that was asked for: at once if there is nothing to
 * compile, or no CONSOLE whose loop could go on meanwhile; what it returns. Else COMMAND_GOES_ON,
 * and THEN is called when the text is compiled, or has failed to: it tells why.
 */
typedef int session_swap_fn(struct session *s, uint64_t start, struct strbuf *out,
			    struct strbuf *why);
int session_when_compiled(struct session *s, struct console *console, const struct probe_text *text,
			  session_swap_fn *then, struct strbuf *out, struct strbuf *why);

/* The loop waits no longer. NULL is fine. */
void compiling_close(struct compiling *c);

/*
 * Run the draft, or go back. 0 or -errno with the reason in WHY; what to know in OUT.
 * COMMAND_GOES_ON, with CONSOLE only: it is being compiled; OUT was taken for console_finish().
 */
int session_apply(struct session *s, struct console *console, struct strbuf *out,
		  struct strbuf *why);
int session_undo(struct session *s, struct console *console, struct strbuf *out,
		 struct strbuf *why);

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
#define SESSION_KEY_WORDS 512 /* of a key in hex: BPF's largest keys */
void session_map_complete(const struct command_completion *c);
int session_edit(struct command_call *call);
int session_load(struct command_call *call);
int session_save(struct command_call *call);

/* Of session_edit(): end the editor, remove its folder. NULL is fine. */
void editing_close(struct editing *e);
