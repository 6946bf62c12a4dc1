/* `profile PID`: of a living process, in a thread of its own, as a large one takes seconds. */
#include <errno.h>
#include <dirent.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/parse.h"
#include "tools/oomprof_console.h"
#include "victim/live.h"

struct profile_job {
	void *next; /* of the worker */
	struct oomprof_console *console;
	pid_t pid;
	int result;
	struct strbuf out, why;
};

static void free_job(struct profile_job *job)
{
	strbuf_free(&job->out);
	strbuf_free(&job->why);
	free(job);
}

/* In the worker's thread. */
static void do_job(void *data, void *user)
{
	struct profile_job *job = data;
	struct oomprof_console *c = job->console;
	struct live live = {0};

	(void)user;
	job->result = live_read(job->pid, &live, &job->why);
	if (job->result == 0) {
		job->result = oomprof_output_living(c->output, live.victim, &job->out);
		if (job->result == 0 && live.victim->outcome != VICTIM_WRITTEN) {
			job->result = -EIO;
			strbuf_printf(&job->why, "there is no profile of PID %d", (int)job->pid);
		}
		live_free(&live);
	}
	(void)eventfd_write(c->profiled, 1);
}

static void on_done(void *user)
{
	struct oomprof_console *c = user;
	struct profile_job *job = c->job;
	eventfd_t times;

	(void)eventfd_read(c->profiled, &times);
	if (!job)
		return;
	c->job = NULL;
	console_finish(c->base.console, job->result, &job->out, &job->why);
	free_job(job);
}

static int open_profiler(struct oomprof_console *c)
{
	int r = 0;

	if (c->profiler)
		return 0;
	if (c->profiled < 0) {
		c->profiled = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		r = c->profiled < 0 ? -errno : loop_add(c->loop, c->profiled, on_done, c);
	}
	return r < 0 ? r : worker_open(do_job, NULL, 0, &c->profiler);
}

int oomprof_profile_run(struct command_call *call)
{
	struct oomprof_console *c = call->user;
	struct profile_job *job;
	uint64_t pid;
	int r;

	if (parse_number(call->words[0], 1, INT32_MAX, &pid) < 0) {
		strbuf_printf(call->why, "'%s' is not a PID", call->words[0]);
		return -EINVAL;
	}
	if (c->job) {
		strbuf_puts(call->why, "another profile is being taken");
		return -EBUSY;
	}
	r = open_profiler(c);
	job = r < 0 ? NULL : calloc(1, sizeof(*job));
	if (!job)
		return r < 0 ? r : -ENOMEM;
	job->console = c;
	job->pid = (pid_t)pid;
	c->job = job;
	worker_push(c->profiler, job);
	return COMMAND_GOES_ON;
}

void oomprof_profile_complete(const struct command_completion *completion)
{
	DIR *dir = completion->n_words ? NULL : opendir("/proc");
	const struct dirent *entry;
	uint64_t pid;

	while (dir && (entry = readdir(dir)))
		if (parse_number(entry->d_name, 1, INT32_MAX, &pid) == 0)
			strbuf_printf(completion->out, "%s\n", entry->d_name);
	if (dir)
		closedir(dir);
}

void oomprof_profile_stop(struct oomprof_console *c)
{
	worker_close(STEAL(c->profiler));
	if (c->profiled >= 0) {
		loop_remove(c->loop, c->profiled);
		close(c->profiled);
	}
	if (c->job)
		free_job(STEAL(c->job));
}
