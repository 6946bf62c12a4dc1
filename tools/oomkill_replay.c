#include "tools/oomkill_replay.h"

#include "app/tool.h"
#include "console/replay.h"
#include "oom/kill_json.h"

static int on_line(void *user, const char *line, size_t n, struct strbuf *why)
{
	_cleanup_kill_ struct kill *k = NULL;
	struct oomkill_output *o = user;
	int r = kill_json_read(line, n, &k, why);

	if (r < 0)
		return r;
	oomkill_output(o, k);
	return o->error;
}

int oomkill_replay(struct oomkill_output *o, const char *path)
{
	const struct replay_config config = {
		.made_by = "oomkill -j or --record",
		.recording = &o->recording,
		.line = on_line,
		.user = o,
	};
	_cleanup_strbuf_ struct strbuf why = {0};
	int r = oomkill_sinks_start(&o->sinks, NULL);

	if (r < 0)
		return tool_status("cannot begin", r);
	return replay_status(replay_file(path, true, &config, &why), &why);
}
