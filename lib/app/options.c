#include "app/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "base/array.h"
#include "base/macro.h"
#include "base/parse.h"
#include "base/strbuf.h"

#define MAX_OPTIONS 64

struct table {
	struct option_entry entries[MAX_OPTIONS];
	size_t count;
};

static void add_entries(struct table *t, const struct option_entry *entries)
{
	for (; entries->kind != OPTION_END && t->count < MAX_OPTIONS; entries++)
		t->entries[t->count++] = *entries;
}

static void make_table(struct table *t, const struct program_info *info, struct common_options *c)
{
	const struct option_entry common[] = {
		{OPTION_FLAG, 'T', "time", NULL, "print the full date and time with each event",
		 &c->time, 0, 0},
		{OPTION_FLAG, 'j', "json", NULL, "print JSON, one object a line", &c->json, 0, 0},
		{OPTION_DURATION, 'd', "duration", "SECONDS", "stop after that long",
		 &c->duration_ns, 0, 0},
		{OPTION_FLAG, 'i', "console", NULL, "take commands from the terminal meanwhile",
		 &c->console, 0, 0},
		{OPTION_TEXT, 'c', "commands", "CMDS", "carry out these commands: 'CMD; CMD'",
		 &c->commands, 0, 0},
		{OPTION_TEXT, 'X', "script", "FILE", "carry out the commands in FILE; - is stdin",
		 &c->script, 0, 0},
		{OPTION_FLAG, 0, "ebpf", NULL, "print the BPF text and exit", &c->ebpf, 0, 0},
		{OPTION_TEXT, 0, "probe", "FILE", "run the BPF text in FILE instead", &c->probe, 0,
		 0},
		{OPTION_FLAG, 0, "force", NULL, "even if others may write to that file", &c->force,
		 0, 0},
		{OPTION_FLAG, 0, "edit", NULL, "open the BPF text in $EDITOR first", &c->edit, 0,
		 0},
		{OPTION_TEXT, 0, "image", "FILE", "run an image made by oomtools-compile",
		 &c->image, 0, 0},
		{OPTION_FLAG, 0, "kernel-headers", NULL,
		 "compile with the installed kernel headers", &c->kernel_headers, 0, 0},
		{OPTION_FLAG, 'v', "verbose", NULL, "say what is being done and why", &c->verbose,
		 0, 0},
		{OPTION_FLAG, 'h', "help", NULL, "print this help and exit", &c->help, 0, 0},
		{OPTION_FLAG, 'V', "version", NULL, "print the version and exit", &c->version, 0,
		 0},
		{OPTION_END, 0, NULL, NULL, NULL, NULL, 0, 0},
	};

	t->count = 0;
	if (info->options)
		add_entries(t, info->options);
	add_entries(t, common);
}

static bool argument_optional(const struct option_entry *e)
{
	return e->kind == OPTION_MAYBE_SIZE;
}

static void print_help(const struct program_info *info, const struct table *t)
{
	printf("Usage: %s %s\n\n%s\n\nOptions:\n", info->name, info->synopsis, info->summary);
	for (size_t i = 0; i < t->count; i++) {
		const struct option_entry *e = &t->entries[i];
		const char *form = argument_optional(e) ? "--%s[=%s]" : "--%s %s";
		char left[64];
		int n = 0;

		if (e->letter)
			n = snprintf(left, sizeof(left), "-%c, ", e->letter);
		else
			n = snprintf(left, sizeof(left), "    ");
		snprintf(left + n, sizeof(left) - (size_t)n, e->argument ? form : "--%s", e->name,
			 e->argument);
		printf("  %-26s %s\n", left, e->help);
	}
	printf("\nExamples:\n%s", info->examples);
}

static int close_stdout(void)
{
	if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
		return EXIT_OK;
	message_error("cannot write to standard output: %s", strerror(errno));
	return EXIT_FAILED;
}

/* "a, b or c" */
static void put_names(struct strbuf *out, const char *const *names)
{
	for (size_t i = 0; names[i]; i++)
		strbuf_printf(out, "%s%s", !i ? "" : names[i + 1] ? ", " : " or ", names[i]);
}

