#include "tools/oomkill_options.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "app/exit_codes.h"
#include "app/message.h"

/* There is one command line. */
static struct oomkill_options given;
static struct option_numbers pids, uids;
static const char *name, *cgroup, *container; /* for the filter, which has copies */

static const struct option_entry entries[] = {
	{OPTION_FLAG, 'x', "explain", NULL, "explain each kill below its line", &given.explain, 0,
	 0},
	{OPTION_FLAG, 's', "victim-stack", NULL, "print the victim's user stack",
	 &given.victim_stack, 0, 0},
	{OPTION_FLAG, 'S', "trigger-stack", NULL, "print the trigger's kernel and user stacks",
	 &given.trigger_stack, 0, 0},
	{OPTION_FLAG, 'f', "folded", NULL, "print folded stacks instead of lines", &given.folded, 0,
	 0},
	{OPTION_NUMBERS, 'p', "pid", "PID", "only kills of these processes", &pids, 1, INT32_MAX},
	{OPTION_TEXT, 'n', "name", "COMM", "only kills of processes of that name", &name, 0, 0},
	{OPTION_NUMBERS, 'u', "uid", "UID", "only kills of these users' processes", &uids, 0,
	 UINT32_MAX - 1},
	{OPTION_TEXT, 0, "cgroup", "PATH", "only in that cgroup or below", &cgroup, 0, 0},
	{OPTION_TEXT, 0, "container", "ID", "only in that container, by id or name", &container, 0,
	 0},
	{OPTION_FLAG, 'g', "global", NULL, "only where the whole machine ran out",
	 &given.filter.filter.global, 0, 0},
	{OPTION_TEXT, 0, "record", "FILE", "append each kill to FILE, as JSON", &given.record, 0,
	 0},
	{OPTION_TEXT, 0, "replay", "FILE", "show what was recorded; - is stdin", &given.replay, 0,
	 0},
	{OPTION_TEXT, 0, "exec", "CMD", "run CMD for each, facts in its environment", &given.exec,
	 0, 0},
	{OPTION_TEXT, 0, "prom", "FILE", "keep counters in FILE, for Prometheus", &given.prom, 0,
	 0},
	{OPTION_END, 0, NULL, NULL, NULL, NULL, 0, 0},
};

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return a && b && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino && S_ISREG(x.st_mode);
}

int oomkill_options_check(const struct oomkill_options *o, const struct common_options *c,
			  struct strbuf *why)
{
	if (c->json && o->explain)
		strbuf_puts(why, "-j has all that -x explains: give one of them");
	else if (o->folded && !o->victim_stack && !o->trigger_stack)
		strbuf_puts(why, "-f prints stacks: say whose, by -s (the victim's) or -S (the "
				 "trigger's)");
	else if (o->folded && (c->json || o->explain))
		strbuf_puts(why, "-f prints stacks instead of all else: it does not go with -j or "
				 "-x");
	return why->length ? -EINVAL : 0;
}

static int check_together(const struct common_options *c)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	if (given.replay && (c->console || c->commands || c->script)) {
		message_error(
			"--replay reads a file and ends: it does not go with -i, -c or -X. On "
			"the console there is 'replay FILE'");
		return EXIT_USAGE;
	}
	if (given.replay &&
	    (c->ebpf || c->probe || c->edit || c->image || c->kernel_headers || c->duration_ns)) {
		message_error("--replay reads a file and traces nothing: it does not go with -d, "
			      "--ebpf, --probe, --edit, --image or --kernel-headers");
		return EXIT_USAGE;
	}
	if (oomkill_options_check(&given, c, &why) < 0) {
		message_error("%s", strbuf_text(&why));
		return EXIT_USAGE;
	}
	if (same_file(given.prom, given.record) || same_file(given.prom, given.replay)) {
		message_error("--prom: %s holds a recording, which would be written over",
			      given.prom);
		return EXIT_USAGE;
	}
	return -1;
}

static const struct program_info info = {
	.name = "oomkill",
	.synopsis = "[OPTION]...",
	.summary = "Trace the OOM killer: who triggered each kill, who died, and the load.",
	.options = entries,
	.examples = "  oomkill              # a line for each OOM kill\n"
		    "  oomkill -x           # and below it, all that explains it\n"
		    "  oomkill -j           # the same for programs, as JSON\n"
		    "  oomkill -s           # and where the victim stood\n"
		    "  oomkill --cgroup /kubepods.slice --record kills.json\n"
		    "  oomkill --replay kills.json -x\n"
		    "  oomkill --ebpf >x.c  # the probe; edit it, then: oomkill --probe x.c\n",
	.check = check_together,
};

static int copy(const char *from, char **to)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

/* The same as if it had been typed on the console. */
static int make_filter(struct kill_filter_words *w, struct strbuf *why)
{
	struct kill_filter *f = &w->filter;
	int r = copy(name, &w->name);

	w->pids = pids.values;
	w->uids = uids.values;
	if (r == 0)
		r = copy(cgroup, &w->cgroup);
	if (r == 0)
		r = copy(container, &w->container);
	f->pids = w->pids;
	f->n_pids = pids.count;
	f->uids = w->uids;
	f->n_uids = uids.count;
	f->name = w->name;
	f->cgroup = w->cgroup;
	f->container = w->container;
	return r < 0 ? r : kill_filter_prepare(f, why);
}

static int prepare_filter(void)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int r = make_filter(&given.filter, &why);

	if (r == 0)
		return -1;
	message_error("--cgroup: %s", r == -EINVAL ? strbuf_text(&why) : strerror(-r));
	return r == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
}

int oomkill_options_parse(struct tool *tool, int argc, char *argv[], struct oomkill_options **ret)
{
	int status;

	*ret = &given;
	tool->info = &info;
	status = tool_begin(tool, argc, argv, NULL);
	return status < 0 ? prepare_filter() : status;
}

void oomkill_options_clear(struct oomkill_options *o)
{
	kill_filter_words_clear(&o->filter);
	kill_columns_clear(&o->columns);
}

bool oomkill_options_need_end(const struct tool *tool, const struct oomkill_options *o)
{
	/* On the console all may be asked of a kill, later. */
	return tool_has_console(tool) || tool->common.json || o->explain || o->record || o->exec ||
	       o->victim_stack || o->trigger_stack;
}

bool oomkill_options_need_story(const struct tool *tool, const struct oomkill_options *o)
{
	return oomkill_options_need_end(tool, o) || o->prom ||
	       kill_filter_needs_story(&o->filter.filter);
}

void oomkill_options_flags(const struct tool *tool, const struct oomkill_options *o,
			   const char **flags)
{
	if (oomkill_options_need_story(tool, o))
		*flags++ = "-DOOMKILL_STORY";
	if (o->victim_stack)
		*flags++ = "-DOOMKILL_VICTIM_STACK";
	if (o->trigger_stack)
		*flags++ = "-DOOMKILL_TRIGGER_STACK";
	*flags = NULL;
}
