#include "tools/oomkill_sinks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/command_runner.h"
#include "app/exit_codes.h"
#include "app/kept_file.h"
#include "app/message.h"
#include "oom/kill_environment.h"
#include "oom/kill_metrics.h"
#include "proc/clock.h"

#define SECOND_NS UINT64_C(1000000000)

static const struct command_limits limits = {
	.at_once = 8, .waiting = 64, .time_ns = 60 * SECOND_NS, .grace_ns = 5 * SECOND_NS};

#define LAST_START_NS (5 * SECOND_NS) /* the time that waiting commands have at the end */

static int format(const void *user, struct strbuf *out)
{
	return kill_metrics_format(user, out);
}

int oomkill_sinks_open(struct oomkill_sinks *s)
{
	int r = -ENOMEM;

	if (!s->prom_path)
		return -1;
	s->metrics = kill_metrics_new(clock_realtime_ns());
	if (s->metrics)
		r = kept_file_open(s->prom_path, format, s->metrics, &s->file);
	if (r == 0)
		return -1;
	message_error("--prom: cannot write %s: %s", s->prom_path, strerror(-r));
	return EXIT_FAILED;
}

int oomkill_sinks_start(struct oomkill_sinks *s, struct loop *loop)
{
	int r = 0;

	s->waits = !loop;
	if (s->command)
		r = command_runner_open(s->command, KILL_ENVIRONMENT_PREFIX, &limits, &s->runner);
	if (r == 0 && s->command && loop)
		r = loop_add(loop, command_runner_fd(s->runner), command_runner_work, s->runner);
	if (r == 0 && s->file && loop)
		r = kept_file_start(s->file, loop);
	return r;
}

static int run_command(struct oomkill_sinks *s, const struct kill *k, const char *line)
{
	_cleanup_strbuf_ struct strbuf environment = {0};
	char what[64] = "a kill";
	int r = kill_environment(k, line, &environment);

	if (kill_is_known(KILL_UINT, &k->victim.pid))
		snprintf(what, sizeof(what), "PID %" PRIu64 " (\"%.15s\")", k->victim.pid,
			 k->victim.comm ? k->victim.comm : "");
	/* A file may have any number of kills, and none is to be dropped. */
	if (r == 0 && s->waits)
		command_runner_wait(s->runner, false, UINT64_MAX);
	return r < 0 ? r : command_runner_add(s->runner, what, &environment);
}

int oomkill_sinks_kill(struct oomkill_sinks *s, const struct kill *k, const char *line)
{
	int r = 0;

	if (s->metrics) {
		r = kill_metrics_count(s->metrics, k);
		kept_file_changed(s->file);
	}
	return r == 0 && s->runner ? run_command(s, k, line) : r;
}

void oomkill_sinks_lost(struct oomkill_sinks *s, uint64_t total)
{
	if (s->metrics && kill_metrics_lost(s->metrics, total))
		kept_file_changed(s->file);
}

int oomkill_sinks_close(struct oomkill_sinks *s, int status)
{
	if (s->runner)
		command_runner_wait(s->runner, s->waits, s->waits ? UINT64_MAX : LAST_START_NS);
	command_runner_close(s->runner);
	if (kept_file_close(s->file) < 0 && status == EXIT_OK)
		status = EXIT_FAILED;
	kill_metrics_free(s->metrics);
	return status;
}
