/* oomrank's command line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "tools/oomrank.h"

#define ROWS 20
#define SECOND UINT64_C(1000000000)

/* There is one command line. */
static struct oomrank_options given;

static const struct option_entry entries[] = {
	{OPTION_FLAG, 'a', "all", NULL, "everything: all processes, all who are passed by",
	 &given.all, 0, 0},
	{OPTION_NUMBER, 'r', "rows", "ROWS", "rows of each list (default: 20)", &given.rows, 1,
	 UINT32_MAX},
	{OPTION_FLAG, 0, "changes", NULL, "with an interval: then only what has changed",
	 &given.changes, 0, 0},
	{OPTION_FLAG, 0, "simulate", NULL, "what oomkill would say of a kill right now",
	 &given.simulate, 0, 0},
	{OPTION_TEXT, 0, "cgroup", "PATH", "as if that memory cgroup were at its limit",
	 &given.cgroup, 0, 0},
	{OPTION_TEXT, 0, "cpuset", "NODES", "as if those NUMA nodes, or a cpuset's, were full",
	 &given.cpuset, 0, 0},
	{OPTION_TEXT, 0, "mempolicy", "NODES", "as if those nodes were, of a memory policy's",
	 &given.mempolicy, 0, 0},
	{OPTION_FLAG, 0, "all-domains", NULL, "all cgroups with a limit: how full, who is next",
	 &given.all_domains, 0, 0},
	{OPTION_TEXTS, 0, "policy", "POLICY", "what if it were that, or the BPF text in a file",
	 &given.policy.names, 0, 0},
	{OPTION_FLAG, 0, "compare", NULL, "all policies, and those given, side by side",
	 &given.policy.compare, 0, 0},
	{OPTION_FLAG, 0, "proc", NULL, "read from /proc even if BPF could be used",
	 &given.from_proc, 0, 0},
	{OPTION_TEXT, 0, "root", "DIR", "read what --capture has written to DIR", &given.root, 0,
	 0},
	{OPTION_TEXT, 0, "capture", "DIR", "write to DIR what --root reads, and exit",
	 &given.capture, 0, 0},
	{OPTION_TEXT, 0, "record", "FILE", "append JSON of each ranking to FILE", &given.record, 0,
	 0},
	{OPTION_TEXT, 0, "replay", "FILE", "show what was recorded, and exit", &given.replay, 0, 0},
	{OPTION_FLAG, 0, "verify", NULL, "compare our reckoning with each oom_score, and exit",
	 &given.verify, 0, 0},
	{OPTION_END, 0, NULL, NULL, NULL, NULL, 0, 0},
};

static bool has_policy(const struct oomrank_options *o)
{
	return o->policy.compare || o->policy.names.count;
}

int oomrank_options_check(const struct oomrank_options *o, const struct common_options *c,
			  struct strbuf *why)
{
	const int domains = !!o->cgroup + !!o->cpuset + !!o->mempolicy;

	if (domains > 1)
		strbuf_puts(why, "--cgroup, --cpuset and --mempolicy are domains: give one of "
				 "them");
	else if (o->all_domains && domains)
		strbuf_puts(why,
			    "--all-domains does not go with --cgroup, --cpuset or --mempolicy");
	else if (o->simulate && (o->all_domains || o->changes))
		strbuf_puts(why, "--simulate tells of one kill: it does not go with --all-domains "
				 "or --changes");
	else if (o->changes && o->all_domains)
		strbuf_puts(why, "--changes does not go with --all-domains");
	else if (has_policy(o) && (o->all_domains || o->simulate || o->changes))
		strbuf_puts(why, "--policy and --compare do not go with --all-domains, --simulate "
				 "or --changes");
	else if ((o->root || o->from_proc) &&
		 ((c->ebpf && !o->policy.names.count) || c->probe || c->edit || c->image ||
		  (c->kernel_headers && !o->policy.names.count)))
		strbuf_puts(why, "--root and --proc use no BPF: they do not go with --ebpf, "
				 "--probe, --edit, --image or --kernel-headers");
	else if (has_policy(o) && (o->capture || o->verify))
		strbuf_puts(why, "--policy and --compare do not go with --capture or --verify");
	else if (o->capture && (o->root || o->verify))
		strbuf_puts(why, "--capture does not go with --root or --verify");
	else if ((o->capture || o->verify) &&
		 (domains || o->all_domains || o->simulate || o->changes))
		strbuf_puts(why,
			    "--capture and --verify are of all processes and make no report: they "
			    "do not go with --cgroup, --cpuset, --mempolicy, --all-domains, "
			    "--simulate or --changes");
	return why->length ? -EINVAL : oomrank_policies_check(&o->policy, c, why);
}

