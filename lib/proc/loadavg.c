#include "proc/loadavg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

int loadavg_parse(const char *text, struct loadavg *ret)
{
	struct loadavg l = {0};
	size_t n = strcspn(text, "\n");

	if (n >= sizeof(l.text))
		return -EBADMSG;
	memcpy(l.text, text, n);
	if (sscanf(l.text, "%lf %lf %lf %u/%u %u", &l.avg1, &l.avg5, &l.avg15, &l.running, &l.total,
		   &l.last_pid) != 6)
		return -EBADMSG;
	*ret = l;
	return 0;
}

int loadavg_read(const char *root, struct loadavg *ret)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[4096];
	int r;

	snprintf(path, sizeof(path), "%s/proc/loadavg", root);
	r = file_read(path, 4096, &text);
	return r < 0 ? r : loadavg_parse(strbuf_text(&text), ret);
}
