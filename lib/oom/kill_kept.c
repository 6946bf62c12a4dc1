#include "oom/kill_kept.h"

#include <errno.h>
#include <string.h>

#include "oom/kill_json.h"

int kill_kept_open(struct kill_kept *kept)
{
	kept->end = 0;
	return recent_texts_open(&kept->texts, KILL_KEPT_MOST, KILL_KEPT_BYTES_MOST);
}

void kill_kept_close(struct kill_kept *kept)
{
	recent_texts_close(&kept->texts);
}

int kill_kept_add(struct kill_kept *kept, const struct kill *k)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	int r = kill_json_line(k, &line);

	/* Numbers of what is kept follow on each other, so one that is too large has none. */
	if (r < 0 || line.length > KILL_KEPT_BYTES_MOST)
		return r;
	r = recent_texts_add(&kept->texts, line.data, line.length);
	if (r == 0)
		kept->end++;
	return r;
}

uint64_t kill_kept_first(const struct kill_kept *kept)
{
	return kept->end - kept->texts.count;
}

int kill_kept_get(const struct kill_kept *kept, uint64_t number, struct kill **ret)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	const char *line;
	int r;

	if (number < kill_kept_first(kept) || number >= kept->end)
		return -ENOENT;
	line = recent_texts_at(&kept->texts, (size_t)(number - kill_kept_first(kept)));
	r = kill_json_read(line, strlen(line), ret, &why);
	return r == -EBADMSG ? -ENOENT : r;
}

static bool died(const struct kill *k, uint64_t pid)
{
	bool found = k->victim.pid == pid;

	for (size_t i = 0; i < k->n_members && !found; i++)
		found = k->members[i].process.pid == pid;
	return found;
}

int kill_kept_find(const struct kill_kept *kept, uint64_t pid, struct kill **ret)
{
	for (uint64_t i = kept->end; i > kill_kept_first(kept); i--) {
		struct kill *k = NULL;
		int r = kill_kept_get(kept, i - 1, &k);

		if (r == 0 && died(k, pid)) {
			*ret = k;
			return 0;
		}
		kill_free(k);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return -ENOENT;
}