static int check_together(const struct common_options *c)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	if (oomrank_options_check(&given, c, &why) < 0) {
		message_error("%s", strbuf_text(&why));
		return EXIT_USAGE;
	}
	if ((given.capture || given.verify) && (c->console || c->commands || c->script)) {
		message_error("--capture and --verify are done at once: they do not go with -i, -c "
			      "or -X");
		return EXIT_USAGE;
	}
	if (given.replay && (c->console || c->commands || c->script)) {
		message_error(
			"--replay reads a file and ends: it does not go with -i, -c or -X. On "
			"the console there is 'replay FILE'");
		return EXIT_USAGE;
	}
	if (given.replay && (given.record || given.capture || given.verify || given.root)) {
		message_error("--replay reads a file and looks at no machine: it does not go with "
			      "--record, --capture, --verify or --root");
		return EXIT_USAGE;
	}
	if (given.record && (given.capture || given.verify)) {
		message_error("--capture and --verify rank nobody: they do not go with --record");
		return EXIT_USAGE;
	}
	if (c->ebpf && given.policy.names.count)
		return oomrank_policy_print(&given.policy, c);
	return -1;
}

static const struct program_info info = {
	.name = "oomrank",
	.synopsis = "[OPTION]... [interval [count]]",
	.summary = "Show whom the OOM killer would kill next, and why. Nobody is killed.",
	.options = entries,
	.examples = "  oomrank                 # of the whole machine\n"
		    "  oomrank --cgroup /shop  # of a memory cgroup at its limit\n"
		    "  oomrank --all-domains   # how full all cgroups are, and who is next\n"
		    "  oomrank --changes 10    # every 10 seconds what has changed\n"
		    "  oomrank --compare       # who would die under other policies\n"
		    "  oomrank --policy youngest-first  # or protect-database, prefer-batch\n"
		    "  oomrank -j              # for programs: an object for each process\n"
		    "  oomrank --capture m     # keep this machine, for: oomrank --root m\n",
	.check = check_together,
	.force_with = "--policy FILE",
};

int oomrank_options_parse(struct oomrank *o, int argc, char *argv[])
{
	int status, first = argc;
	const struct common_options *c = &o->tool.common;

	o->tool.info = &info;
	status = tool_begin(&o->tool, argc, argv, &first);
	if (status >= 0)
		return status;
	if (first < argc && (given.capture || given.verify)) {
		message_error("--capture and --verify are done once: they take no interval");
		return EXIT_USAGE;
	}
	status = options_interval(&info, argv + first, argc - first, &o->interval_ns, &o->count);
	if (status >= 0)
		return status;
	if (c->duration_ns && !o->interval_ns && !tool_has_console(&o->tool))
		o->interval_ns = SECOND;
	if (given.changes && !o->interval_ns && !tool_has_console(&o->tool)) {
		message_error("--changes tells what has changed from report to report: give an "
			      "interval, such as: oomrank --changes 10");
		return EXIT_USAGE;
	}
	o->options = given;
	/* Paths below it are compared with what they really are. */
	if (given.root) {
		o->options.root = o->own_root = realpath(given.root, NULL);
		if (!o->own_root) {
			message_error("--root: cannot read %s: %s", given.root, strerror(errno));
			return EXIT_FAILED;
		}
	}
	o->options.rows_asked = given.rows;
	/* Programs get all, unless a number was given. */
	if (!given.rows && !given.all && !c->json)
		o->options.rows = ROWS;
	return -1;
}
