#include "bpf/flag_value.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEEPEST 64 /* parentheses within parentheses; the kernel has a dozen */

struct reader {
	const char *p;
	unsigned depth;
	flag_value_fn *value_of;
	void *user;
	int error; /* the first one */
};

static uint64_t fail(struct reader *r, int error)
{
	if (!r->error)
		r->error = error;
	return 0;
}

static char peek(struct reader *r)
{
	r->p += strspn(r->p, " \t");
	return *r->p;
}

static size_t word_length(const char *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '_')
		n++;
	return n;
}

static uint64_t number(struct reader *r)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(r->p, &end, 0);
	if (errno)
		return fail(r, -EBADMSG);
	r->p = end + strspn(end, "uUlL");
	return word_length(r->p) ? fail(r, -EBADMSG) : value;
}

static uint64_t enumerator(struct reader *r)
{
	char name[64];
	uint64_t value = 0;
	size_t n = word_length(r->p);
	int error;

	if (n == 0 || n >= sizeof(name) || !r->value_of)
		return fail(r, -EBADMSG);
	memcpy(name, r->p, n);
	name[n] = '\0';
	r->p += n;
	error = r->value_of(r->user, name, &value);
	return error < 0 ? fail(r, error) : value;
}

/* "(unsigned long)", "( gfp_t)": words of small letters. Enumerators are written in capitals. */
static bool skip_cast(struct reader *r)
{
	const char *p = r->p;
	size_t n;

	if (peek(r) != '(')
		return false;
	for (p = r->p + 1; *p != ')'; p += n) {
		n = strspn(p, " \tabcdefghijklmnopqrstuvwxyz_0123456789");
		if (n == 0 || isdigit((unsigned char)p[strspn(p, " \t")]))
			return false;
	}
	if (p[-1] == '(')
		return false;
	r->p = p + 1;
	return true;
}

static uint64_t any_of(struct reader *r);

static uint64_t inner(struct reader *r)
{
	uint64_t value;

	if (++r->depth > DEEPEST)
		return fail(r, -EBADMSG);
	r->p++;
	value = any_of(r);
	r->depth--;
	if (peek(r) != ')')
		return fail(r, -EBADMSG);
	r->p++;
	return value;
}

static uint64_t operand(struct reader *r)
{
	bool inverted = false;

	for (;;) {
		if (peek(r) == '~') {
			inverted = !inverted;
			r->p++;
		} else if (!skip_cast(r)) {
			break;
		}
	}
	uint64_t value = peek(r) == '('			 ? inner(r)
			 : isdigit((unsigned char)*r->p) ? number(r)
							 : enumerator(r);
	return inverted ? ~value : value;
}

static uint64_t shifted(struct reader *r)
{
	uint64_t value = operand(r), by;

	while (!r->error && peek(r) == '<' && r->p[1] == '<') {
		r->p += 2;
		by = operand(r);
		value = by < 64 ? value << by : fail(r, -EBADMSG);
	}
	return value;
}

static uint64_t all_of(struct reader *r)
{
	uint64_t value = shifted(r);

	while (!r->error && peek(r) == '&') {
		r->p++;
		value &= shifted(r);
	}
	return value;
}

static uint64_t any_of(struct reader *r)
{
	uint64_t value = all_of(r);

	while (!r->error && peek(r) == '|') {
		r->p++;
		value |= all_of(r);
	}
	return value;
}

int flag_value_read(const char **p, flag_value_fn *value_of, void *user, uint64_t *ret)
{
	struct reader r = {.p = *p, .value_of = value_of, .user = user};
	uint64_t value = any_of(&r);

	*p = r.p;
	if (r.error)
		return r.error;
	*ret = value;
	return 0;
}
