#include "bpf/text_names.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "bpf/name_table.h"

struct text_names {
	struct name_table uses;
	bool failed; /* out of memory */
};

enum token_kind {
	TOKEN_END,
	TOKEN_IDENTIFIER,
	TOKEN_PUNCTUATION, /* one character */
	TOKEN_OTHER,	   /* number, string, character */
};

struct token {
	enum token_kind kind;
	const char *start;
	size_t length;
};

/* What the scanner knows about the place it is at. */
struct scanner {
	struct text_names *names;
	const char *at;
	bool line_start;      /* only blanks since the last newline */
	bool in_directive;    /* in a line that starts with # */
	unsigned braces;      /* open { */
	unsigned parens;      /* open ( */
	unsigned enum_braces; /* depth of the body of the enum we are in, or 0 */
	unsigned tag_use;     /* after struct, union or enum: its bit; until the tag or a brace */
	unsigned tag_parens;  /* value of parens at that keyword: skips __attribute__((...)) */
	struct token last[3]; /* last[0] is the newest */
	bool after_tag;	      /* last[0] is the tag of a struct, union or enum */
};

static void add_use(struct text_names *names, const char *s, size_t n, unsigned use)
{
	if (name_table_add(&names->uses, s, n, use) < 0)
		names->failed = true;
}

static bool token_is(const struct token *t, const char *s)
{
	return t->kind == TOKEN_IDENTIFIER && strlen(s) == t->length &&
	       memcmp(t->start, s, t->length) == 0;
}

static bool token_is_char(const struct token *t, const char *any_of)
{
	return t->kind == TOKEN_PUNCTUATION && strchr(any_of, t->start[0]);
}

/*
 * HAVE_TAG__FIELD and its like: both names may hold underscores themselves (task_struct.__state),
 * so every place where they could part is tried; what the kernel does not have is ignored later.
 */
static void add_test_macro(struct text_names *names, const struct token *t)
{
	static const char *const prefixes[] = {"HAVE_ENUMERATOR_", "HAVE_", "ISARRAY_", "BITS_"};
	const char *s = t->start, *end = s + t->length;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (t->length > strlen(prefixes[i]) &&
		    strncmp(s, prefixes[i], strlen(prefixes[i])) == 0)
			break;
	if (i == ARRAY_SIZE(prefixes))
		return;
	s += strlen(prefixes[i]);
	if (i == 0) {
		add_use(names, s, (size_t)(end - s), TEXT_NAME_USED);
		return;
	}
	add_use(names, s, (size_t)(end - s),
		TEXT_NAME_USED | TEXT_NAME_STRUCT | TEXT_NAME_UNION | TEXT_NAME_ENUM);
	for (const char *p = s + 1; p + 2 < end; p++) {
		if (p[0] != '_' || p[1] != '_')
			continue;
		add_use(names, s, (size_t)(p - s),
			TEXT_NAME_USED | TEXT_NAME_STRUCT | TEXT_NAME_UNION);
		add_use(names, p + 2, (size_t)(end - p - 2), TEXT_NAME_USED);
	}
}

/* Past a comment, a blank, a backslash before a newline: true if there was one. */
static bool skip_blank(struct scanner *s)
{
	const char *p = s->at;

	if (p[0] == '\\' && p[1] == '\n') {
		s->at += 2;
	} else if (p[0] == '/' && p[1] == '*') {
		const char *end = strstr(p + 2, "*/");

		s->at = end ? end + 2 : p + strlen(p);
	} else if (p[0] == '/' && p[1] == '/') {
		while (*s->at && (*s->at != '\n' || s->at[-1] == '\\'))
			s->at++;
	} else if (p[0] == '\n') {
		s->line_start = true;
		s->in_directive = false;
		s->at++;
	} else if (isspace((unsigned char)p[0])) {
		s->at++;
	} else {
		return false;
	}
	return true;
}

