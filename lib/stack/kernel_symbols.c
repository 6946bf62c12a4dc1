#include "stack/kernel_symbols.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

#define KNOWN_MOST                                                                     \
	1024 /* places that are remembered, some 240 KB; the stacks of kills are alike \
	      */

struct kernel_symbols {
	const char *path;
	struct kernel_place *known;
	size_t count;
};

int kernel_symbols_open(const char *path, struct kernel_symbols **ret)
{
	struct kernel_symbols *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->path = path;
	*ret = s;
	return 0;
}

void kernel_symbols_close(struct kernel_symbols *s)
{
	if (!s)
		return;
	free(s->known);
	free(s);
}

static bool is_known(const struct kernel_symbols *s, struct kernel_place *place)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->known[i].address == place->address) {
			*place = s->known[i];
			return true;
		}
	return false;
}

static void remember(struct kernel_symbols *s, const struct kernel_place *place)
{
	struct kernel_place *known;

	if (!place->start || place->module[0] || s->count == KNOWN_MOST ||
	    is_known(s, &(struct kernel_place){.address = place->address}))
		return;
	known = reallocarray(s->known, s->count + 1, sizeof(*known));
	if (!known)
		return;
	s->known = known;
	known[s->count++] = *place;
}

/* "ffffffff81000000 T startup_64\n", of a module "...\t[name]\n". The best so far is kept. */
static void try_line(const char *line, struct kernel_place *places, size_t n)
{
	char type, name[KERNEL_SYMBOL_SIZE] = "", module[64] = "";
	uint64_t start;
	char *end;

	start = strtoull(line, &end, 16);
	if (!start || *end != ' ')
		return;
	type = end[1];
	if (tolower((unsigned char)type) != 't' && tolower((unsigned char)type) != 'w')
		return;
	for (size_t i = 0; i < n; i++) {
		struct kernel_place *p = &places[i];

		if (start > p->address || start <= p->start)
			continue;
		if (!name[0] && sscanf(end + 2, " %127s [%63[^]]]", name, module) < 1)
			return;
		p->start = start;
		snprintf(p->name, sizeof(p->name), "%s", name);
		snprintf(p->module, sizeof(p->module), "%s", module);
	}
}

/* Code of the kernel has no size there: what is far behind a function is not in it. */
#define FUNCTION_MOST (1u << 20)

static void drop_far(struct kernel_place *p)
{
	if (p->start && p->address - p->start < FUNCTION_MOST)
		return;
	p->start = 0;
	p->name[0] = '\0';
	p->module[0] = '\0';
}

int kernel_symbols_name(struct kernel_symbols *s, struct kernel_place *places, size_t n)
{
	char line[512];
	size_t missing = 0;
	FILE *file;

	for (size_t i = 0; i < n; i++) {
		places[i].start = 0;
		places[i].name[0] = places[i].module[0] = '\0';
		missing += !is_known(s, &places[i]);
	}
	if (!missing)
		return 0;
	file = fopen(s->path, "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		try_line(line, places, n);
	fclose(file);
	for (size_t i = 0; i < n; i++) {
		drop_far(&places[i]);
		remember(s, &places[i]);
	}
	return 0;
}
