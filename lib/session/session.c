#include "session/session.h"

#include <errno.h>
#include <string.h>
#include <bpf/bpf.h>

#include "app/message.h"
#include "console/command_words.h"
#include "session/session_internal.h"

struct tracer *session_tracer(const struct session *s, struct strbuf *why)
{
	if (!*s->config.tracer)
		strbuf_printf(why, "there is no probe: %s",
			      s->config.why_none ? s->config.why_none : "none is attached");
	return *s->config.tracer;
}

const char *session_tool(const struct session *s)
{
	return s->config.tool->info->name;
}

const char *session_text_name(const struct probe_text *text)
{
	return text->name ? text->name : "the built-in text";
}

void session_warn(const struct strbuf *warning, struct strbuf *out)
{
	if (warning->length)
		strbuf_printf(out, "Warning: %s\n", warning->data);
}

static int apply(struct command_call *call)
{
	return session_apply(call->user, call->console, call->out, call->why);
}

static int undo(struct command_call *call)
{
	return session_undo(call->user, call->console, call->out, call->why);
}

static void complete_draft(const struct command_completion *c)
{
	if (!c->n_words)
		strbuf_puts(c->out, "draft\n");
}

/* After --force, too. */
static void complete_load(const struct command_completion *c)
{
	if (!c->n_words && *c->start == '-')
		strbuf_puts(c->out, "--force\n");
	*c->files = true;
}

static const struct command commands[] = {
	{"status", "", "what is attached, how often it ran, events, memory", NULL, 0, 0,
	 session_status, NULL, NULL},
	{"list", "[FUNCTION | FROM[-TO] | draft]", "the probe's text, with line numbers",
	 "    list                 the text that runs, all of it\n"
	 "    list FUNCTION        one of its functions\n"
	 "    list 10-20, list 10  these lines; from that line on\n"
	 "    list draft           the draft; 'list draft 10-20' works, too\n",
	 0, 2, session_list, session_list_complete, NULL},
	{"fields", "STRUCT[.MEMBER]", "the members of a struct of the kernel",
	 "    task_struct.mm.total_vm goes on to what a member is, or points to.\n", 1, 2,
	 session_fields, session_fields_complete, NULL},
	{"maps", "", "the probe's maps", NULL, 0, 0, session_maps, NULL, NULL},
	{"map", "NAME [KEY]", "what is in a map of the probe",
	 "    KEY is a number, or a text; of a struct its members, as the map shows them\n"
	 "    (some will do), their values, or its bytes in hex:\n"
	 "    map NAME pid=7 kind=3\n"
	 "    map NAME 07 00 00 00 03 00 00 00\n",
	 1, 1 + SESSION_KEY_WORDS, session_map, session_map_complete, NULL},
	{"edit", "", "change the probe's text in your editor, and apply it",
	 "    The editor is $VISUAL or $EDITOR. It begins with the draft, if there is one, at the\n"
	 "    line where that failed; else with the text that runs. What it has changed is "
	 "applied.\n"
	 "    Events go on being counted meanwhile; they are shown when it has ended.\n",
	 0, 0, session_edit, NULL, NULL},
	{"load", "[--force] FILE", "make the text in FILE the draft",
	 "    It is not run before 'apply'. A file that others may write to is refused, as what\n"
	 "    stands in it would run in the kernel; --force takes it all the same.\n",
	 1, 2, session_load, complete_load, NULL},
	{"apply", "", "run the draft in the place of what runs", NULL, 0, 0, apply, NULL, NULL},
	{"undo", "", "run what ran before the last apply", NULL, 0, 0, undo, NULL, NULL},
	{"diff", "[draft]", "what is changed: from the built-in text",
	 "    diff         from the built-in text to the one that runs\n"
	 "    diff draft   from the one that runs to the draft\n",
	 0, 1, session_diff, complete_draft, NULL},
	{"save", "FILE", "write the text, the draft if there is one, to FILE",
	 "    For --probe FILE and 'load FILE'. It begins with a comment that tells tool and\n"
	 "    version. The file is for you alone (mode 0600); one that others own is not "
	 "touched.\n",
	 1, 1, session_save, command_complete_file, NULL},
	{0},
};

struct command_table session_commands(struct session *s)
{
	return (struct command_table){commands, s};
}

static int take_first_text(struct session *s)
{
	const struct tool *tool = s->config.tool;
	struct probe_text first = {0};

	if (tool->common.image)
		first.name = strdup(tool->common.image);
	else if (tool->edited.name)
		first.name = strdup(tool->edited.name);
	else
		strbuf_puts(&first.text, tool->built_in);
	if (first.name && !tool->common.image) {
		strbuf_puts(&first.text, strbuf_text(&tool->edited.text));
		first.lines[0] = tool->edited.lines[0];
		first.lines[0].file = first.name;
	}
	if (strbuf_error(&first.text) < 0 || (!first.name && !first.text.length)) {
		probe_text_free(&first);
		return -ENOMEM;
	}
	return texts_init(&s->texts, &first);
}

int session_open(const struct session_config *config, struct session **ret)
{
	struct session *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->config = *config;
	r = take_first_text(s);
	if (r < 0) {
		free(s);
		return r;
	}
	s->stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	*ret = s;
	return 0;
}

void session_close(struct session *s)
{
	if (!s)
		return;
	editing_close(s->editing);
	compiling_close(s->compiling);
	if (texts_has_draft(&s->texts) && tool_has_console(s->config.tool))
		message_warning("the draft (%s) was neither applied nor saved",
				session_text_name(&s->texts.draft));
	texts_clear(&s->texts);
	strbuf_free(&s->refusal);
	if (s->stats >= 0)
		close(s->stats);
	free(s);
}
