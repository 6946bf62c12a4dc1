#include "console/tokenizer.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"

struct reader {
	const char *line;
	size_t n, at;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

void token_list_clear(struct token_list *tokens)
{
	for (size_t i = 0; i < tokens->count; i++)
		free(tokens->list[i].text);
	free(tokens->list);
	*tokens = (struct token_list){0};
}

/* One character within a word, with the state of its quotes. False: the word is over. */
static bool take(struct reader *r, char *quote, struct strbuf *text)
{
	char c = r->line[r->at];

	if (*quote == '\'' ? c == '\'' : *quote && c == '"') {
		*quote = 0;
	} else if (c == '\\' && *quote != '\'') {
		if (r->at + 1 < r->n && !is_control(r->line[r->at + 1]))
			strbuf_putc(text, r->line[++r->at]);
		else if (r->at + 1 == r->n)
			*quote = '\\';
	} else if (!*quote && (c == '\'' || c == '"')) {
		*quote = c;
	} else if (!*quote && (is_blank(c) || c == ';')) {
		return false;
	} else {
		strbuf_putc(text, c);
	}
	r->at++;
	return true;
}

static int read_word(struct reader *r, struct token_list *tokens)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct token t = {.start = r->at};
	int e = array_reserve(&tokens->list, &tokens->capacity, tokens->count, 1, sizeof(t));

	if (e < 0)
		return e;
	while (r->at < r->n && !is_control(r->line[r->at]) && take(r, &t.quote, &text))
		;
	strbuf_puts(&text, ""); /* a word may be empty */
	t.end = r->at;
	t.text = strbuf_steal(&text);
	if (!t.text)
		return -ENOMEM;
	tokens->list[tokens->count++] = t;
	return 0;
}

static int complain(const struct reader *r, const struct token_list *tokens, struct strbuf *why)
{
	char quote = tokens->count ? tokens->list[tokens->count - 1].quote : 0;

	if (r->at < r->n && is_control(r->line[r->at])) {
		strbuf_printf(why, "character %zu is a control character (0x%02x): remove it",
			      r->at + 1, (unsigned char)r->line[r->at]);
		return -EINVAL;
	}
	if (quote == '\\')
		strbuf_puts(why, "there is nothing behind the backslash at the end");
	else if (quote)
		strbuf_printf(why, "the quote %c at character %zu is not closed", quote,
			      tokens->list[tokens->count - 1].start + 1);
	return quote ? -EINVAL : 0;
}

int tokenize(const char *line, size_t n, size_t from, struct token_list *ret, struct strbuf *why)
{
	struct reader r = {line, n, from};
	int e;

	token_list_clear(ret);
	ret->next = n;
	for (;;) {
		while (r.at < n && is_blank(line[r.at]))
			r.at++;
		if (r.at == n || line[r.at] == '#')
			return 0;
		if (line[r.at] == ';') {
			ret->next = r.at + 1;
			return 0;
		}
		if (!is_control(line[r.at])) {
			e = read_word(&r, ret);
			if (e < 0)
				return e;
		}
		e = complain(&r, ret, why);
		if (e < 0)
			return e;
	}
}

void token_quote(const char *word, struct strbuf *out)
{
	if (!*word)
		strbuf_puts(out, "\"\"");
	for (const char *c = word; *c; c++) {
		/* A bare question mark asks for help at the prompt. */
		if (strchr(" \t;'\"\\?", *c) || (*c == '#' && c == word))
			strbuf_putc(out, '\\');
		strbuf_putc(out, *c);
	}
}
