#include "oom/kill_filter_words.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/macro.h"
#include "base/parse.h"
#include "base/text.h"

static const char *const keys[] = {"pid", "name", "uid", "cgroup", "container", "global"};
#define KEYS "pid N[,N], name COMM, uid N[,N], cgroup PATH, container ID, global; or off"

/* "12,345" */
static int parse_numbers(const char *key, const char *text, uint64_t **list, size_t *count,
			 struct strbuf *why)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *one;
	size_t size = *count;

	if (!copy)
		return -ENOMEM;
	while ((one = strsep(&rest, ","))) {
		uint64_t number;

		if (parse_number(one, 0, UINT32_MAX, &number) < 0) {
			strbuf_printf(why, "%s: '", key);
			text_display(why, text, strlen(text));
			strbuf_puts(why, "' is not a number, or several with commas between");
			return -EINVAL;
		}
		if (array_reserve(list, &size, *count, 1, sizeof(**list)) < 0)
			return -ENOMEM;
		(*list)[(*count)++] = number;
	}
	return 0;
}

static int set_text(char **to, const char *value)
{
	free(*to);
	*to = strdup(value);
	return *to ? 0 : -ENOMEM;
}

static int set(struct kill_filter_words *w, const char *key, const char *value, struct strbuf *why)
{
	int r;

	if (!strcmp(key, "pid")) {
		r = parse_numbers(key, value, &w->pids, &w->filter.n_pids, why);
		w->filter.pids = w->pids;
	} else if (!strcmp(key, "uid")) {
		r = parse_numbers(key, value, &w->uids, &w->filter.n_uids, why);
		w->filter.uids = w->uids;
	} else if (!strcmp(key, "name")) {
		r = set_text(&w->name, value);
		w->filter.name = w->name;
	} else if (!strcmp(key, "cgroup")) {
		r = set_text(&w->cgroup, value);
		w->filter.cgroup = w->cgroup;
	} else {
		r = set_text(&w->container, value);
		w->filter.container = w->container;
	}
	return r;
}

static bool is_key(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(word, keys[i]))
			return true;
	return false;
}

/* The words at I; how many they are, or -errno. */
static int take(struct kill_filter_words *w, char *const *words, size_t n, size_t i,
		struct strbuf *why)
{
	int r;

	if (!strcmp(words[i], "global")) {
		w->filter.global = true;
		return 1;
	}
	if (!is_key(words[i])) {
		strbuf_puts(why, "'");
		text_display(why, words[i], strlen(words[i]));
		strbuf_puts(why, "' is nothing to filter by; there are " KEYS);
		return -EINVAL;
	}
	if (i + 1 == n || !*words[i + 1]) {
		strbuf_printf(why, "%s: of what? There are " KEYS, words[i]);
		return -EINVAL;
	}
	r = set(w, words[i], words[i + 1], why);
	return r < 0 ? r : 2;
}

int kill_filter_words_parse(char *const *words, size_t n, struct kill_filter_words *ret,
			    struct strbuf *why)
{
	struct kill_filter_words w = {0};
	int r = 0;

	if (n == 1 && !strcmp(words[0], "off"))
		n = 0;
	for (size_t i = 0; i < n && r >= 0; i += (size_t)MAX(r, 0))
		r = take(&w, words, n, i, why);
	if (r >= 0)
		r = kill_filter_prepare(&w.filter, why);
	if (r < 0) {
		kill_filter_words_clear(&w);
		return r;
	}
	kill_filter_words_clear(ret);
	*ret = w;
	return 0;
}

void kill_filter_words_clear(struct kill_filter_words *w)
{
	kill_filter_clear(&w->filter);
	free(w->pids);
	free(w->uids);
	free(w->name);
	free(w->cgroup);
	free(w->container);
	*w = (struct kill_filter_words){0};
}

bool kill_filter_words_any(const struct kill_filter_words *w)
{
	return w->filter.global || kill_filter_needs_story(&w->filter);
}

static void put_numbers(const char *key, const uint64_t *numbers, size_t n, struct strbuf *out)
{
	for (size_t i = 0; i < n; i++)
		strbuf_printf(out, "%s%" PRIu64, i ? "," : key, numbers[i]);
	strbuf_puts(out, n ? " " : "");
}

static void put_text(const char *key, const char *text, struct strbuf *out)
{
	if (!text)
		return;
	strbuf_puts(out, key);
	text_display(out, text, strlen(text));
	strbuf_putc(out, ' ');
}

void kill_filter_words_put(const struct kill_filter_words *w, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf words = {0};

	put_numbers("pid ", w->pids, w->filter.n_pids, &words);
	put_text("name ", w->name, &words);
	put_numbers("uid ", w->uids, w->filter.n_uids, &words);
	put_text("cgroup ", w->cgroup, &words);
	put_text("container ", w->container, &words);
	strbuf_puts(&words, w->filter.global ? "global " : "");
	if (words.length)
		strbuf_append(out, words.data, words.length - 1);
	else
		strbuf_puts(out, "off");
}

void kill_filter_words_complete(char *const *words, size_t n, struct strbuf *out)
{
	/* Behind a key stands what it is of. */
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], "global") && ++i == n)
			return;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		strbuf_printf(out, "%s\n", keys[i]);
	if (!n)
		strbuf_puts(out, "off\n");
}