int options_find(const char *const *names, const char *argument, struct strbuf *why)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], argument))
			return i;
	strbuf_printf(why, "'%s' is not ", argument);
	put_names(why, names);
	return -EINVAL;
}

int options_choose(const struct program_info *info, const char *name, const char *const *names,
		   const char *argument)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int i = options_find(names, argument, &why);

	if (i >= 0)
		return i;
	message_error("--%s: %s; see '%s --help'", name, strbuf_text(&why), info->name);
	return -1;
}

/* Why ARGUMENT will not do. */
static void explain(const struct option_entry *e, const char *argument, int error,
		    struct strbuf *why)
{
	static const char *const wants[] = {
		[OPTION_TEXT] = "a name",
		[OPTION_TEXTS] = "a name",
		[OPTION_NUMBER] = "a whole number",
		[OPTION_SIZE] = "a size such as 512K, 64M or 1G",
		[OPTION_MAYBE_SIZE] = "a size such as 4096 or 512K",
		[OPTION_DURATION] = "seconds more than 0, such as 10, 0.5, 200ms or 1h30m",
		[OPTION_NUMBERS] = "a whole number, or several with commas between",
	};
	const struct option_choice *choice = e->target;

	if (e->kind == OPTION_CHOICE)
		(void)options_find(choice->names, argument, why);
	else if (error == -ERANGE && e->most)
		strbuf_printf(why, "'%s' is not within %llu to %llu", argument,
			      (unsigned long long)e->least, (unsigned long long)e->most);
	else
		strbuf_printf(why, "'%s' is not %s", argument, wants[e->kind]);
}

static int complain(const struct program_info *info, const struct option_entry *e, int error)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	bool told = error == -ERANGE && e->most && e->kind != OPTION_CHOICE;

	explain(e, optarg, error, &why);
	if (told)
		message_error("--%s: %s", e->name, strbuf_text(&why));
	else
		message_error("--%s: %s; see '%s --help'", e->name, strbuf_text(&why), info->name);
	return EXIT_USAGE;
}

static int store_size(const struct option_entry *e, const char *argument, uint64_t *target)
{
	uint64_t size;
	int r = parse_size(argument, &size);

	if (r == 0 && e->most && (size < e->least || size > e->most))
		return -ERANGE;
	if (r == 0)
		*target = size;
	return r;
}

static int store_maybe_size(const struct option_entry *e, const char *argument)
{
	struct option_maybe_size *target = e->target;

	target->given = true;
	return argument ? store_size(e, argument, &target->value) : 0;
}

static int store_numbers(const struct option_entry *e, const char *argument)
{
	struct option_numbers *target = e->target;

	for (const char *part = argument; part; part = strchr(part, ',')) {
		char number[24];
		size_t n;
		int r;

		part += part != argument;
		n = strcspn(part, ",");
		snprintf(number, sizeof(number), "%.*s", (int)MIN(n, sizeof(number)), part);
		r = array_reserve(&target->values, &target->size, target->count, 1,
				  sizeof(*target->values));
		if (r == 0)
			r = parse_number(number, e->least, e->most, &target->values[target->count]);
		if (r < 0)
			return r;
		target->count++;
	}
	return 0;
}

static int store_texts(const struct option_entry *e, const char *argument)
{
	struct option_texts *target = e->target;
	int r = *argument ? array_reserve(&target->values, &target->size, target->count, 1,
					  sizeof(*target->values))
			  : -EINVAL;

	if (r == 0)
		target->values[target->count++] = argument;
	return r;
}

static int store_choice(const struct option_entry *e, const char *argument)
{
	struct option_choice *target = e->target;

	for (int i = 0; target->names[i]; i++)
		if (!strcmp(target->names[i], argument)) {
			target->given = true;
			target->value = i;
			return 0;
		}
	return -EINVAL;
}

static int store(const struct option_entry *e, const char *argument)
{
	switch (e->kind) {
	case OPTION_FLAG:
		*(bool *)e->target = true;
		return 0;
	case OPTION_TEXT:
		*(const char **)e->target = argument;
		return *argument ? 0 : -EINVAL;
	case OPTION_TEXTS:
		return store_texts(e, argument);
	case OPTION_NUMBER:
		return parse_number(argument, e->least, e->most, e->target);
	case OPTION_SIZE:
		return store_size(e, argument, e->target);
	case OPTION_MAYBE_SIZE:
		return store_maybe_size(e, argument);
	case OPTION_DURATION:
		return parse_duration(argument, e->target);
	case OPTION_NUMBERS:
		return store_numbers(e, argument);
	case OPTION_CHOICE:
		return store_choice(e, argument);
	case OPTION_END:
		break;
	}
	return -EINVAL;
}

