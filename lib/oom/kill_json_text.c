#include "oom/kill_json_text.h"

#include <string.h>

#include "base/text.h"

void kill_json_hex(const char *text, struct strbuf *out)
{
	for (const char *s = text; *s; s++)
		strbuf_printf(out, "%02x", (unsigned char)*s);
}

void kill_json_put_exact(struct json_writer *w, const char *key, const char *text)
{
	_cleanup_strbuf_ struct strbuf digits = {0}, key_hex = {0};

	if (text_is_utf8(text, strlen(text)))
		return;
	strbuf_printf(&key_hex, "%s_hex", key);
	kill_json_hex(text, &digits);
	json_writer_text(w, strbuf_text(&key_hex), strbuf_text(&digits), digits.length);
}

void kill_json_put_text(struct json_writer *w, const char *key, const char *text)
{
	json_writer_string(w, key, text);
	kill_json_put_exact(w, key, text);
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool kill_json_unhex(const char *digits, size_t n, struct strbuf *ret)
{
	for (size_t i = 0; i + 1 < n; i += 2) {
		int high = digit(digits[i]), low = digit(digits[i + 1]);

		if (high < 0 || low < 0 || !(high | low))
			return false;
		strbuf_putc(ret, (char)(high << 4 | low));
	}
	return n % 2 == 0;
}
