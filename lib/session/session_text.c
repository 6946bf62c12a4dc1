/* The commands that show, read and write texts: list, load, save. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/parse.h"
#include "base/text.h"
#include "output/human.h"
#include "session/session_internal.h"
#include "session/text_functions.h"

#define TAB 8

/* One line, tabs as blanks: they would be shown as what they are in a foreign text. */
static void put_line(struct strbuf *out, unsigned int number, const char *line, size_t n)
{
	_cleanup_strbuf_ struct strbuf spread = {0};

	for (size_t i = 0; i < n; i++) {
		if (line[i] == '\t')
			strbuf_printf(&spread, "%*s", TAB - (int)(spread.length % TAB), "");
		else
			strbuf_putc(&spread, line[i]);
	}
	strbuf_printf(out, "%5u%s", number, n ? "  " : "");
	text_display(out, strbuf_text(&spread), spread.length);
	strbuf_putc(out, '\n');
}

/* False if there is none of these. */
static bool put_lines(struct strbuf *out, const char *text, uint64_t from, uint64_t to)
{
	bool any = false;

	for (unsigned int number = 1; *text; number++) {
		size_t n = strcspn(text, "\n");

		if (number >= from && number <= to) {
			put_line(out, number, text, n);
			any = true;
		}
		text += n + (text[n] == '\n');
	}
	return any;
}

struct search {
	const char *text, *name;
	bool found;
	struct strbuf *out, *names;
};

static bool put_if_wanted(const struct text_function *f, void *user)
{
	struct search *s = user;

	strbuf_printf(s->names, "%s%s", s->names->length ? ", " : "", f->name);
	if (!strcmp(f->name, s->name)) {
		/* In another branch of an #if it may stand again. */
		if (s->found)
			strbuf_puts(s->out, "  ...\n");
		s->found = true;
		(void)put_lines(s->out, s->text, f->first, f->last);
	}
	return true;
}

static int put_function(const char *text, const char *name, struct command_call *call)
{
	_cleanup_strbuf_ struct strbuf names = {0};
	struct search s = {.text = text, .name = name, .out = call->out, .names = &names};

	text_functions(text, put_if_wanted, &s);
	if (s.found)
		return 0;
	strbuf_printf(call->why, "the text has no function '%s'; it has %s", name,
		      names.length ? names.data : "none");
	return -ENOENT;
}

/* "10-20", "10" (to the end) */
static int put_range(const char *text, const char *range, struct command_call *call)
{
	_cleanup_free_ char *number = strdup(range);
	uint64_t from = 1, to = UINT32_MAX;
	char *dash = number ? strchr(number, '-') : NULL;

	if (!number)
		return -ENOMEM;
	if (dash)
		*dash++ = '\0';
	if (parse_number(number, 1, UINT32_MAX, &from) < 0 ||
	    (dash && *dash && parse_number(dash, from, UINT32_MAX, &to) < 0)) {
		strbuf_printf(call->why, "'%s' is no line or range of lines: 10, or 10-20", range);
		return -EINVAL;
	}
	if (put_lines(call->out, text, from, to))
		return 0;
	strbuf_puts(call->why, "the text has not that many lines");
	return -ENOENT;
}

/* The text that runs, or the draft; what WORDS still say about it. */
static const struct probe_text *choose(const struct session *s, char *const **words)
{
	if (**words && !strcmp(**words, "draft")) {
		(*words)++;
		return texts_has_draft(&s->texts) ? &s->texts.draft : NULL;
	}
	return texts_running(&s->texts);
}

