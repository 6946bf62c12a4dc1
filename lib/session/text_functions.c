#include "session/text_functions.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct scanner {
	const char *at;
	unsigned int line;
	bool line_start; /* nothing but blanks before, in this line */
};

static void step(struct scanner *s)
{
	if (*s->at == '\n') {
		s->line++;
		s->line_start = true;
	} else if (!isspace((unsigned char)*s->at)) {
		s->line_start = false;
	}
	s->at++;
}

static void skip_quoted(struct scanner *s)
{
	char quote = *s->at;

	step(s);
	while (*s->at && *s->at != quote && *s->at != '\n') {
		if (*s->at == '\\' && s->at[1])
			step(s);
		step(s);
	}
	if (*s->at)
		step(s);
}

static void skip_line(struct scanner *s)
{
	while (*s->at && *s->at != '\n') {
		if (*s->at == '\\' && s->at[1])
			step(s);
		step(s);
	}
}

static void skip_comment(struct scanner *s)
{
	step(s);
	step(s);
	while (*s->at && strncmp(s->at, "*/", 2))
		step(s);
	if (*s->at) {
		step(s);
		step(s);
	}
}

/* Past what is no code; then at a character of code, or at the end. */
static void skip(struct scanner *s)
{
	for (;;) {
		if (isspace((unsigned char)*s->at))
			step(s);
		else if (!strncmp(s->at, "/*", 2))
			skip_comment(s);
		else if (!strncmp(s->at, "//", 2) || (*s->at == '#' && s->line_start))
			skip_line(s);
		else if (*s->at == '"' || *s->at == '\'')
			skip_quoted(s);
		else
			return;
	}
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Past the bracket at the scanner and all up to the one that closes it. */
static void skip_bracket(struct scanner *s)
{
	unsigned int depth = 0;

	for (;;) {
		skip(s);
		if (!*s->at)
			return;
		if (strchr("({[", *s->at))
			depth++;
		if (strchr(")}]", *s->at) && --depth == 0) {
			step(s);
			return;
		}
		step(s);
	}
}

/* A name and the arguments behind it. */
struct candidate {
	const char *name, *arguments; /* NULL: there is none */
	size_t n;
};

static bool is_macro(const struct candidate *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (islower((unsigned char)c->name[i]))
			return false;
	return c->n > 0;
}

/* The Nth argument of a macro: a name; its length. */
static int argument(const char *at, int which, const char **ret)
{
	int n = 0;

	for (; which; which--) {
		at += strcspn(at, ",)");
		if (*at != ',')
			return 0;
		at++;
	}
	while (isspace((unsigned char)*at))
		at++;
	while (is_name(at[n]) && n < 60)
		n++;
	*ret = at;
	return n;
}

static bool is_called(const struct candidate *c, const char *name)
{
	return c->n == strlen(name) && !strncmp(c->name, name, c->n);
}

static void name_it(const struct candidate *c, struct text_function *f)
{
	const char *a = "", *b = "";
	int n = is_macro(c) ? argument(c->arguments, 0, &a) : 0, m;

	if (n && is_called(c, "TRACEPOINT_PROBE") && (m = argument(c->arguments, 1, &b)))
		snprintf(f->name, sizeof(f->name), "tracepoint__%.*s__%.*s", n, a, m, b);
	else if (n && is_called(c, "OOMTOOLS_CALLBACK"))
		snprintf(f->name, sizeof(f->name), "callback_%.*s", n, a);
	else if (n && !isdigit((unsigned char)*a))
		snprintf(f->name, sizeof(f->name), "%.*s", n, a);
	else
		snprintf(f->name, sizeof(f->name), "%.*s", (int)c->n, c->name);
}

/* One declaration at file scope, up to its ';' or the end of its body. False: it is no function. */
static bool declaration(struct scanner *s, struct text_function *f)
{
	struct candidate found = {0};

	f->first = s->line;
	for (;;) {
		skip(s);
		if (!*s->at || *s->at == ';' || *s->at == '}') {
			if (*s->at)
				step(s);
			return false;
		}
		if (is_name(*s->at)) {
			const char *name = s->at;
			size_t n = 0;

			while (is_name(name[n]))
				n++;
			s->at += n;
			s->line_start = false;
			skip(s);
			if (*s->at == '(' && !(n == 13 && !strncmp(name, "__attribute__", n)))
				found = (struct candidate){name, s->at + 1, n};
		} else if (*s->at == '{') {
			skip_bracket(s);
			f->last = s->line;
			if (!found.n)
				continue; /* of a struct: its ';' is to come */
			name_it(&found, f);
			return true;
		} else if (*s->at == '=') {
			found.n = 0;
			step(s);
		} else if (*s->at == '(' || *s->at == '[') {
			skip_bracket(s);
		} else {
			step(s);
		}
	}
}

void text_functions(const char *text,
		    bool (*visit)(const struct text_function *function, void *user), void *user)
{
	struct scanner s = {.at = text, .line = 1, .line_start = true};
	struct text_function f;

	for (skip(&s); *s.at; skip(&s))
		if (declaration(&s, &f) && !visit(&f, user))
			return;
}
