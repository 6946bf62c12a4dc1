/*
 * oomprof: the Go heap profile of every victim of the OOM killer, taken from its memory at the
 * instant of the kill. Until then it costs a look at each signal and each exec.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "app/exit_codes.h"
#include "app/loop.h"
#include "app/message.h"
#include "app/tool.h"
#include "app/worker.h"
#include "bpf/event_ring.h"
#include "bpf/kernel_map.h"
#include "proc/process.h"
#include "tools/texts.h"
#include "victim/live.h"
#include "victim/output_directory.h"
#include "victim/victim_report.h"
#include "victim/victims.h"

#define MOST_BINARIES 4096 /* the size of the probe's map */
#define TICK_NS 1000000000ull
/* Looks at the rings while a walk is to be expected, before the tick will do: 200 ms. */
#define LOOK_NS 200000
#define LOOKS_MOST 1000

struct oomprof {
	struct tool tool;
	const char *directory_name;
	uint64_t pid;
	struct victim_report_options report;
	struct output_directory directory;
	struct tracer *tracer;
	struct loop *loop;
	struct event_ring *control, *buckets;
	struct worker *worker;
	struct known_binaries *known;
	struct victims *victims;
	uint64_t lost; /* events that found no room, as far as they were reported */
	bool failed;   /* a profile could not be written; set by the worker, read at the end */
};

/* Finish one victim and tell of it. */
static void report(struct oomprof *o, struct victim *v)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct json_writer *w;
	int r;

	victim_finish(v, &o->directory);
	if (v->outcome == VICTIM_FAILED) {
		o->failed = true;
		message_error("cannot write %s: %s", strbuf_text(&v->file_name),
			      strerror(-v->error));
	}
	if (o->tool.common.json) {
		w = json_writer_open();
		r = victim_report_json(v, &o->report, w);
		r = json_writer_line(w, &out) < 0 ? -ENOMEM : r;
	} else {
		r = victim_report_text(v, &o->report, &out);
	}
	if (r == 0)
		r = tool_print(&out);
	(void)tool_status("cannot print", r);
}

static void do_job(void *job, void *user)
{
	report(user, job);
	victim_free(job);
}

/* A program not seen before: look into it once, and tell the probe. */
static void learn(struct oomprof *o, const struct oomprof_seen *seen)
{
	const struct known_binary *b = NULL;
	struct oomprof_binary for_probe;
	uint32_t one = 1;
	int r = known_binaries_learn(o->known, (pid_t)seen->pid, &seen->key, &b);

	if (b) {
		for_probe = known_binary_for_probe(b);
		r = kernel_map_update(tracer_map_fd(o->tracer, "binaries"), &seen->key, &for_probe);
		message_verbose("PID %u: %s is a Go program%s", seen->pid, b->path,
				b->kind == BINARY_READY ? ""
							: " whose heap profile cannot be read");
	} else if (r == BINARY_NOT_GO) {
		(void)kernel_map_update(tracer_map_fd(o->tracer, "not_go"), &seen->key, &one);
	}
	if (r < 0)
		message_warning("PID %u cannot be watched: %s", seen->pid, strerror(-r));
}

static void on_control(const void *data, size_t size, void *user)
{
	const struct oomprof_seen *seen = data;
	struct loadavg load = {.text = "n/a"};
	struct oomprof *o = user;
	int r;

	if (size >= sizeof(*seen) && seen->kind == OOMPROF_EXEC) {
		learn(o, seen);
		return;
	}
	if (size >= sizeof(seen->kind) && seen->kind == OOMPROF_KILL)
		(void)loadavg_read("", &load);
	if (size >= sizeof(struct oomprof_begin) && seen->kind == OOMPROF_BEGIN) {
		const struct oomprof_begin *b = data;

		message_verbose("PID %u: buckets from 0x%llx on, load bias 0x%llx", b->process.pid,
				(unsigned long long)b->head, (unsigned long long)b->bias);
	}
	r = victims_event(o->victims, data, size, &load);
	if (r < 0)
		message_warning("an event from the probe was not understood: %s", strerror(-r));
}

static void on_bucket(const void *data, size_t size, void *user)
{
	struct oomprof *o = user;

	/* Its beginning may have come to the other ring since that was drained. */
	if (!victims_expects(o->victims, data, size))
		event_ring_consume(o->control);
	(void)victims_bucket(o->victims, data, size); /* counted there */
}

static void tell_lost(struct oomprof *o)
{
	uint32_t index = OOMPROF_COUNTER_LOST;
	uint64_t lost;

	if (kernel_map_lookup(tracer_map_fd(o->tracer, "counters"), &index, &lost) < 0 ||
	    lost == o->lost)
		return;
	message_warning("%llu events were lost: the control ring was full",
			(unsigned long long)(lost - o->lost));
	o->lost = lost;
}

/*
 * Wait a little for the walk of a victim. Before Linux 6.16 it runs with interrupts off (see the
 * probe): whatever it says on the rings, nobody is woken before it is over, and by then the ring is
 * full of the first 20,000 buckets.
 */
static bool wait_for_walk(const struct oomprof *o, int *looks)
{
	if (!victims_awaited(o->victims) || ++*looks > LOOKS_MOST)
		return false;
	nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
	return true;
}

