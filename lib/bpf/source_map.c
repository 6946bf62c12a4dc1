#include "bpf/source_map.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"

/* The name libbcc gives to the text it compiles (bcc/src/cc/frontends/clang/loader.cc). */
static const char main_file[] = "/virtual/main.c";

#define CANNOT_SELECT "LLVM ERROR: Cannot select: "

void source_locate(const struct source *source, unsigned int line, const char **ret_file,
		   unsigned int *ret_line)
{
	const struct text_line *found = NULL;

	for (const struct text_line *l = source->lines; l && l->file && l->first <= line; l++)
		found = l;
	*ret_file = found ? found->file : source->file ? source->file : "text";
	*ret_line = found ? found->line + (line - found->first) : line;
}

void source_put_place(const struct source *source, unsigned int line, struct strbuf *out)
{
	const char *file;
	unsigned int shown;

	source_locate(source, line, &file, &shown);
	strbuf_printf(out, "%s:%u", file, shown);
}

/* Do these read the same but for blanks? */
static bool same(const char *a, size_t a_n, const char *b, size_t b_n)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < a_n && isspace((unsigned char)a[i]))
			i++;
		while (j < b_n && isspace((unsigned char)b[j]))
			j++;
		if (i == a_n || j == b_n)
			return i == a_n && j == b_n;
		if (a[i++] != b[j++])
			return false;
	}
}

/* The line nearest to HINT that MATCHES what is quoted; 0: none does. */
static unsigned int find_nearest(const struct source *source,
				 bool (*matches)(const char *a, size_t a_n, const char *b,
						 size_t b_n),
				 const char *quoted, size_t n, unsigned int hint)
{
	unsigned int number = 1, best = 0, distance, best_distance = 0;

	for (const char *line = source->text; *line; number++) {
		size_t length = strcspn(line, "\n");

		distance = number > hint ? number - hint : hint - number;
		if (matches(line, length, quoted, n) && (!best || distance < best_distance)) {
			best = number;
			best_distance = distance;
		}
		line += length + (line[length] == '\n');
	}
	return best;
}

unsigned int source_find(const struct source *source, const char *quoted, size_t n,
			 unsigned int hint)
{
	return same(quoted, n, "", 0) ? 0 : find_nearest(source, same, quoted, n, hint);
}

/* From the next letter that is no blank, forward or backward; false at the end. */
static bool next_letter(const char *s, size_t n, size_t *at, bool backward, char *ret)
{
	for (; *at < n; ++*at) {
		*ret = s[backward ? n - 1 - *at : *at];
		if (!isspace((unsigned char)*ret)) {
			++*at;
			return true;
		}
	}
	return false;
}

/* How many letters these have in common from the start, or from the end. */
static size_t common(const char *a, size_t a_n, const char *b, size_t b_n, bool backward)
{
	size_t i = 0, j = 0, count = 0;
	char x, y;

	while (next_letter(a, a_n, &i, backward, &x) && next_letter(b, b_n, &j, backward, &y) &&
	       x == y)
		count++;
	return count;
}

/* Is what is quoted a part of the line? A bracket, or `return 0;`, is a part of many. */
static bool is_part(const char *line, size_t length, const char *quoted, size_t n)
{
	return n >= 16 && memmem(line, length, quoted, n);
}

unsigned int source_find_rewritten(const struct source *source, const char *quoted, size_t n,
				   unsigned int hint)
{
	unsigned int number = 1, distance, best_distance = 0;
	/* libbcc may have divided a line. */
	unsigned int best = find_nearest(source, is_part, quoted, n, hint);
	size_t best_score = 0;

	if (best)
		return best;

	for (const char *line = source->text; *line; number++) {
		size_t length = strcspn(line, "\n"), letters = 0, score, i = 0;
		char c;

		while (next_letter(line, length, &i, false, &c))
			letters++;
		score = common(line, length, quoted, n, false) +
			common(line, length, quoted, n, true);
		score = score > letters ? letters : score;
		distance = number > hint ? number - hint : hint - number;
		/* Half of the line must be there still. */
		if (letters >= 8 && score * 2 >= letters &&
		    (score > best_score || (score == best_score && distance < best_distance))) {
			best = number;
			best_score = score;
			best_distance = distance;
		}
		line += length + (line[length] == '\n');
	}
	return best;
}

