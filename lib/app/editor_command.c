#include "app/editor_command.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

bool editor_takes_line(const char *program)
{
	static const char *const known[] = {
		"vi",	"vim",	 "nvim",  "view",  "rvim",	  "rview",  "nvi", "vile", "elvis",
		"nano", "rnano", "pico",  "emacs", "emacsclient", "xemacs", "mg",  "zile", "jove",
		"joe",	"jmacs", "jstar", "jpico", "rjoe",	  "micro",  "ne",  "kak",  "mcedit",
	};
	const char *slash = strrchr(program, '/'), *name = slash ? slash + 1 : program;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t n = strlen(known[i]);

		/* "vim.basic" and "emacs28-nox", but not "vimdiff". */
		if (!strncmp(name, known[i], n) && !isalpha((unsigned char)name[n]))
			return true;
	}
	return false;
}

/* Where exec would find it; false: nowhere. */
static bool find_program(const char *name, char ret[static PATH_MAX])
{
	const char *path = getenv("PATH");

	if (strchr(name, '/'))
		return snprintf(ret, PATH_MAX, "%s", name) < PATH_MAX && access(ret, X_OK) == 0;
	for (path = path ? path : "/usr/local/bin:/usr/bin:/bin"; *path;) {
		int n = (int)strcspn(path, ":");

		if (snprintf(ret, PATH_MAX, "%.*s/%s", n ? n : 1, n ? path : ".", name) <
			    PATH_MAX &&
		    access(ret, X_OK) == 0)
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

/* "vi" may be busybox, which does not take it; "editor" may be nano, which does. */
bool editor_is_known(const char *name)
{
	char path[PATH_MAX], real[PATH_MAX];

	return find_program(name, path) && realpath(path, real) && editor_takes_line(real);
}

static const char *usual_editor(void)
{
	static const char *const usual[] = {"editor", "vi", "nano"};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (find_program(usual[i], path))
			return usual[i];
	return NULL;
}

static const char *wanted_editor(void)
{
	const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR");

	return visual && *visual ? visual : editor && *editor ? editor : usual_editor();
}

static int split(struct editor_command *c, size_t *ret_n, struct strbuf *why)
{
	char *rest = NULL;
	size_t n = 0;

	for (char *w = strtok_r(c->text, " \t\n", &rest); w; w = strtok_r(NULL, " \t\n", &rest)) {
		if (n == EDITOR_WORDS_MOST) {
			strbuf_puts(why, "VISUAL or EDITOR has too many words");
			return -E2BIG;
		}
		c->words[n++] = w;
	}
	if (!n) {
		strbuf_puts(why, "VISUAL or EDITOR holds blanks only: name an editor by it");
		return -EINVAL;
	}
	*ret_n = n;
	return 0;
}

int editor_command_make(unsigned int line, const char *path, struct editor_command *ret,
			struct strbuf *why)
{
	const char *wanted = wanted_editor();
	size_t n = 0;
	int r;

	*ret = (struct editor_command){0};
	if (!wanted) {
		strbuf_puts(why, "there is no editor here: set EDITOR to one");
		return -ENOENT;
	}
	ret->text = strdup(wanted);
	if (!ret->text)
		return -ENOMEM;
	r = split(ret, &n, why);
	if (r == 0 && line && editor_is_known(ret->words[0])) {
		if (asprintf(&ret->line, "+%u", line) < 0)
			return -ENOMEM;
		ret->words[n++] = ret->line;
	}
	ret->words[n++] = (char *)(uintptr_t)path;
	return r;
}

void editor_command_free(struct editor_command *command)
{
	free(command->text);
	free(command->line);
	*command = (struct editor_command){0};
}
