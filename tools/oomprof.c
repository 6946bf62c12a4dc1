/*
 * oomprof: the Go heap profile of every victim of the OOM killer, taken from its memory at the
 * instant of the kill. Until then it costs a look at each signal and each exec.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/loop.h"
#include "app/message.h"
#include "app/tool.h"
#include "go/go_rate.h"
#include "proc/process.h"
#include "tools/oomprof_check.h"
#include "tools/oomprof_console.h"
#include "tools/oomprof_replay.h"
#include "tools/texts.h"
#include "victim/live.h"
#include "victim/output_directory.h"
#include "victim/victim_report.h"
#include "watch/watcher.h"

/* Enough for the profile of an ordinary program, of some thousand buckets. */
#define RESERVE ((size_t)2 << 20)

struct oomprof {
	struct tool tool;
	uint64_t pid;
	bool check;
	const char *record, *replay;
	struct option_maybe_size enable; /* heap profiling where it is off; the rate */
	struct watcher_settings settings;
	struct oomprof_output output;
	struct loop *loop;
};

static void on_victim(struct victim *v, void *user)
{
	oomprof_output_victim(&((struct oomprof *)user)->output, v);
}

static void on_duration(void *user)
{
	loop_stop(((struct oomprof *)user)->loop, EXIT_OK);
}

static int watch(struct oomprof *o)
{
	struct watcher_config config = {.on_victim = on_victim, .user = o};
	struct oomprof_console console = {
		.tool = &o->tool,
		.tracer = &config.tracer,
		.settings = &o->settings,
		.output = &o->output,
		.profiled = -1,
	};
	struct tracer_map_size sizes[2];
	int r, status;

	if (!process_in_initial_pid_namespace()) {
		message_error("this is a PID namespace of its own (a container?), where the "
			      "machine's programs cannot be found; run it on the host or with the "
			      "host's PID namespace (--pid=host)");
		return EXIT_NOT_ALLOWED;
	}
	watcher_map_sizes(&o->settings, sizes);
	o->tool.map_sizes = sizes;
	status = tool_attach(&o->tool, watcher_prepare, &o->settings, &config.tracer);
	if (status >= 0)
		return status;
	config.enable_rate = o->enable.given ? (int64_t)o->enable.value : 0;
	r = loop_open(&o->loop);
	config.loop = o->loop;
	if (r == 0 && o->tool.common.duration_ns)
		r = loop_add_timer(o->loop, o->tool.common.duration_ns, 0, on_duration, o);
	if (r == 0)
		r = watcher_open(&config, &console.watcher);
	if (r == 0) {
		tool_protect(RESERVE);
		r = tool_start_line(&o->tool, "Watching for OOM kills of Go programs...");
	}
	if (r == 0)
		r = watcher_start(console.watcher);
	console.loop = o->loop;
	if (r == 0)
		r = oomprof_console_open(&console);
	if (r == 0)
		r = loop_run(o->loop);
	status = tool_status("cannot watch", r);
	oomprof_console_stop(&console);
	watcher_close(console.watcher);
	status = oomprof_console_close(&console, status);
	loop_close(o->loop);
	tracer_close(config.tracer);
	return o->output.failed ? EXIT_FAILED : status;
}

static int profile_living(struct oomprof *o)
{
	_cleanup_strbuf_ struct strbuf why = {0}, out = {0};
	struct live live = {0};
	char what[64];
	int status, r = live_read((pid_t)o->pid, &live, &why);

	if (r < 0) {
		message_error("%s", strbuf_text(&why));
		return r == -EPERM ? EXIT_NOT_ALLOWED : EXIT_FAILED;
	}
	r = oomprof_output_living(&o->output, live.victim, &out);
	if (r == 0)
		r = tool_print(&out);
	snprintf(what, sizeof(what), "cannot print what became of PID %u", (unsigned)o->pid);
	status = tool_status(what, r);
	if (live.victim->outcome != VICTIM_WRITTEN || o->output.failed)
		status = EXIT_FAILED;
	live_free(&live);
	return status;
}

/* What goes together, and what operands there may be: -1 to go on, else the exit status. */
static int check_operands(const struct oomprof *o, char *const operands[], int n)
{
	/* What ends by itself. */
	const char *alone = o->pid ? "-p" : o->check ? "--check" : o->replay ? "--replay" : NULL;

	if (o->enable.given && alone) {
		message_error("--enable-profiling does not go with %s: at the end profiling is "
			      "switched off again",
			      alone);
		return EXIT_USAGE;
	}
	if (tool_has_console(&o->tool) && alone) {
		message_error("-i, -c and -X are for a tool that watches: they do not go with %s",
			      alone);
		return EXIT_USAGE;
	}
	if (o->record && alone) {
		message_error("--record keeps victims: it does not go with %s, which sees none",
			      alone);
		return EXIT_USAGE;
	}
	if (o->replay && (o->pid || o->check)) {
		message_error("--replay shows a file and ends: it does not go with %s", alone);
		return EXIT_USAGE;
	}
	if (o->check && n > 0 && !o->pid)
		return -1;
	if (o->check)
		message_error("--check wants files or PIDs behind it, and no -p; see 'oomprof "
			      "--help'");
	else if (n > 0)
		message_error("'%s': no operand is expected here (only after --check); see "
			      "'oomprof --help'",
			      operands[0]);
	return n > 0 || o->check ? EXIT_USAGE : -1;
}

