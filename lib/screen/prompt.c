#include "screen/prompt.h"

#include <string.h>

#include "base/macro.h"
#include "screen/keys.h"

static int is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t before(const struct prompt *p, size_t at)
{
	while (at > 0 && is_continuation(p->text[--at]))
		;
	return at;
}

static size_t behind(const struct prompt *p, size_t at)
{
	if (at < p->length)
		at++;
	while (at < p->length && is_continuation(p->text[at]))
		at++;
	return at;
}

static void remove_between(struct prompt *p, size_t from, size_t to)
{
	memmove(p->text + from, p->text + to, p->length - to + 1);
	p->length -= to - from;
	p->cursor = from;
}

static size_t word_start(const struct prompt *p)
{
	size_t at = p->cursor;

	while (at > 0 && p->text[at - 1] == ' ')
		at--;
	while (at > 0 && p->text[at - 1] != ' ')
		at--;
	return at;
}

static size_t encode(int code, char out[4])
{
	unsigned int c = (unsigned int)code;

	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static void insert(struct prompt *p, int code)
{
	char bytes[4];
	size_t n;

	if (code < ' ' || (code >= 0x7f && code < 0xa0) || code >= SCREEN_UP ||
	    (code >= 0xd800 && code < 0xe000))
		return;
	n = encode(code, bytes);
	if (p->length + n > PROMPT_MOST)
		return;
	memmove(p->text + p->cursor + n, p->text + p->cursor, p->length - p->cursor + 1);
	memcpy(p->text + p->cursor, bytes, n);
	p->length += n;
	p->cursor += n;
}

void prompt_begin(struct prompt *p, const char *text)
{
	size_t n = strlen(text);

	if (n > PROMPT_MOST) {
		n = PROMPT_MOST;
		while (n > 0 && is_continuation(text[n]))
			n--;
	}
	memcpy(p->text, text, n);
	p->text[n] = '\0';
	p->length = p->cursor = n;
}

enum prompt_state prompt_key(struct prompt *p, int key)
{
	switch (key) {
	case SCREEN_ENTER:
		return PROMPT_DONE;
	case SCREEN_ESCAPE:
	case SCREEN_CTRL('g'):
		return PROMPT_CANCELLED;
	case SCREEN_LEFT:
		p->cursor = before(p, p->cursor);
		break;
	case SCREEN_RIGHT:
		p->cursor = behind(p, p->cursor);
		break;
	case SCREEN_HOME:
	case SCREEN_CTRL('a'):
		p->cursor = 0;
		break;
	case SCREEN_END:
	case SCREEN_CTRL('e'):
		p->cursor = p->length;
		break;
	case SCREEN_BACKSPACE:
		remove_between(p, before(p, p->cursor), p->cursor);
		break;
	case SCREEN_DELETE:
		remove_between(p, p->cursor, behind(p, p->cursor));
		break;
	case SCREEN_CTRL('u'):
		remove_between(p, 0, p->cursor);
		break;
	case SCREEN_CTRL('k'):
		remove_between(p, p->cursor, p->length);
		break;
	case SCREEN_CTRL('w'):
		remove_between(p, word_start(p), p->cursor);
		break;
	default:
		insert(p, key);
	}
	return PROMPT_EDITING;
}
