#include "screen/columns.h"

#include <stdint.h>
#include <string.h>

#include "base/macro.h"

static int total(const int *widths, size_t n)
{
	int sum = 0;

	for (size_t i = 0; i < n; i++)
		if (widths[i])
			sum += widths[i] + (sum > 0);
	return sum;
}

/* The least important of those that are left, the last of several; N if there is only one left. */
static size_t least_important(const struct screen_column *columns, const int *widths, size_t n)
{
	size_t least = n, left = 0;

	for (size_t i = 0; i < n; i++) {
		if (!widths[i])
			continue;
		left++;
		if (least == n || columns[i].importance <= columns[least].importance)
			least = i;
	}
	return left > 1 ? least : n;
}

void columns_fit(const struct screen_column *columns, size_t n, int line, int *widths)
{
	bool fills = n > 0 && columns[n - 1].left;
	size_t out;

	for (size_t i = 0; i < n; i++)
		widths[i] = MAX(MAX(widths[i], columns[i].width), 1);
	while (total(widths, n) > line) {
		out = least_important(columns, widths, n);
		if (out == n)
			break;
		widths[out] = 0;
	}
	if (fills && widths[n - 1])
		widths[n - 1] = MAX(line - total(widths, n - 1) - (total(widths, n - 1) > 0), 1);
}

/* The next character and how many columns it takes; BYTES is how long it is, 0 at the end. */
static wchar_t next_char(const char *s, bool plain, mbstate_t *state, size_t *bytes, int *width)
{
	wchar_t c = L'?';
	size_t n;

	*bytes = 0;
	*width = 1;
	if (!*s)
		return 0;
	if (plain) {
		bool ascii = *s >= ' ' && *s <= '~';

		*bytes = 1;
		/* One '?' for a character, however many bytes it has. */
		while (!ascii && ((unsigned char)s[*bytes] & 0xc0) == 0x80)
			(*bytes)++;
		return ascii ? (wchar_t)*s : L'?';
	}
	n = mbrtowc(&c, s, strlen(s), state);
	if (n == 0 || n > strlen(s)) {
		memset(state, 0, sizeof(*state));
		*bytes = 1;
		return L'?';
	}
	*bytes = n;
	*width = wcwidth(c);
	if (*width >= 0)
		return c;
	*width = 1;
	return L'?';
}

int columns_of_text(const char *utf8, bool plain)
{
	mbstate_t state = {0};
	size_t bytes;
	int width, sum = 0;

	for (; next_char(utf8, plain, &state, &bytes, &width) && bytes; utf8 += bytes)
		sum += width;
	return sum;
}

int columns_cut(const char *utf8, bool plain, int width, wchar_t *ret, size_t n)
{
	bool whole = columns_of_text(utf8, plain) <= width;
	/* A cut text ends in a mark, which takes a column. */
	int room = whole ? width : width - 1, used = 0, w;
	mbstate_t state = {0};
	size_t bytes, count = 0;
	wchar_t c;

	while ((c = next_char(utf8, plain, &state, &bytes, &w)) && count + 2 < n) {
		if (used + w > room)
			break;
		ret[count++] = c;
		used += w;
		utf8 += bytes;
	}
	if (!whole && width > 0 && n > 1) {
		ret[count++] = plain ? L'>' : L'\u2026';
		used++;
	}
	if (n)
		ret[count] = 0;
	return used;
}
