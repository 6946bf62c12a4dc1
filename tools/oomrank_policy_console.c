/* `policy` and `compare`: what if, as things are now. */
#include <errno.h>

#include "tools/oomrank_console.h"

/* What `show` and the next report compare with stays. */
static int run(struct command_call *call, bool compare)
{
	const struct oomrank_policy_options wanted = {
		.names = {.values = (const char **)call->words, .count = call->n_words},
		.compare = compare,
	};
	struct oomrank *o = call->user;
	struct oomrank_policies *policies = NULL;
	struct oomrank_snapshot s = {0};
	int r = oomrank_policies_open(&wanted, &o->tool.common, &policies, call->why);

	if (r == 0)
		r = oomrank_take(o, &s, call->why);
	if (r == 0)
		r = oomrank_policies_put(policies, s.view.machine, &s.ranking.domain,
					 &o->tool.common, o->options.rows, call->out, call->why);
	oomrank_snapshot_clear(&s);
	oomrank_policies_close(policies);
	return r;
}

int oomrank_run_policy(struct command_call *call)
{
	return run(call, false);
}

int oomrank_run_compare(struct command_call *call)
{
	return run(call, true);
}

void oomrank_complete_policy(const struct command_completion *completion)
{
	oomrank_policy_names(completion->out);
	*completion->files = true;
}
