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
	struct option_maybe_size enable; /* heap profiling where it is off; the rate */
	struct victim_report_options report;
	struct watcher_settings settings;
	struct output_directory directory;
	struct loop *loop;
	bool failed; /* at something that was to be done for a victim; set by the watcher's thread,
			read at the end */
};

/* What went wrong with its file, and which others were removed for it. */
static void tell_of_files(struct oomprof *o, const struct victim *v)
{
	if (v->outcome == VICTIM_FAILED)
		message_error("cannot write the profile of PID %u into %s: %s%s", v->process.pid,
			      o->directory.path, strerror(-v->error),
			      output_directory_advice(v->error));
	if (v->removed.files)
		message_verbose("removed, to keep within the limit:\n%s",
				strbuf_text(&v->removed.names));
	if (v->removed.error)
		message_error("cannot remove older profiles from %s: %s", o->directory.path,
			      strerror(-v->removed.error));
	o->failed = o->failed || v->outcome == VICTIM_FAILED || v->removed.error;
}

/* Finish one victim and tell of it. */
static void report(struct oomprof *o, struct victim *v)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct json_writer *w;
	char what[64];
	int r;

	victim_finish(v, &o->directory);
	tell_of_files(o, v);
	if (o->tool.common.json) {
		w = json_writer_open();
		r = victim_report_json(v, &o->report, w);
		r = json_writer_line(w, &out) < 0 ? -ENOMEM : r;
	} else {
		r = victim_report_text(v, &o->report, &out);
	}
	if (r == 0)
		r = tool_print(&out);
	snprintf(what, sizeof(what), "cannot print what became of PID %u", v->process.pid);
	o->failed = tool_status(what, r) != EXIT_OK || o->failed;
}

static void on_victim(struct victim *v, void *user)
{
	report(user, v);
}

static void on_duration(void *user)
{
	loop_stop(((struct oomprof *)user)->loop, EXIT_OK);
}

static int watch(struct oomprof *o)
{
	struct watcher_config config = {.on_victim = on_victim, .user = o};
	struct tracer_map_size sizes[2];
	struct watcher *watcher = NULL;
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
		r = watcher_open(&config, &watcher);
	if (r == 0) {
		tool_protect(RESERVE);
		r = tool_start_line(&o->tool,
				    "Watching for OOM kills of Go programs... Ctrl-C to stop.\n");
	}
	if (r == 0)
		r = watcher_start(watcher);
	if (r == 0)
		r = loop_run(o->loop);
	status = tool_status("cannot watch", r);
	watcher_close(watcher);
	loop_close(o->loop);
	tracer_close(config.tracer);
	return o->failed ? EXIT_FAILED : status;
}

static int profile_living(struct oomprof *o)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct live live = {0};
	int status, r = live_read((pid_t)o->pid, &live, &why);

	if (r < 0) {
		message_error("%s", strbuf_text(&why));
		return r == -EPERM ? EXIT_NOT_ALLOWED : EXIT_FAILED;
	}
	report(o, live.victim);
	status = live.victim->outcome == VICTIM_WRITTEN && !o->failed ? EXIT_OK : EXIT_FAILED;
	live_free(&live);
	return status;
}

/* What goes together, and what operands there may be: -1 to go on, else the exit status. */
static int check_operands(const struct oomprof *o, char *const operands[], int n)
{
	if (o->enable.given && (o->pid || o->check)) {
		message_error("--enable-profiling does not go with %s: at the end profiling is "
			      "switched off again",
			      o->pid ? "-p" : "--check");
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

int main(int argc, char *argv[])
{
	struct oomprof o = {.directory = {.path = ".", .fd = -1},
			    .report.rows = 10,
			    .enable.value = GO_RATE_DEFAULT,
			    .settings = {WATCHER_MAX_WALK_NS, WATCHER_RING_BYTES, false}};
	const struct option_entry options[] = {
		{OPTION_TEXT, 'o', "output", "DIR", "write profiles there (default: here)",
		 &o.directory.path, 0, 0},
		{OPTION_NUMBER, 'n', "rows", "ROWS", "sites to show for each (default: 10)",
		 &o.report.rows, 0, 1000},
		{OPTION_NUMBER, 'p', "pid", "PID", "take one of this living process, and exit",
		 &o.pid, 1, INT32_MAX},
		{OPTION_FLAG, 0, "check", NULL,
		 "only say of each FILE or PID what a kill would give", &o.check, 0, 0},
		{OPTION_NUMBER, 0, "keep", "N", "keep the newest N profiles there, remove others",
		 &o.directory.limit.keep, 1, UINT32_MAX},
		{OPTION_SIZE, 0, "max-bytes", "SIZE", "keep the newest that make up that much",
		 &o.directory.limit.max_bytes, 1, INT64_MAX},
		{OPTION_MAYBE_SIZE, 0, "enable-profiling", "RATE",
		 "switch heap profiling on where it is off", &o.enable, 1, GO_RATE_MOST},
		{OPTION_FLAG, 0, "all-kills", NULL,
		 "profile those killed by a SIGKILL of others, too", &o.settings.all_kills, 0, 0},
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
			    "  go tool pprof -top leaky-4242-20261122T061403.pb.gz\n",
	};
	_cleanup_strbuf_ struct strbuf why = {0};
	int status, first = argc;

	o.tool = (struct tool){.info = &info,
			       .text = oomprof_text,
			       .lines = oomprof_lines,
			       .variants = oom_variants};
	status = tool_begin(&o.tool, argc, argv, &first);
	if (status < 0)
		status = check_operands(&o, argv + first, argc - first);
	if (status < 0 && o.check)
		return oomprof_check(&o.tool, argv + first, argc - first);
	o.report.date = o.tool.common.time;
	o.report.details = o.tool.common.verbose;
	o.report.line_width = tool_line_width();
	/* Who may not use BPF at all need not look for a directory. */
	if (status < 0 && !o.pid)
		status = tool_check_privilege();
	if (status < 0 && output_directory_open(&o.directory, &why) < 0) {
		message_error("%s", strbuf_text(&why));
		status = EXIT_FAILED;
	}
	if (status < 0)
		status = o.pid ? profile_living(&o) : watch(&o);
	output_directory_close(&o.directory);
	tool_end(&o.tool);
	return status;
}