/* Where to write to. Who may not use BPF at all need not look for it. -1, else the exit status. */
static int prepare(struct oomprof *o)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int r = o->pid ? -1 : tool_check_privilege();

	if (r >= 0)
		return r;
	if (output_directory_open(&o->output.directory, &why) < 0) {
		message_error("%s", strbuf_text(&why));
		return EXIT_FAILED;
	}
	if (o->record && recording_start(&o->output.recording, o->record, &why) < 0) {
		message_error("--record: %s", strbuf_text(&why));
		return EXIT_FAILED;
	}
	return -1;
}

int main(int argc, char *argv[])
{
	struct oomprof o = {
		.output = {.directory = {.path = ".", .fd = -1}, .form.report.rows = 10},
		.enable.value = GO_RATE_DEFAULT,
		.settings = {WATCHER_MAX_WALK_NS, WATCHER_RING_BYTES, false}};
	const struct option_entry options[] = {
		{OPTION_TEXT, 'o', "output", "DIR", "write profiles there (default: here)",
		 &o.output.directory.path, 0, 0},
		{OPTION_NUMBER, 'n', "rows", "ROWS", "sites to show for each (default: 10)",
		 &o.output.form.report.rows, 0, 1000},
		{OPTION_NUMBER, 'p', "pid", "PID", "take one of this living process, and exit",
		 &o.pid, 1, INT32_MAX},
		{OPTION_FLAG, 0, "check", NULL,
		 "only say of each FILE or PID what a kill would give", &o.check, 0, 0},
		{OPTION_NUMBER, 0, "keep", "N", "keep the newest N profiles there, remove others",
		 &o.output.directory.limit.keep, 1, UINT32_MAX},
		{OPTION_SIZE, 0, "max-bytes", "SIZE", "keep the newest that make up that much",
		 &o.output.directory.limit.max_bytes, 1, INT64_MAX},
		{OPTION_MAYBE_SIZE, 0, "enable-profiling", "RATE",
		 "switch heap profiling on where it is off", &o.enable, 1, GO_RATE_MOST},
		{OPTION_FLAG, 0, "all-kills", NULL,
		 "profile those killed by a SIGKILL of others, too", &o.settings.all_kills, 0, 0},
		{OPTION_TEXT, 0, "record", "FILE", "append each victim to FILE, as JSON", &o.record,
		 0, 0},
		{OPTION_TEXT, 0, "replay", "FILE", "show what was recorded; - is stdin", &o.replay,
		 0, 0},
		{OPTION_SIZE, 0, "ring", "SIZE", "kernel buffer for records (default: 8M)",
		 &o.settings.ring_bytes, 4096, 1u << 30},
		{OPTION_DURATION, 0, "max-walk", "SECONDS",
		 "hold a victim's CPU no longer (default: 0.25)", &o.settings.max_walk_ns, 0, 0},
		{0},
	};
	const struct program_info info = {
		.name = "oomprof",
		.synopsis = "[OPTION]...\n       oomprof --check [-j] FILE|PID...",
		.summary = "Write the Go heap profile of every victim of the OOM killer.",
		.options = options,
		.examples = "  oomprof -o /var/tmp/oom   # wait for victims\n"
			    "  oomprof -p 4242           # a living Go program, now\n"
			    "  oomprof --check ./server  # would this one give a profile?\n"
			    "  oomprof --replay oom.json # what --record or -j has kept\n"
			    "  go tool pprof -top leaky-4242-20261122T061403.pb.gz\n",
	};
	int status, first = argc;

	o.tool = (struct tool){.info = &info,
			       .text = oomprof_text,
			       .lines = oomprof_lines,
			       .variants = oom_variants,
			       .renewed_maps = watcher_renewed_maps,
			       .held_maps = watcher_held_maps,
			       .contract = &watcher_contract};
	status = tool_begin(&o.tool, argc, argv, &first);
	if (status < 0)
		status = check_operands(&o, argv + first, argc - first);
	if (status < 0 && o.check)
		return oomprof_check(&o.tool, argv + first, argc - first);
	oomprof_output_form(&o.output, &o.tool);
	if (status < 0 && o.replay)
		status = oomprof_replay_option(&o.output, o.replay);
	if (status < 0)
		status = prepare(&o);
	if (status < 0)
		status = o.pid ? profile_living(&o) : watch(&o);
	status = oomprof_output_close(&o.output, status);
	tool_end(&o.tool);
	return status;
}
