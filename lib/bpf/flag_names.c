#include "bpf/flag_names.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "bpf/flag_value.h"

#define NAME_SIZE 64

struct flag_name {
	uint64_t bits;
	char name[NAME_SIZE];
};

struct flag_names {
	struct flag_name *entries;
	size_t count, capacity;
};

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* Behind "__print_flags(REC->FIELD, "|"," of the field's table; NULL: it has none. */
static const char *find_table(const char *format, const char *field)
{
	static const char call[] = "__print_flags(REC->";
	size_t n = strlen(field);

	for (const char *p = strstr(format, call); p; p = strstr(p, call)) {
		p += strlen(call);
		if (!strncmp(p, field, n) && !isalnum((unsigned char)p[n]) && p[n] != '_') {
			return strchr(p, '{');
		}
	}
	return NULL;
}

/* Behind C, and blanks in front of it, if that is what comes next. */
static bool take(const char **p, char c)
{
	const char *at = skip_blanks(*p);

	if (*at != c)
		return false;
	*p = at + 1;
	return true;
}

/* "\"NAME\"}" */
static bool read_name(const char **p, char name[NAME_SIZE])
{
	size_t n = 0;

	if (!take(p, '"'))
		return false;
	while (isalnum((unsigned char)(*p)[n]) || (*p)[n] == '_')
		n++;
	if (n == 0 || n >= NAME_SIZE)
		return false;
	memcpy(name, *p, n);
	name[n] = '\0';
	*p += n;
	return **p == '"' && take(p, '"') && take(p, '}');
}

static int add(struct flag_names *names, uint64_t bits, const char *name)
{
	struct flag_name *entry;
	int r = array_reserve(&names->entries, &names->capacity, names->count, 1, sizeof(*entry));

	if (r < 0)
		return r;
	entry = &names->entries[names->count++];
	entry->bits = bits;
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	return 0;
}

/* "{BITS, "NAME"}, {BITS, "NAME"})"; an entry whose name is a null pointer ends it as well. */
static int read_table(struct flag_names *names, const char *p, flag_value_fn *value_of, void *user)
{
	char name[NAME_SIZE];
	uint64_t bits;
	int r;

	do {
		if (!take(&p, '{'))
			return -EBADMSG;
		r = flag_value_read(&p, value_of, user, &bits);
		if (r < 0)
			return r;
		if (!take(&p, ','))
			return -EBADMSG;
		if (*skip_blanks(p) == '(')
			return 0;
		if (!read_name(&p, name))
			return -EBADMSG;
		r = add(names, bits, name);
		if (r < 0)
			return r;
	} while (take(&p, ','));
	return take(&p, ')') ? 0 : -EBADMSG;
}

int flag_names_parse(const char *format, const char *field, flag_value_fn *value_of, void *user,
		     struct flag_names **ret)
{
	const char *table = find_table(format, field);
	struct flag_names *names;
	int r;

	if (!table)
		return -ENOENT;
	names = calloc(1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	r = read_table(names, table, value_of, user);
	if (r == 0 && !names->count)
		r = -EBADMSG;
	if (r < 0)
		flag_names_free(names);
	else
		*ret = names;
	return r;
}

/* format_flags() in lib/vsprintf.c. */
int flag_names_text(const struct flag_names *names, uint64_t mask, struct strbuf *out)
{
	for (size_t i = 0; mask && i < names->count; i++) {
		const struct flag_name *e = &names->entries[i];

		if ((mask & e->bits) != e->bits)
			continue;
		strbuf_puts(out, e->name);
		mask &= ~e->bits;
		if (mask)
			strbuf_putc(out, '|');
	}
	if (mask)
		strbuf_printf(out, "0x%" PRIx64, mask);
	return strbuf_error(out);
}

void flag_names_free(struct flag_names *names)
{
	if (!names)
		return;
	free(names->entries);
	free(names);
}

void flag_names_freep(struct flag_names **names)
{
	flag_names_free(*names);
}
