#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The character at bytes[0..n): its length, or 0 if it is not valid UTF-8 (RFC 3629). */
static size_t utf8_next(const unsigned char *s, size_t n, uint32_t *code_ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	uint32_t code;

	if (!length || length > n || s[0] > 0xf4)
		return 0;
	code = length == 1 ? s[0] : s[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*code_ret = code;
	return length;
}

/* Control characters and the invisible ones that reorder or hide what stands around them. */
static bool is_unprintable(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xe0000 && c <= 0xe007f);
}

void text_display(struct strbuf *out, const char *bytes, size_t n)
{
	const unsigned char *s = (const unsigned char *)bytes;

	while (n) {
		uint32_t code = 0;
		size_t length = utf8_next(s, n, &code);

		if (length && !is_unprintable(code)) {
			strbuf_append(out, s, length);
		} else {
			length = MAX(length, (size_t)1);
			for (size_t i = 0; i < length; i++)
				strbuf_printf(out, "\\x%02x", s[i]);
		}
		s += length;
		n -= length;
	}
}

void text_utf8(struct strbuf *out, const char *bytes, size_t n)
{
	const unsigned char *s = (const unsigned char *)bytes;

	while (n) {
		uint32_t code;
		size_t length = utf8_next(s, n, &code);

		if (length)
			strbuf_append(out, s, length);
		else
			strbuf_puts(out, "\xef\xbf\xbd");
		length = MAX(length, (size_t)1);
		s += length;
		n -= length;
	}
}

bool text_is_utf8(const char *bytes, size_t n)
{
	const unsigned char *s = (const unsigned char *)bytes;

	while (n) {
		uint32_t code;
		size_t length = utf8_next(s, n, &code);

		if (!length)
			return false;
		s += length;
		n -= length;
	}
	return true;
}

void text_filename(struct strbuf *out, const char *bytes, size_t n)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._+@-";

	for (size_t i = 0; i < n; i++) {
		bool keep = bytes[i] && strchr(allowed, bytes[i]) && !(i == 0 && bytes[i] == '.') &&
			    !(i == 0 && bytes[i] == '-');

		strbuf_putc(out, keep ? bytes[i] : '_');
	}
	if (!n)
		strbuf_putc(out, '_');
}
