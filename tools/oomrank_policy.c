/* The policies that are asked for: found, read, compiled, and let decide on a snapshot. */
#include "tools/oomrank_policy.h"

#include <errno.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "app/privilege.h"
#include "app/probe_text.h"
#include "app/tool.h"
#include "base/array.h"
#include "output/human.h"
#include "rank/policy_report.h"
#include "rank/policy_text.h"
#include "tools/oomrank_policy_find.h"

struct entry {
	struct policy *policy;
	const char *summary; /* NULL: a text */
	char *name;	     /* of a text: what it is called */
	struct probe_text file;
	struct policy_text text;
};

struct oomrank_policies {
	struct entry *entries;
	size_t n, size;
	bool compare;
};

int oomrank_policies_check(const struct oomrank_policy_options *o, const struct common_options *c,
			   struct strbuf *why)
{
	if (o->names.count > 1 && c->ebpf)
		strbuf_puts(why, "--ebpf prints one text: give one --policy");
	else if (o->names.count > 1 && !o->compare)
		strbuf_puts(why, "several policies are shown beside each other: add --compare");
	else if (c->force && !c->probe && !o->names.count)
		strbuf_puts(why, "--force goes with --probe FILE or --policy FILE");
	return why->length ? -EINVAL : 0;
}

static void warn(const struct strbuf *warning)
{
	if (warning->length)
		message_warning("%s", strbuf_text(warning));
}

/* The text in the file, with its frame. */
static int read_text(const char *path, const struct common_options *c, struct entry *e,
		     struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf warning = {0};
	struct source source;
	int r = probe_text_read(path, c->force, "--force", "oomrank", &e->file, why, &warning);

	warn(&warning);
	if (r < 0)
		return r;
	source = probe_text_source(&e->file);
	return policy_text_join(&source, &e->text, why);
}

static void entry_free(struct entry *e)
{
	policy_close(e->policy);
	policy_text_free(&e->text);
	probe_text_free(&e->file);
	free(e->name);
}

int oomrank_policy_print(const struct oomrank_policy_options *options,
			 const struct common_options *common)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	const char *name = options->names.values[0];
	_cleanup_(entry_free) struct entry e = {0};
	char path[PATH_MAX];
	int r = oomrank_policy_find(name, path, &why);

	if (r == 0) {
		message_error("--policy %s is a part of oomrank, not a BPF text: there is nothing "
			      "to print",
			      name);
		return EXIT_USAGE;
	}
	if (r > 0)
		r = read_text(path, common, &e, &why);
	if (r < 0) {
		message_error("--policy: %s", why.length ? strbuf_text(&why) : strerror(-r));
		return EXIT_FAILED;
	}
	return tool_status("cannot write to standard output", tool_print(&e.text.text));
}

static int compile(struct entry *e, const struct common_options *c, struct strbuf *why)
{
	const struct policy_source source = {
		.name = e->name,
		.text = {.text = strbuf_text(&e->text.text), .lines = e->text.lines},
		.tool = "oomrank",
		.version = PACKAGE_VERSION,
		.kernel_headers = c->kernel_headers,
		.log = message_verbose_line,
	};

	if (privilege_check_bpf(why) < 0)
		return -EPERM;
	return policy_open_text(&source, &e->policy, why);
}

/* Of several files the message says which, also where the fault shows in the frame around it. */
static int compile_named(struct entry *e, const struct common_options *c, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	int r = compile(e, c, &text);

	if (r < 0 && r != -EPERM && !strstr(strbuf_text(&text), e->file.name))
		strbuf_printf(why, "%s: ", e->file.name);
	strbuf_puts(why, strbuf_text(&text));
	return r;
}

static int open_text(const char *path, const struct common_options *c, struct entry *e,
		     struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	int r = read_text(path, c, e, why);

	if (r < 0)
		return r;
	oomrank_policy_short(e->file.name, &name);
	e->name = strbuf_steal(&name);
	return e->name ? compile_named(e, c, why) : -ENOMEM;
}

