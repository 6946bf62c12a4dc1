#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/text.h"
#include "console/line_editor_internal.h"
#include "console/tokenizer.h"

#define NAMES_MOST 10000 /* of files that are looked at */

/* What the word may become: names of the tree and of files. */
struct choices {
	struct strbuf text; /* the names, a line each */
	char **names;	    /* into TEXT */
	size_t count, capacity;
};

static void choices_clear(struct choices *c)
{
	strbuf_free(&c->text);
	free(c->names);
}

/* Files that begin with START; a name with control characters cannot be typed. */
static void put_files(const char *start, struct strbuf *out)
{
	const char *slash = strrchr(start, '/'), *base = slash ? slash + 1 : start;
	_cleanup_strbuf_ struct strbuf folder = {0};
	struct dirent *e;
	struct stat st;
	DIR *d;

	strbuf_append(&folder, start, (size_t)(base - start));
	d = opendir(folder.length ? strbuf_text(&folder) : ".");
	for (int i = 0; d && i < NAMES_MOST && (e = readdir(d)); i++) {
		bool control = false;

		for (const char *c = e->d_name; *c; c++)
			control = control || (unsigned char)*c < ' ' || *c == 0x7f;
		if (control || strncmp(e->d_name, base, strlen(base)) != 0 ||
		    (*e->d_name == '.' && *base != '.') || !strcmp(e->d_name, ".") ||
		    !strcmp(e->d_name, ".."))
			continue;
		strbuf_printf(out, "%s%s%s\n", strbuf_text(&folder), e->d_name,
			      fstatat(dirfd(d), e->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode)
				      ? "/"
				      : "");
	}
	if (d)
		closedir(d);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int collect(const struct command_candidates *found, struct choices *c)
{
	char *rest, *name;

	strbuf_append(&c->text, strbuf_text(&found->names), found->names.length);
	if (found->files)
		put_files(found->start, &c->text);
	if (strbuf_error(&c->text) < 0)
		return -ENOMEM;
	rest = c->text.data;
	while (rest && (name = strsep(&rest, "\n"))) {
		if (!*name)
			continue;
		if (array_reserve(&c->names, &c->capacity, c->count, 1, sizeof(*c->names)) < 0)
			return -ENOMEM;
		c->names[c->count++] = name;
	}
	if (c->count)
		qsort(c->names, c->count, sizeof(*c->names), compare);
	return 0;
}

/* How many bytes all of them begin with, whole characters. */
static size_t common(const struct choices *c)
{
	const char *first = c->names[0], *last = c->names[c->count - 1];
	size_t n = 0;

	while (first[n] && first[n] == last[n])
		n++;
	while (n && ((unsigned char)first[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static size_t width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* In columns, as many as there is room for. */
static void list(struct line_editor *p, const struct choices *c)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	int rows = 0, columns = 0;
	size_t widest = 1, across, down;

	p->rl.rl_get_screen_size(&rows, &columns);
	for (size_t i = 0; i < c->count; i++)
		widest = MAX(widest, width(c->names[i]));
	across = MAX((size_t)MAX(columns, 1) / (widest + 2), (size_t)1);
	down = (c->count + across - 1) / across;
	for (size_t row = 0; row < down; row++)
		for (size_t i = row; i < c->count; i += down) {
			text_display(&out, c->names[i], strlen(c->names[i]));
			if (i + down < c->count)
				strbuf_printf(&out, "%*s", (int)(widest + 2 - width(c->names[i])),
					      "");
			else
				strbuf_putc(&out, '\n');
		}
	line_editor_above(p, &out);
}

/* Put it in the place of the word; false: that is what stands there. */
static bool replace(struct line_editor *p, const struct command_candidates *found, const char *name,
		    size_t n, bool whole)
{
	_cleanup_strbuf_ struct strbuf quoted = {0};
	_cleanup_free_ char *copy = strndup(name, n);
	int point = *p->rl.rl_point, from = (int)found->from;

	if (!copy)
		return true;
	token_quote(copy, &quoted);
	if (whole && (!n || name[n - 1] != '/'))
		strbuf_putc(&quoted, ' ');
	if (strbuf_error(&quoted) < 0 ||
	    (quoted.length == (size_t)(point - from) &&
	     !memcmp(*p->rl.rl_line_buffer + from, quoted.data, quoted.length)))
		return false;
	(void)p->rl.rl_delete_text(from, point);
	*p->rl.rl_point = from;
	(void)p->rl.rl_insert_text(strbuf_text(&quoted));
	return true;
}

void line_editor_complete(struct line_editor *p)
{
	struct command_candidates found = {0};
	struct choices c = {0};
	size_t n;

	if (command_complete(p->config.tree, *p->rl.rl_line_buffer, (size_t)*p->rl.rl_point,
			     &found) < 0)
		return;
	if (collect(&found, &c) < 0 || !c.count) {
		(void)p->rl.rl_ding();
	} else {
		n = common(&c);
		if (c.count == 1)
			(void)replace(p, &found, c.names[0], n, true);
		else if (n <= strlen(found.start) || !replace(p, &found, c.names[0], n, false))
			list(p, &c);
	}
	choices_clear(&c);
	command_candidates_clear(&found);
}

/* Within quotes and behind a backslash it is a character like any other. */
static bool is_quoted(const char *line, size_t cursor)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct token_list tokens = {0};
	bool quoted = false;
	size_t from = 0;

	while (from < cursor && tokenize(line, cursor, from, &tokens, &why) != -ENOMEM) {
		from = tokens.next;
		quoted = tokens.count && tokens.list[tokens.count - 1].quote;
	}
	token_list_clear(&tokens);
	return quoted;
}

void line_editor_hint(struct line_editor *p, int key)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	const char *line = *p->rl.rl_line_buffer, typed[] = {(char)key, '\0'};
	size_t cursor = (size_t)*p->rl.rl_point;

	if (is_quoted(line, cursor))
		(void)p->rl.rl_insert_text(typed);
	else if (command_hint(p->config.tree, line, cursor, &out) == 0)
		line_editor_above(p, &out);
}