/* Does the line hold NAME, not as a part of another? */
static bool holds_word(const char *line, size_t n, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = line; (at = memmem(at, n - (size_t)(at - line), name, length));
	     at++) {
		bool begins = at == line || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');

		if (begins && !(isalnum((unsigned char)at[length]) || at[length] == '_'))
			return true;
	}
	return false;
}

/* The macro line that makes KIND__WORDS, or KIND__WORD__WORD, of its arguments; 0: none. */
static unsigned int line_of_macro(const struct source *source, const char *name)
{
	const char *words = strstr(name, "__"), *second;
	_cleanup_free_ char *first = NULL;
	unsigned int number = 1;

	words = words ? words + 2 : "";
	second = strstr(words, "__");
	first = second ? strndup(words, (size_t)(second - words)) : NULL;
	for (const char *line = source->text; *line && *words; number++) {
		size_t n = strcspn(line, "\n");

		if (isupper((unsigned char)*line) && memchr(line, '(', n) &&
		    (holds_word(line, n, words) ||
		     (first && holds_word(line, n, first) && holds_word(line, n, second + 2))))
			return number;
		line += n + (line[n] == '\n');
	}
	return 0;
}

unsigned int source_line_of(const struct source *source, const char *name)
{
	unsigned int number = 1, mentioned = 0;

	for (const char *line = source->text; *line && *name; number++) {
		size_t n = strcspn(line, "\n");

		if (holds_word(line, n, name)) {
			/* A definition begins its line. */
			if (isalpha((unsigned char)*line))
				return number;
			mentioned = mentioned ? mentioned : number;
		}
		line += n + (line[n] == '\n');
	}
	return mentioned ? mentioned : line_of_macro(source, name);
}

void source_error_at(const struct source *source, unsigned int line)
{
	if (source->error_line && !*source->error_line)
		*source->error_line = line;
}

static const char *line_at(const struct source *source, unsigned int number)
{
	const char *line = source->text;

	while (--number)
		line += strcspn(line, "\n") + 1;
	return line;
}

static void put_text_line(const struct source *source, unsigned int number, struct strbuf *out)
{
	const char *line = line_at(source, number);

	strbuf_puts(out, "    ");
	text_display(out, line, strcspn(line, "\n"));
	strbuf_putc(out, '\n');
}

void source_blame(const struct source *source, const char *name, struct strbuf *reason)
{
	unsigned int number = source->error_line ? source_line_of(source, name) : 0;
	_cleanup_strbuf_ struct strbuf said = {0};
	const char *rest;
	int first;

	source_error_at(source, number);
	if (!number)
		return;
	SWAP(said, *reason);
	first = (int)strcspn(strbuf_text(&said), "\n");
	rest = strbuf_text(&said) + first;
	source_put_place(source, number, reason);
	strbuf_printf(reason, ": %.*s\n", first, strbuf_text(&said));
	put_text_line(source, number, reason);
	strbuf_puts(reason, rest + (*rest == '\n'));
}

/* One message: its first line, and the quoted source with carets below it. */
struct message {
	struct strbuf text;
	bool open, error, skipping;
	const char *own; /* the text's line for the quoted one, which libbcc has rewritten */
};

/* Append the lines at OUTPUT up to N, each made harmless. */
static void put_line(struct strbuf *out, const char *line, size_t n)
{
	text_display(out, line, n);
	strbuf_putc(out, '\n');
}

static void finish(struct message *m, struct strbuf *errors, struct strbuf *others)
{
	struct strbuf *out = m->error ? errors : others;
	const char *text = strbuf_text(&m->text);

	/* libbcc runs the compiler up to three times: each message once. */
	if (m->open && !strstr(strbuf_text(out), text))
		strbuf_puts(out, text);
	strbuf_reset(&m->text);
	m->open = m->skipping = false;
	m->own = NULL;
}

