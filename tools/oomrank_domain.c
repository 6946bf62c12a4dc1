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

/* v2: where memory is counted that is used in a cgroup without the memory controller. */
static uint32_t find_counting(const struct machine *m, const struct cgroup_memory *c,
			      struct strbuf *path)
{
	uint32_t found = MACHINE_NONE;
	struct cgroup_numbers numbers;

	/* With the controller it was not there yet when the machine was read. */
	if (c->version != 2 || cgroup_memory_read(c, strbuf_text(path), &numbers) == 0)
		return MACHINE_NONE;
	while (found == MACHINE_NONE && path->length > 1) {
		char *slash = strrchr(path->data, '/');

		path->length = (size_t)(slash - path->data);
		*slash = '\0';
		found = machine_find_cgroup(m, path->length ? path->data : "/");
	}
	return found;
}

/* TEXT gets what the user should know about it. */
static int find_cgroup(const struct oomrank *o, const struct machine *m, uint32_t *ret,
		       struct strbuf *text, struct strbuf *why)
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
	strbuf_printf(text, "%s has no memory controller, its memory counts in ",
		      strbuf_text(&path));
	strbuf_printf(why, "there is no memory cgroup '%s' here", strbuf_text(&path));
	*ret = find_counting(m, &c, &path);
	if (*ret == MACHINE_NONE)
		return -ENOENT;
	strbuf_reset(why);
	strbuf_puts(text, m->cgroups[*ret].path);
	return 0;
}

static int cgroup_domain(struct oomrank *o, const struct machine *m, struct domain *ret,
			 struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	uint32_t cgroup;
	int r = find_cgroup(o, m, &cgroup, &text, why);

	if (r < 0)
		return r;
	r = domain_of_cgroup(m, cgroup, ret);
	if (r == -ENODATA) {
		strbuf_printf(
			&text,
			"%sneither %s nor a cgroup above it has a limit: it runs out when the "
			"whole machine does",
			text.length ? "; " : "", m->cgroups[cgroup].path);
		domain_of_machine(m, ret);
		r = 0;
	} else if (r == 0 && ret->cgroup != cgroup) {
		strbuf_printf(&text, "%s%s has no limit of its own, that of %s holds: ",
			      text.length ? "; " : "", m->cgroups[cgroup].path,
			      m->cgroups[ret->cgroup].path);
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
