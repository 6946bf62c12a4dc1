#include "proc/pressure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

/* Not what is no number, nor what no report could show. */
static bool is_percent(double value)
{
	return value >= 0 && value <= 100;
}

static int find(const char *text, const char *name, struct pressure_line *ret)
{
	const char *line = strstr(text, name);

	return line &&
			       sscanf(line + strlen(name),
				      " avg10=%lf avg60=%lf avg300=%lf total=%" SCNu64, &ret->avg10,
				      &ret->avg60, &ret->avg300, &ret->total_us) == 4 &&
			       is_percent(ret->avg10) && is_percent(ret->avg60) &&
			       is_percent(ret->avg300)
		       ? 0
		       : -EBADMSG;
}

int pressure_parse(const char *text, struct pressure *ret)
{
	struct pressure p = {0};
	int r = find(text, "some", &p.some);

	/* "cpu" has had no second line before Linux 5.13. */
	if (r == 0 && strstr(text, "full"))
		r = find(text, "full", &p.full);
	if (r == 0)
		*ret = p;
	return r;
}

int pressure_read(const char *root, const char *resource, struct pressure *ret)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[4096];
	int r;

	snprintf(path, sizeof(path), "%s/proc/pressure/%s", root, resource);
	r = file_read(path, 4096, &text);
	return r < 0 ? r : pressure_parse(strbuf_text(&text), ret);
}