/* Tabs as blanks, as the compiler quotes them. */
static void put_own_line(struct strbuf *out, const char *line)
{
	_cleanup_strbuf_ struct strbuf blanks = {0};

	line += strspn(line, " \t");
	for (size_t n = strcspn(line, "\n"); n; n--, line++)
		strbuf_putc(&blanks, *line == '\t' ? ' ' : *line);
	strbuf_puts(out, "        ");
	put_line(out, strbuf_text(&blanks), blanks.length);
}

/*
 * What is quoted below a heading: the text's own line reads better than what libbcc made of it, to
 * which columns and carets belong.
 */
static void put_quoted(struct message *m, const char *line, size_t n)
{
	if (!m->own) {
		put_line(&m->text, line, n);
		return;
	}
	put_own_line(&m->text, m->own);
	m->own = NULL;
	m->skipping = true;
}

/* "FILE:LINE:COLUMN: KIND: ...", or of the code generator "error: FILE:0:0: in function ...". */
struct heading {
	bool ours; /* of the text, not of another file */
	unsigned int line, column;
	const char *rest; /* from KIND on */
};

static bool is_kind(const char *s)
{
	return !strncmp(s, "error:", 6) || !strncmp(s, "fatal error:", 12) ||
	       !strncmp(s, "warning:", 8) || !strncmp(s, "note:", 5) || !strncmp(s, "remark:", 7) ||
	       !strncmp(s, "LLVM ERROR:", 11);
}

static bool parse_heading(const char *line, size_t n, struct heading *ret)
{
	const char *colon = memchr(line, ':', n);
	int used = 0;

	*ret = (struct heading){.rest = line};
	if (is_kind(line))
		return true;
	if (!colon || sscanf(colon, ":%u:%u: %n", &ret->line, &ret->column, &used) < 2 || !used ||
	    (size_t)(colon - line) + (size_t)used > n || !is_kind(colon + used))
		return false;
	ret->rest = colon + used;
	ret->ours = (size_t)(colon - line) == strlen(main_file) &&
		    !strncmp(line, main_file, strlen(main_file));
	return true;
}

/* "A call to built-in function '__floatdidf' is not supported": of what replaces such hardware. */
static bool is_of_floats(const char *message, size_t n)
{
	const char *name = memmem(message, n, "built-in function '", 19);
	size_t left = name ? n - (size_t)(name - message) : 0;

	return name && (memmem(name, left, "df", 2) || memmem(name, left, "sf", 2));
}

/*
 * The code generator knows no line, only the function: "error: /virtual/main.c:0:0: in function
 * NAME TYPE: MESSAGE". False if it is not such a line.
 */
static bool put_generator_error(const struct source *source, struct strbuf *out, const char *line,
				size_t n)
{
	const char *in = memmem(line, n, "in function ", 12), *message;
	char name[128];
	unsigned int number;

	message = in ? memmem(in, n - (size_t)(in - line), ": ", 2) : NULL;
	if (!message || sscanf(in, "in function %127[A-Za-z0-9_]", name) != 1)
		return false;
	number = source_line_of(source, name);
	source_error_at(source, number);
	source_put_place(source, number ? number : 1, out);
	strbuf_printf(out, ": error: in function %s", name);
	n -= (size_t)(message - line);
	put_line(out, message, n);
	if (is_of_floats(message, n))
		strbuf_puts(out, "  there are no floating-point numbers in BPF\n");
	return true;
}

/* Is there a "/" or "%" at that column (from 1) of the line, and no comment? */
static bool divides_at(const char *line, size_t n, unsigned int column)
{
	const char *c = line + column - 1;

	if (!column || column >= n || (*c != '/' && *c != '%'))
		return false;
	return c[1] != '/' && c[1] != '*' && (column == 1 || !strchr("/*", c[-1]));
}

/*
 * The text's line that divides at that column: the last one up to LINE, as libbcc's numbers are
 * higher, if anything. 0: there is none.
 */
static unsigned int find_division(const struct source *source, unsigned int line,
				  unsigned int column)
{
	unsigned int number = 1, found = 0;

	for (const char *at = source->text; *at && number <= line; number++) {
		size_t n = strcspn(at, "\n");

		if (divides_at(at, n, column))
			found = number;
		at += n + (at[n] == '\n');
	}
	return found;
}

