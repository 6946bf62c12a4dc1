#include "tools/oomrank_policy_find.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rank/policy.h"

#define SUFFIX ".bpf.c"

const char *oomrank_policy_folder(void)
{
	/* For tests, and for a program that runs where it was built. */
	const char *given = secure_getenv("OOMTOOLS_POLICIES");

	return given && *given ? given : PKGDATADIR "/policies";
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && !strcmp(s + n - m, end);
}

static bool is_built_in(const char *name)
{
	for (size_t i = 0; policy_names[i]; i++)
		if (!strcmp(policy_names[i], name))
			return true;
	return false;
}

static int is_text(const struct dirent *entry)
{
	return ends_with(entry->d_name, SUFFIX);
}

void oomrank_policy_installed(const char *separator, struct strbuf *out)
{
	struct dirent **entries;
	int n = scandir(oomrank_policy_folder(), &entries, is_text, alphasort);

	for (int i = 0; i < n; i++) {
		strbuf_puts(out, separator);
		oomrank_policy_short(entries[i]->d_name, out);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

void oomrank_policy_short(const char *path, struct strbuf *out)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n = strlen(name);

	if (ends_with(name, SUFFIX))
		n -= strlen(SUFFIX);
	else if (ends_with(name, ".c"))
		n -= strlen(".c");
	strbuf_append(out, name, n);
}

static void say_what_there_is(const char *name, struct strbuf *why)
{
	size_t n;

	strbuf_printf(why, "there is no policy '%s': there are", name);
	for (size_t i = 0; policy_names[i]; i++)
		strbuf_printf(why, "%s %s", i ? "," : "", policy_names[i]);
	n = why->length;
	oomrank_policy_installed(", ", why);
	n = why->length - n;
	strbuf_puts(why, "; or give a file with a BPF text, such as ./mine.bpf.c");
	if (n)
		strbuf_printf(why, " (examples are in %s)", oomrank_policy_folder());
}

int oomrank_policy_find(const char *name, char ret[static PATH_MAX], struct strbuf *why)
{
	if (is_built_in(name))
		return 0;
	if (!strcmp(name, "-") || strchr(name, '/') || ends_with(name, ".c")) {
		snprintf(ret, PATH_MAX, "%s", name);
		return 1;
	}
	if (snprintf(ret, PATH_MAX, "%s/%s" SUFFIX, oomrank_policy_folder(), name) < PATH_MAX &&
	    access(ret, F_OK) == 0)
		return 1;
	say_what_there_is(name, why);
	return -ENOENT;
}