/* Both rings until nothing comes, each complete victim handed to the worker; see victims.h. */
static void drain(void *user)
{
	struct oomprof *o = user;
	struct victim *v;
	int n, looks = 0;

	do {
		n = event_ring_consume(o->control);
		victims_settle(o->victims);
		n += event_ring_consume(o->buckets);
		while ((v = victims_take(o->victims, false)))
			if (worker_push(o->worker, v) < 0)
				do_job(v, o);
		if (n > 0)
			looks = 0;
	} while (n > 0 || wait_for_walk(o, &looks));
	tell_lost(o);
}

static void on_duration(void *user)
{
	loop_stop(((struct oomprof *)user)->loop, EXIT_OK);
}

/* The programs that run already, from the probe's iterator. */
static int learn_running(struct oomprof *o)
{
	_cleanup_close_ int fd = tracer_iterate(o->tracer, "iter__task");
	struct oomprof_seen seen[64];
	ssize_t n;

	if (fd < 0)
		return fd;
	while ((n = read(fd, seen, sizeof(seen))) > 0)
		for (size_t i = 0; i < (size_t)n / sizeof(seen[0]); i++)
			learn(o, &seen[i]);
	return n < 0 ? -errno : 0;
}

static int open_parts(struct oomprof *o)
{
	int r = known_binaries_new(MOST_BINARIES, &o->known);

	if (r == 0)
		r = victims_new(o->known, &o->victims);
	if (r == 0)
		r = loop_open(&o->loop);
	if (r == 0)
		r = event_ring_open(tracer_map_fd(o->tracer, "control"), on_control, o,
				    &o->control);
	if (r == 0)
		r = event_ring_open(tracer_map_fd(o->tracer, "buckets"), on_bucket, o, &o->buckets);
	if (r == 0)
		r = loop_add(o->loop, event_ring_fd(o->control), drain, o);
	if (r == 0)
		r = loop_add(o->loop, event_ring_fd(o->buckets), drain, o);
	if (r == 0)
		r = loop_add_timer(o->loop, TICK_NS, TICK_NS, drain, o);
	if (r == 0 && o->tool.common.duration_ns)
		r = loop_add_timer(o->loop, o->tool.common.duration_ns, 0, on_duration, o);
	if (r == 0)
		r = worker_open(do_job, o, &o->worker);
	return r;
}

static void close_parts(struct oomprof *o)
{
	struct victim *v;

	worker_close(o->worker);
	while (o->victims && (v = victims_take(o->victims, true)))
		do_job(v, o);
	event_ring_close(o->control);
	event_ring_close(o->buckets);
	loop_close(o->loop);
	victims_free(o->victims);
	known_binaries_free(o->known);
}

static int watch(struct oomprof *o)
{
	int r, status;

	if (!process_in_initial_pid_namespace()) {
		message_error("this is a PID namespace of its own (a container?), where the "
			      "machine's programs cannot be found; run it on the host or with the "
			      "host's PID namespace (--pid=host)");
		return EXIT_NOT_ALLOWED;
	}
	status = tool_attach(&o->tool, NULL, NULL, &o->tracer);
	if (status >= 0)
		return status;
	r = open_parts(o);
	if (r == 0)
		r = learn_running(o);
	if (r == 0) {
		tool_protect();
		r = tool_start_line(&o->tool,
				    "Watching for OOM kills of Go programs... Ctrl-C to stop.\n");
	}
	if (r == 0)
		r = loop_run(o->loop);
	status = tool_status("cannot watch", r);
	close_parts(o);
	tracer_close(o->tracer);
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
	status = live.victim->outcome == VICTIM_WRITTEN ? EXIT_OK : EXIT_FAILED;
	live_free(&live);
	return status;
}

static int terminal_width(void)
{
	struct winsize size;

	return isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int main(int argc, char *argv[])
{
	struct oomprof o = {.directory_name = ".", .report.rows = 10, .directory.fd = -1};
	const struct option_entry options[] = {
		{OPTION_TEXT, 'o', "output", "DIR", "write profiles there (default: here)",
		 &o.directory_name, 0, 0},
		{OPTION_NUMBER, 'n', "rows", "ROWS", "sites to show for each (default: 10)",
		 &o.report.rows, 0, 1000},
		{OPTION_NUMBER, 'p', "pid", "PID", "take one of this living process, and exit",
		 &o.pid, 1, INT32_MAX},
		{0},
	};
	const struct program_info info = {
		.name = "oomprof",
		.synopsis = "[OPTION]...",
		.summary = "Write the Go heap profile of every victim of the OOM killer.",
		.options = options,
		.examples = "  oomprof -o /var/tmp/oom   # wait for victims\n"
			    "  oomprof -p 4242           # a living Go program, now\n"
			    "  go tool pprof -top leaky-4242-20261122T061403.pb.gz\n",
	};
	_cleanup_strbuf_ struct strbuf why = {0};
	int status;

	o.tool = (struct tool){.info = &info,
			       .text = oomprof_text,
			       .lines = oomprof_lines,
			       .variants = oom_variants};
	status = tool_begin(&o.tool, argc, argv, NULL);
	o.report.date = o.tool.common.time;
	o.report.line_width = terminal_width();
	if (status < 0 && output_directory_open(o.directory_name, &o.directory, &why) < 0) {
		message_error("%s", strbuf_text(&why));
		status = EXIT_FAILED;
	}
	if (status < 0)
		status = o.pid ? profile_living(&o) : watch(&o);
	output_directory_close(&o.directory);
	tool_end(&o.tool);
	return status;
}