/*
 * A division for which there is no instruction ends the compiler: "LLVM ERROR: Cannot select: ...:
 * i64 = sdiv ..., /virtual/main.c:LINE:COLUMN @[...". False if it is not such a line.
 */
static bool put_division_error(const struct source *source, struct strbuf *out, const char *line,
			       size_t n)
{
	const char *at = memmem(line, n, main_file, strlen(main_file));
	unsigned int number, column;

	if (strncmp(line, CANNOT_SELECT, strlen(CANNOT_SELECT)) || !at ||
	    (!memmem(line, n, " = sdiv ", 8) && !memmem(line, n, " = srem ", 8)) ||
	    sscanf(at + strlen(main_file), ":%u:%u", &number, &column) != 2)
		return false;
	number = find_division(source, number, column);
	source_error_at(source, number);
	if (number) {
		source_put_place(source, number, out);
		strbuf_puts(out, ": ");
	}
	strbuf_puts(out, "error: BPF cannot divide numbers that have a sign: make both u64, or in "
			 "a policy use oom_policy_divide()\n");
	return true;
}

/*
 * SHIFT: between libbcc's line numbers and the text's, as last seen. The line of the text, or 0.
 */
static unsigned int put_heading(const struct source *source, struct message *m, const char *line,
				size_t n, const struct heading *h, const char *next, long *shift)
{
	struct strbuf *out = &m->text;
	unsigned int number, hint = h->line;

	if (!h->ours) {
		if (!put_generator_error(source, out, line, n) &&
		    !put_division_error(source, out, line, n))
			put_line(out, line, n);
		return 0;
	}
	number = source_find(source, next, strcspn(next, "\n"), hint);
	m->own = NULL;
	if (!number) {
		number = source_find_rewritten(source, next, strcspn(next, "\n"),
					       (unsigned int)MAX(h->line + *shift, 1L));
		m->own = number ? line_at(source, number) : NULL;
	}
	if (number)
		*shift = (long)number - (long)h->line;
	else if (h->line + *shift > 0)
		number = (unsigned int)(h->line + *shift);
	source_put_place(source, number ? number : 1, out);
	strbuf_putc(out, ':');
	if (!m->own)
		strbuf_printf(out, "%u:", h->column);
	strbuf_putc(out, ' ');
	put_line(out, h->rest, n - (size_t)(h->rest - line));
	return number;
}

static bool is_summary(const char *line, size_t n)
{
	return n > 10 && isdigit((unsigned char)*line) && !strncmp(line + n - 10, "generated.", 10);
}

void source_messages(const struct source *source, const char *output, bool failed,
		     struct strbuf *errors, struct strbuf *others)
{
	struct message m = {0};
	long shift = 0;

	for (const char *line = output; *line;) {
		size_t n = strcspn(line, "\n");
		const char *next = line + n + (line[n] == '\n');
		struct heading h;

		if (is_summary(line, n)) {
			finish(&m, errors, others);
		} else if (parse_heading(line, n, &h)) {
			bool note = !strncmp(h.rest, "note:", 5);
			unsigned int number = 0;

			if (!note) {
				finish(&m, errors, others);
				m.error = strstr(h.rest, "error:") == h.rest ||
					  !strncmp(h.rest, "fatal ", 6) ||
					  !strncmp(h.rest, "LLVM ", 5);
			}
			/* Where libbcc's own macros come from helps nobody. */
			m.skipping = note && !h.ours;
			m.open = true;
			if (!m.skipping)
				number = put_heading(source, &m, line, n, &h, next, &shift);
			/* What stands below it are the compiler's own things. */
			m.skipping |= !strncmp(h.rest, CANNOT_SELECT, strlen(CANNOT_SELECT));
			if (m.error && !note)
				source_error_at(source, number);
		} else if (m.skipping) {
			/* such as a note's source line and caret */
		} else if (m.open) {
			put_quoted(&m, line, n);
		} else if (n && strncmp(line, "In file included from", 21)) {
			put_line(others, line, n);
		}
		line = next;
	}
	finish(&m, errors, others);
	strbuf_free(&m.text);
	if (failed && !errors->length)
		for (const char *line = output; *line;) {
			size_t n = strcspn(line, "\n");

			put_line(errors, line, n);
			line += n + (line[n] == '\n');
		}
}
