/* Which domain runs out of memory: as it was asked for on the command line. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "app/message.h"
#include "output/human.h"
#include "proc/cgroup_memory.h"
#include "rank/rank_nodes.h"
#include "tools/oomrank.h"

/* Say it once, not with each report. */
static void tell(struct oomrank *o, const struct strbuf *text)
{
	if (!strcmp(strbuf_text(text), strbuf_text(&o->told_domain)))
		return;
	message_warning("%s", strbuf_text(text));
	strbuf_reset(&o->told_domain);
	strbuf_puts(&o->told_domain, strbuf_text(text));
}

/* A captured machine's directory by the name that it had there. */
static const char *below_mount(const char *name, const char *root, const char *mount_point)
{
	const char *there = mount_point + strlen(root);

	return *root && name[0] == '/' && cgroup_is_below(name, there) ? name + strlen(there)
								       : name;
}

static int find_cgroup(const struct oomrank *o, const struct machine *m, uint32_t *ret,
		       struct strbuf *why)
{
	_cleanup_cgroup_memory_ struct cgroup_memory c = {0};
	_cleanup_strbuf_ struct strbuf path = {0};
	const char *root = o->options.root ? o->options.root : "", *name = o->options.cgroup;
	int r = cgroup_memory_open(root, &c);

	if (r < 0 && r != -ENOENT)
		return r;
	if (c.mount_point)
		name = below_mount(name, root, c.mount_point);
	r = cgroup_memory_resolve(&c, *name ? name : "/", &path, why);
	if (r < 0)
		return r;
	*ret = machine_find_cgroup(m, strbuf_text(&path));
	if (*ret != MACHINE_NONE)
		return 0;
	strbuf_printf(why, "there is no memory cgroup '%s' here", strbuf_text(&path));
	return -ENOENT;
}

static int cgroup_domain(struct oomrank *o, const struct machine *m, struct domain *ret,
			 struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	uint32_t cgroup;
	int r = find_cgroup(o, m, &cgroup, why);

	if (r < 0)
		return r;
	r = domain_of_cgroup(m, cgroup, ret);
	if (r == -ENODATA) {
		strbuf_printf(&text,
			      "neither %s nor a cgroup above it has a limit: it runs out when the "
			      "whole machine does",
			      m->cgroups[cgroup].path);
		domain_of_machine(m, ret);
		r = 0;
	} else if (r == 0 && ret->cgroup != cgroup) {
		strbuf_printf(&text, "%s has no limit of its own, that of %s holds: ",
			      m->cgroups[cgroup].path, m->cgroups[ret->cgroup].path);
		human_bytes(&text, (int64_t)ret->limit_bytes);
	}
	if (text.length)
		tell(o, &text);
	return r;
}

static int nodes_domain(const struct oomrank *o, const struct machine *m, struct domain *ret,
			struct strbuf *why)
{
	const char *root = o->options.root ? o->options.root : "";
	const char *policy = o->options.mempolicy, *name = policy ? policy : o->options.cpuset;
	uint64_t nodes = 0;
	int r = rank_nodes_parse(name, &nodes);

	if (r == -EINVAL && policy)
		strbuf_printf(why, "'%s' is no list of NUMA nodes, such as 0 or 0-1,3", name);
	else if (r == -EINVAL)
		r = rank_nodes_of_cpuset(root, name, &nodes, why);
	if (r < 0 && r != -ERANGE)
		return r;
	if (r == -ERANGE || nodes & ~m->nodes) {
		struct domain all = {.kind = DOMAIN_NODES, .nodes = m->nodes};

		strbuf_printf(why, "--%s %s: this machine has only ",
			      policy ? "mempolicy" : "cpuset", name);
		domain_name(m, &all, why);
		return -EINVAL;
	}
	domain_of_nodes(m, policy ? DOMAIN_MEMPOLICY : DOMAIN_NODES, nodes, ret);
	return 0;
}

int oomrank_domain(struct oomrank *o, const struct machine *m, struct domain *ret,
		   struct strbuf *why)
{
	if (o->options.cgroup)
		return cgroup_domain(o, m, ret, why);
	if (o->options.cpuset || o->options.mempolicy)
		return nodes_domain(o, m, ret, why);
	domain_of_machine(m, ret);
	return 0;
}