static int open_built_in(const char *name, struct entry *e)
{
	for (size_t i = 0; policy_names[i]; i++)
		if (!strcmp(policy_names[i], name))
			e->summary = policy_summaries[i];
	return policy_open(name, &e->policy);
}

static bool is_there(const struct oomrank_policies *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->entries[i].name && !strcmp(policy_name(p->entries[i].policy), name))
			return true;
	return false;
}

static int add(struct oomrank_policies *p, const char *name, const struct common_options *c,
	       struct strbuf *why)
{
	struct entry e = {0};
	char path[PATH_MAX];
	int r;

	if (is_there(p, name))
		return 0;
	r = array_reserve(&p->entries, &p->size, p->n, 1, sizeof(e));
	if (r == 0)
		r = oomrank_policy_find(name, path, why);
	if (r == 0)
		r = open_built_in(name, &e);
	else if (r > 0)
		r = open_text(path, c, &e, why);
	if (r < 0) {
		entry_free(&e);
		return r;
	}
	p->entries[p->n++] = e;
	return 0;
}

int oomrank_policies_open(const struct oomrank_policy_options *options,
			  const struct common_options *common, struct oomrank_policies **ret,
			  struct strbuf *why)
{
	struct oomrank_policies *p = calloc(1, sizeof(*p));
	int r = p ? 0 : -ENOMEM;

	if (r == 0)
		p->compare = options->compare;
	for (size_t i = 0; options->compare && policy_names[i] && r == 0; i++)
		r = add(p, policy_names[i], common, why);
	for (size_t i = 0; i < options->names.count && r == 0; i++)
		r = add(p, options->names.values[i], common, why);
	if (r < 0) {
		oomrank_policies_close(p);
		if (!why->length)
			strbuf_puts(why, strerror(-r));
		return r;
	}
	*ret = p;
	return 0;
}

static int put(const struct oomrank_policies *p, const struct policy_result *results,
	       const struct machine *m, const struct domain *d, const struct common_options *c,
	       uint64_t rows, struct strbuf *out)
{
	int r = 0;

	for (size_t i = 0; c->json && i < p->n && r == 0; i++)
		r = policy_json(m, d, &results[i], out);
	if (c->json)
		return r;
	human_time(out, m->time_ns, c->time);
	strbuf_printf(out, " loadavg: %s\n", m->loadavg[0] ? m->loadavg : "n/a");
	if (p->compare)
		return policy_table(m, d, results, p->n, tool_line_width(), out);
	return p->n ? policy_report(m, d, results, rows, out) : 0;
}

int oomrank_policies_put(const struct oomrank_policies *p, const struct machine *m,
			 const struct domain *d, const struct common_options *c, uint64_t rows,
			 struct strbuf *out, struct strbuf *why)
{
	struct policy_result *results = calloc(p->n + 1, sizeof(*results));
	int r = results ? 0 : -ENOMEM;
	size_t n = 0;

	for (; n < p->n && r == 0; n++) {
		results[n] = (struct policy_result){.name = policy_name(p->entries[n].policy),
						    .summary = p->entries[n].summary};
		r = policy_decide(p->entries[n].policy, m, d, &results[n].choice, why);
	}
	if (r == 0)
		r = put(p, results, m, d, c, rows, out);
	for (size_t i = 0; i < n; i++)
		policy_choice_clear(&results[i].choice);
	free(results);
	return r;
}

void oomrank_policies_close(struct oomrank_policies *p)
{
	for (size_t i = 0; p && i < p->n; i++)
		entry_free(&p->entries[i]);
	if (p)
		free(p->entries);
	free(p);
}

void oomrank_policy_names(struct strbuf *out)
{
	for (size_t i = 0; policy_names[i]; i++)
		strbuf_printf(out, "%s\n", policy_names[i]);
	oomrank_policy_installed("\n", out);
}