int session_list(struct command_call *call)
{
	const struct session *s = call->user;
	char *const *words = call->words;
	const struct probe_text *text = choose(s, &words);
	_cleanup_strbuf_ struct strbuf whole = {0};
	const char *all;

	if (!text || !text->text.length) {
		strbuf_puts(call->why,
			    text ? "an image runs: its text is not known" : "there is no draft");
		return -ENOENT;
	}
	/* With the heading, where its file has one: lines are counted so in messages. */
	if (probe_text_heading(text))
		probe_text_put(session_tool(s), strbuf_text(&text->text), &whole);
	if (strbuf_error(&whole) < 0)
		return -ENOMEM;
	all = whole.length ? whole.data : strbuf_text(&text->text);
	if (words[0] && words[1]) {
		strbuf_puts(call->why, "one function, or one range of lines, please");
		return -EINVAL;
	}
	if (!words[0])
		return put_range(all, "1", call);
	return isdigit((unsigned char)*words[0]) ? put_range(all, words[0], call)
						 : put_function(all, words[0], call);
}

static bool add_name(const struct text_function *f, void *user)
{
	strbuf_printf(user, "%s\n", f->name);
	return true;
}

void session_list_complete(const struct command_completion *c)
{
	const struct session *s = c->user;
	char *const *words = c->words;
	char *none[] = {NULL};
	const struct probe_text *text;

	if (!c->n_words) {
		strbuf_puts(c->out, "draft\n");
		words = none;
	} else if (strcmp(words[0], "draft") || c->n_words > 1) {
		return;
	}
	text = choose(s, &words);
	if (text)
		text_functions(strbuf_text(&text->text), add_name, c->out);
}

int session_load(struct command_call *call)
{
	_cleanup_strbuf_ struct strbuf warning = {0};
	struct session *s = call->user;
	struct probe_text text;
	bool force = false;
	const char *path = NULL;
	int r;

	for (char *const *word = call->words; *word; word++) {
		if (!strcmp(*word, "--force") && !force)
			force = true;
		else if (!path)
			path = *word;
		else
			path = "";
	}
	if (!path || !*path) {
		strbuf_puts(call->why, "one file, please: load FILE, or load --force FILE");
		return -EINVAL;
	}
	if (!strcmp(path, "-")) {
		strbuf_puts(call->why, "commands may come from standard input: name a file");
		return -EINVAL;
	}
	r = probe_text_read(path, force, "load --force", session_tool(s), &text, call->why,
			    &warning);
	if (r < 0)
		return r;
	session_warn(&warning, call->out);
	strbuf_printf(call->out, "%s is the draft: 'apply' runs it, 'diff draft' compares\n", path);
	texts_set_draft(&s->texts, &text);
	session_expect_draft(s, call->console);
	return 0;
}

/* Is there something that we must not replace? */
static int check_target(const char *path, struct strbuf *why)
{
	struct stat st, target;

	if (!*path) {
		strbuf_puts(why, "'' is no name of a file");
		return -EINVAL;
	}
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (stat(path, &target) < 0)
		target = st;
	if (st.st_uid != geteuid() || target.st_uid != geteuid()) {
		strbuf_printf(why, "%s belongs to another user: give another name", path);
		return -EPERM;
	}
	if (S_ISREG(target.st_mode) || S_ISLNK(target.st_mode))
		return 0;
	strbuf_printf(why, "%s is %s: give the name of a file", path,
		      S_ISDIR(target.st_mode) ? "a folder" : "no regular file");
	return -EINVAL;
}

int session_save(struct command_call *call)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	const struct session *s = call->user;
	bool draft = texts_has_draft(&s->texts);
	const struct probe_text *text = draft ? &s->texts.draft : texts_running(&s->texts);
	const char *path = call->words[0];
	int r;

	if (!text->text.length) {
		strbuf_puts(call->why, "an image runs: its text is not known");
		return -ENOENT;
	}
	r = check_target(path, call->why);
	probe_text_put(session_tool(s), strbuf_text(&text->text), &bytes);
	if (r == 0)
		r = strbuf_error(&bytes);
	if (r == 0)
		r = file_replace(path, 0600, strbuf_text(&bytes), bytes.length);
	if (r < 0) {
		if (!call->why->length)
			strbuf_printf(call->why, "cannot write %s: %s", path, strerror(-r));
		return r;
	}
	strbuf_printf(call->out, "%s: %s is written\n", path,
		      draft ? "the draft, which is not applied," : "the text that runs");
	return 0;
}
