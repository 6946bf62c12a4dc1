#include "rank/policy_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"

EMBEDDED_TEXT(oompolicy);

/* The line of the frame that the policy stands for. */
static const char place[] = "/* The policy's text stands here. */\n";

struct line_list {
	struct text_line *lines;
	size_t n, size;
};

static int add_line(struct line_list *list, unsigned int first, const char *file, unsigned int line)
{
	int r = array_reserve(&list->lines, &list->size, list->n, 2, sizeof(*list->lines));

	if (r < 0)
		return r;
	list->lines[list->n++] = (struct text_line){first, file, line};
	list->lines[list->n] = (struct text_line){0};
	return 0;
}

static unsigned int count_lines(const char *text, const char *end)
{
	unsigned int n = 0;

	for (; text < end; text++)
		n += *text == '\n';
	return n;
}

/* Is that line the #include of what stands in the frame already? */
static bool includes_frame(const char *line, size_t n)
{
	_cleanup_free_ char *copy = strndup(line, n);
	char name[32];
	int end = 0;

	return copy && sscanf(copy, " # include \"%31[^\"]\"%n", name, &end) == 1 && end > 0 &&
	       !strcmp(name, "oompolicy.bpf.h");
}

/* The policy, each line at its place, but for the #include. */
static void add_policy(struct strbuf *out, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (!includes_frame(text, n))
			strbuf_append(out, text, n);
		strbuf_putc(out, '\n');
		text += n + (text[n] == '\n');
	}
}

static int map_policy(struct line_list *list, const struct source *policy, unsigned int first)
{
	const struct text_line *l = policy->lines;
	int r = 0;

	if (!l)
		return add_line(list, first, policy->file ? policy->file : "policy", 1);
	for (; l->file && r == 0; l++)
		r = add_line(list, first + l->first - 1, l->file, l->line);
	return r;
}

/* The frame up to line HERE (itself not), the policy with N lines, and the rest of the frame. */
static int map_lines(struct line_list *list, const struct source *policy, unsigned int here,
		     unsigned int n)
{
	const struct source frame = {.text = oompolicy_text, .lines = oompolicy_lines};
	const struct text_line *l = oompolicy_lines;
	const char *file;
	unsigned int line;
	int r = 0;

	for (; l->file && l->first < here && r == 0; l++)
		r = add_line(list, l->first, l->file, l->line);
	if (r == 0)
		r = map_policy(list, policy, here);
	source_locate(&frame, here + 1, &file, &line);
	if (r == 0)
		r = add_line(list, here + n, file, line);
	for (; l->file && r == 0; l++)
		if (l->first > here + 1)
			r = add_line(list, l->first - 1 + n, l->file, l->line);
	return r;
}

/* As it is: it was joined before. */
static int keep(const struct source *policy, struct policy_text *made)
{
	struct line_list list = {0};
	int r = map_policy(&list, policy, 1);

	strbuf_puts(&made->text, policy->text);
	made->lines = list.lines;
	return r;
}

static int join(const struct source *policy, struct policy_text *made)
{
	const char *here = strstr(oompolicy_text, place);
	unsigned int first = count_lines(oompolicy_text, here) + 1;
	struct line_list list = {0};
	int r;

	strbuf_append(&made->text, oompolicy_text, (size_t)(here - oompolicy_text));
	add_policy(&made->text, policy->text);
	r = map_lines(&list, policy, first,
		      count_lines(made->text.data, made->text.data + made->text.length) - first +
			      1);
	strbuf_puts(&made->text, here + sizeof(place) - 1);
	made->lines = list.lines;
	return r;
}

/* Has it "OOM_POLICY(", be it the definition of that? */
static bool has_policy(const char *text)
{
	static const char word[] = "OOM_POLICY";

	while ((text = strstr(text, word))) {
		text += sizeof(word) - 1;
		if (text[strspn(text, " \t")] == '(')
			return true;
	}
	return false;
}

int policy_text_join(const struct source *policy, struct policy_text *ret, struct strbuf *why)
{
	struct policy_text made = {0};
	int r;

	if (!has_policy(policy->text)) {
		strbuf_printf(why,
			      "%s is no policy: it has no OOM_POLICY(name, candidate, domain) { "
			      "... }; POLICIES in the manual page oomrank(8) says what one is",
			      policy->file ? policy->file : "the text");
		return -EINVAL;
	}
	r = strstr(policy->text, "iter__bpf_map_elem") ? keep(policy, &made) : join(policy, &made);
	if (r == 0)
		r = strbuf_error(&made.text);
	if (r < 0) {
		policy_text_free(&made);
		return r;
	}
	*ret = made;
	return 0;
}

void policy_text_free(struct policy_text *text)
{
	strbuf_free(&text->text);
	free(text->lines);
	*text = (struct policy_text){0};
}
