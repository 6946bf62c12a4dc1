#include "oom/kill_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "output/human.h"

int kill_set_text(char **at, const char *bytes, size_t n)
{
	char *copy = strndup(n ? bytes : "", n);

	if (!copy)
		return -ENOMEM;
	free(*at);
	*at = copy;
	return 0;
}

int kill_set_unless_empty(char **at, const char *bytes, size_t n)
{
	if (n && *bytes)
		return kill_set_text(at, bytes, n);
	free(*at);
	*at = NULL;
	return 0;
}

int kill_set_command_line(struct kill_process *p, const char *bytes, size_t n, bool cut)
{
	char *text;

	while (n && !bytes[n - 1])
		n--;
	if (!n)
		return 0;
	text = malloc(n + 1);
	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		text[i] = bytes[i] ? bytes[i] : ' ';
	text[n] = '\0';
	free(p->command_line);
	p->command_line = text;
	p->command_line_cut = cut;
	return 0;
}

static int copy_text(char **to, const char *from)
{
	return kill_set_unless_empty(to, from, from ? strlen(from) : 0);
}

int kill_copy_cgroup(struct kill_process *to, const struct kill_process *from)
{
	const struct kill_table *t = &kill_container_table;
	int r = copy_text(&to->memcg_path, from->memcg_path);

	for (size_t i = 0; i < t->count && r == 0; i++) {
		size_t offset = t->offset + t->fields[i].offset;

		r = copy_text((char **)((char *)to + offset),
			      *(char *const *)((const char *)from + offset));
	}
	return r;
}

void kill_value_text(enum kill_type type, const void *at, struct strbuf *out)
{
	switch (type) {
	case KILL_TEXT:
		strbuf_puts(out, *(char *const *)at);
		break;
	case KILL_UINT:
		strbuf_printf(out, "%" PRIu64, *(const uint64_t *)at);
		break;
	case KILL_INT:
		strbuf_printf(out, "%" PRId64, *(const int64_t *)at);
		break;
	case KILL_SHARE:
		strbuf_printf(out, "%.2f", *(const double *)at);
		break;
	case KILL_BOOL:
		strbuf_puts(out, *(const bool *)at ? "true" : "false");
		break;
	case KILL_TIME:
		human_time_utc(out, *(const uint64_t *)at);
		break;
	}
}
