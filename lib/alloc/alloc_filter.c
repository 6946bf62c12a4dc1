#include "alloc/alloc_filter.h"

#include <errno.h>
#include <regex.h>
#include <string.h>

#include "base/text.h"

struct expression {
	regex_t regex;
	bool set;
};

struct alloc_filter {
	struct expression focus, ignore;
};

int alloc_filter_new(struct alloc_filter **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

static void clear(struct expression *e)
{
	if (e->set)
		regfree(&e->regex);
	e->set = false;
}

void alloc_filter_free(struct alloc_filter *f)
{
	if (!f)
		return;
	clear(&f->focus);
	clear(&f->ignore);
	free(f);
}

void alloc_filter_freep(struct alloc_filter **filter)
{
	alloc_filter_free(*filter);
}

static int set(struct expression *e, const char *text, struct strbuf *why)
{
	regex_t regex;
	char reason[128];
	int r;

	if (!text) {
		clear(e);
		return 0;
	}
	r = regcomp(&regex, text, REG_EXTENDED | REG_NOSUB);
	if (r == REG_ESPACE)
		return -ENOMEM;
	if (r) {
		regerror(r, &regex, reason, sizeof(reason));
		strbuf_putc(why, '\'');
		text_display(why, text, strlen(text));
		strbuf_printf(why, "' is not a regular expression: %s", reason);
		return -EINVAL;
	}
	clear(e);
	*e = (struct expression){regex, true};
	return 0;
}

int alloc_filter_focus(struct alloc_filter *f, const char *regex, struct strbuf *why)
{
	return set(&f->focus, regex, why);
}

int alloc_filter_ignore(struct alloc_filter *f, const char *regex, struct strbuf *why)
{
	return set(&f->ignore, regex, why);
}

static bool matches(const struct expression *e, const char *function, const char *place)
{
	return e->set && (regexec(&e->regex, function, 0, NULL, 0) == 0 ||
			  regexec(&e->regex, place, 0, NULL, 0) == 0);
}

struct alloc_match alloc_filter_frame(const struct alloc_filter *f, const struct heap_frame *frame)
{
	_cleanup_strbuf_ struct strbuf place = {0};

	if (*frame->file)
		strbuf_printf(&place, "%s:%u", frame->file, frame->line);
	return (struct alloc_match){matches(&f->focus, frame->function, strbuf_text(&place)),
				    matches(&f->ignore, frame->function, strbuf_text(&place))};
}

bool alloc_filter_is_open(const struct alloc_filter *f)
{
	return !f || (!f->focus.set && !f->ignore.set);
}

bool alloc_filter_passes(const struct alloc_filter *f, struct alloc_match any)
{
	return alloc_filter_is_open(f) || ((any.focus || !f->focus.set) && !any.ignore);
}