/* Past a string or character; one that is not closed ends with its line (prose behind #error). */
static void skip_quoted(struct scanner *s)
{
	char quote = *s->at++;

	while (*s->at && *s->at != quote && *s->at != '\n')
		s->at += s->at[0] == '\\' && s->at[1] ? 2 : 1;
	if (*s->at == quote)
		s->at++;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static struct token next_token(struct scanner *s)
{
	struct token t = {0};

	while (skip_blank(s))
		;
	t.start = s->at;
	if (!*s->at)
		return t;
	if (s->at[0] == '#' && s->line_start)
		s->in_directive = true;
	s->line_start = false;
	if (isdigit((unsigned char)s->at[0])) {
		t.kind = TOKEN_OTHER;
		while (is_name_char(*s->at) || *s->at == '.')
			s->at++;
	} else if (is_name_char(s->at[0])) {
		t.kind = TOKEN_IDENTIFIER;
		while (is_name_char(*s->at))
			s->at++;
	} else if (s->at[0] == '"' || s->at[0] == '\'') {
		t.kind = TOKEN_OTHER;
		skip_quoted(s);
	} else {
		t.kind = TOKEN_PUNCTUATION;
		s->at++;
	}
	t.length = (size_t)(s->at - t.start);
	return t;
}

/* "struct X", "struct X {": the tag and whether the text has its body. */
static void note_tag(struct scanner *s, const struct token *t)
{
	bool is_tag = false;

	if (s->after_tag && token_is_char(t, "{"))
		add_use(s->names, s->last[0].start, s->last[0].length, TEXT_NAME_TAG_BODY);
	if (token_is(t, "struct") || token_is(t, "union") || token_is(t, "enum")) {
		s->tag_use = token_is(t, "struct")  ? TEXT_NAME_STRUCT
			     : token_is(t, "union") ? TEXT_NAME_UNION
						    : TEXT_NAME_ENUM;
		s->tag_parens = s->parens;
	} else if (s->tag_use && s->parens <= s->tag_parens) {
		is_tag = t->kind == TOKEN_IDENTIFIER && !token_is(t, "__attribute__");
		if (is_tag)
			add_use(s->names, t->start, t->length, s->tag_use);
		if (is_tag || token_is_char(t, "{;"))
			s->tag_use = 0;
	}
	s->after_tag = is_tag;
}

/*
 * Did the token before T, now that T follows it, declare a name that the kernel's enumerators and
 * typedefs must not take? Good enough for C as people write it; at worst clang reports a clash.
 */
static bool declares(const struct scanner *s, const struct token *t)
{
	const struct token *name = &s->last[0], *before = &s->last[1];

	if (name->kind != TOKEN_IDENTIFIER || s->in_directive)
		return false;
	if (s->enum_braces && s->braces == s->enum_braces && s->parens == 0)
		return token_is_char(before, "{,");
	if (s->braces)
		return false;
	if (s->parens == 0 && token_is_char(t, "(=;[,"))
		return before->kind == TOKEN_IDENTIFIER || token_is_char(before, "*},");
	/* MACRO(name, ...) as BPF_HASH: the macro's own name is in capitals. */
	return s->parens == 1 && token_is_char(t, ",)") && token_is_char(before, "(") &&
	       s->last[2].kind == TOKEN_IDENTIFIER && isupper((unsigned char)s->last[2].start[0]);
}

static void note_declaration(struct scanner *s, const struct token *t)
{
	if (declares(s, t))
		add_use(s->names, s->last[0].start, s->last[0].length, TEXT_NAME_DECLARED);
}

/* Brackets of directives do not count: a macro's body may hold one half of a pair. */
static void note_nesting(struct scanner *s, const struct token *t)
{
	if (s->in_directive)
		return;
	if (token_is_char(t, "(")) {
		s->parens++;
	} else if (token_is_char(t, ")") && s->parens) {
		s->parens--;
	} else if (token_is_char(t, "{")) {
		s->braces++;
		if (token_is(&s->last[0], "enum") || token_is(&s->last[1], "enum"))
			s->enum_braces = s->braces;
	} else if (token_is_char(t, "}") && s->braces) {
		if (s->enum_braces == s->braces)
			s->enum_braces = 0;
		s->braces--;
	}
}

static void skip_line(struct scanner *s)
{
	while (*s->at && *s->at != '\n')
		s->at++;
}

static void scan(struct scanner *s)
{
	struct token t;

	do {
		t = next_token(s);
		if (t.kind == TOKEN_IDENTIFIER && s->in_directive &&
		    token_is_char(&s->last[0], "#") && token_is(&t, "include")) {
			skip_line(s);
			continue;
		}
		note_declaration(s, &t);
		if (t.kind == TOKEN_IDENTIFIER) {
			add_test_macro(s->names, &t);
			add_use(s->names, t.start, t.length, TEXT_NAME_USED);
		}
		note_tag(s, &t);
		note_nesting(s, &t);
		memmove(&s->last[1], &s->last[0], 2 * sizeof(s->last[0]));
		s->last[0] = t;
	} while (t.kind != TOKEN_END);
}

int text_names_scan(const char *text, struct text_names **ret)
{
	struct text_names *names = calloc(1, sizeof(*names));
	struct scanner s = {.names = names, .at = text, .line_start = true};

	if (!names)
		return -ENOMEM;
	scan(&s);
	if (names->failed) {
		text_names_free(names);
		return -ENOMEM;
	}
	*ret = names;
	return 0;
}

unsigned text_names_use(const struct text_names *names, const char *name)
{
	return name_table_get(&names->uses, name, strlen(name));
}

void text_names_free(struct text_names *names)
{
	if (!names)
		return;
	name_table_free(&names->uses);
	free(names);
}