int options_set(const struct program_info *info, const char *name, const char *argument,
		struct strbuf *why)
{
	for (const struct option_entry *e = info->options; e->kind != OPTION_END; e++)
		if (!strcmp(e->name, name)) {
			int r = store(e, argument);

			if (r < 0)
				explain(e, argument, r, why);
			return r;
		}
	return -ENOENT;
}

static int check_together(const struct program_info *info, const struct common_options *c)
{
	if (c->image && (c->probe || c->edit || c->kernel_headers)) {
		message_error("--image runs what is compiled already; it does not go with --probe, "
			      "--edit or --kernel-headers");
		return EXIT_USAGE;
	}
	if (c->ebpf && (c->console || c->commands || c->script)) {
		message_error("--ebpf prints the text and is done: it does not go with -i, -c or "
			      "-X");
		return EXIT_USAGE;
	}
	if (c->force && !c->probe && !info->force_with) {
		message_error("--force goes with --probe FILE");
		return EXIT_USAGE;
	}
	return -1;
}

int options_parse(const struct program_info *info, struct common_options *common, int argc,
		  char *argv[], int *first)
{
	struct option longs[MAX_OPTIONS + 1] = {0};
	_cleanup_strbuf_ struct strbuf letters = {0};
	struct table t;
	int index, found;

	make_table(&t, info, common);
	for (size_t i = 0; i < t.count; i++) {
		const struct option_entry *e = &t.entries[i];
		int has = !e->argument		 ? no_argument
			  : argument_optional(e) ? optional_argument
						 : required_argument;

		longs[i] = (struct option){e->name, has, NULL, 256 + (int)i};
		if (e->letter)
			strbuf_printf(&letters, "%c%s", e->letter, e->argument ? ":" : "");
	}
	message_init(info->name, false);
	argv[0] = (char *)info->name; /* getopt's own messages begin with it */
	while ((found = getopt_long(argc, argv, strbuf_text(&letters), longs, NULL)) != -1) {
		for (index = 0; index < (int)t.count; index++)
			if (found == 256 + index ||
			    (found < 256 && found == t.entries[index].letter))
				break;
		if (found == '?' || index == (int)t.count) {
			fprintf(stderr, "Try '%s --help'.\n", info->name);
			return EXIT_USAGE;
		}
		int r = store(&t.entries[index], optarg);
		if (r < 0)
			return complain(info, &t.entries[index], r);
	}
	message_init(info->name, common->verbose);
	if (common->help) {
		print_help(info, &t);
		return close_stdout();
	}
	if (common->version) {
		printf("%s %s\n", info->name, PACKAGE_VERSION);
		return close_stdout();
	}
	if (first) {
		*first = optind;
	} else if (optind < argc) {
		message_error("'%s': no operand is expected here; see '%s --help'", argv[optind],
			      info->name);
		return EXIT_USAGE;
	}
	index = check_together(info, common);
	return index < 0 && info->check ? info->check(common) : index;
}

int options_interval(const struct program_info *info, char *const operands[], int n,
		     uint64_t *ret_interval_ns, uint64_t *ret_count)
{
	if (n > 2) {
		message_error("'%s': only an interval and a count are expected here; see '%s "
			      "--help'",
			      operands[2], info->name);
		return EXIT_USAGE;
	}
	if (n > 0 && parse_duration(operands[0], ret_interval_ns) < 0) {
		message_error("'%s' is not an interval: seconds more than 0, such as 10, 0.5, "
			      "200ms or 1h30m; see '%s --help'",
			      operands[0], info->name);
		return EXIT_USAGE;
	}
	if (n > 1 && parse_number(operands[1], 1, UINT32_MAX, ret_count) < 0) {
		message_error("'%s' is not a count: a whole number from 1 on; see '%s --help'",
			      operands[1], info->name);
		return EXIT_USAGE;
	}
	return -1;
}
