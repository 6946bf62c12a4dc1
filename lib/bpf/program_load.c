#include "bpf/program_load.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>

#include "base/macro.h"
#include "base/text.h"
#include "bpf/program_loops.h"

#define LOG_SIZE_FIRST (256u << 10)
#define LOG_SIZE_MOST (16u << 20)
#define LOG_LINES_SHOWN 6
#define QUOTES_TRIED 16

/* bpf_attr.prog_name: letters, digits, '_' and '.', 15 of them (include/uapi/linux/bpf.h). */
#define KERNEL_NAME_SIZE 16

/* The target is what tells programs apart, not the prefix. */
static void kernel_name(const char *name, char ret[static KERNEL_NAME_SIZE])
{
	const char *target = strstr(name, "__");

	snprintf(ret, KERNEL_NAME_SIZE, "%.15s", target && target[2] ? target + 2 : name);
}

static int load(const struct program_load *l, char *log, size_t log_size)
{
	const struct image_program *p = l->program;
	char name[KERNEL_NAME_SIZE];
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = l->attach_type,
		    .attach_btf_id = l->attach_btf_id, .log_buf = log, .log_size = (__u32)log_size,
		    .log_level = log ? 1 : 0);
	int fd;

	if (l->btf_fd >= 0 && p->n_functions) {
		opts.prog_btf_fd = (__u32)l->btf_fd;
		opts.func_info = p->functions;
		opts.func_info_cnt = (__u32)p->n_functions;
		opts.func_info_rec_size = sizeof(*p->functions);
		opts.line_info = p->lines;
		opts.line_info_cnt = (__u32)p->n_lines;
		opts.line_info_rec_size = sizeof(*p->lines);
	}
	kernel_name(p->name, name);
	fd = bpf_prog_load(l->type, name, l->license, p->instructions, p->n_instructions, &opts);
	return fd < 0 ? -errno : fd;
}

/* Again, to hear why not; in a larger buffer while the log does not fit. */
static int load_with_log(const struct program_load *l, struct strbuf *ret)
{
	int r = -ENOSPC;

	for (size_t size = LOG_SIZE_FIRST; r == -ENOSPC && size <= LOG_SIZE_MOST; size *= 4) {
		_cleanup_free_ char *log = malloc(size);

		if (!log)
			return -ENOMEM;
		log[0] = '\0';
		r = load(l, log, size);
		strbuf_reset(ret);
		strbuf_append(ret, log, strnlen(log, size));
	}
	return r;
}

static void put_line(struct strbuf *out, const char *line, size_t n)
{
	strbuf_puts(out, "    ");
	text_display(out, line, n);
	strbuf_putc(out, '\n');
}

/* A source line that the log quotes: "; TEXT" or, since Linux 6.9, "; TEXT @ FILE:LINE". */
struct quote {
	const char *text; /* NULL: none */
	size_t n;
	unsigned int number; /* libbcc's; 0: not told */
};

static struct quote parse_quote(const char *text)
{
	struct quote q = {text, strcspn(text, "\n"), 0};

	for (size_t i = q.n; i > 3; i--) {
		unsigned int number;

		if (strncmp(text + i - 3, " @ ", 3))
			continue;
		if (sscanf(text + i, "%*[^: \n]:%u", &number) == 1) {
			q.number = number;
			q.n = i - 3;
		}
		break;
	}
	return q;
}

/* Where the last few quotes of a log begin, the last one last. */
static size_t last_quotes(const char *log, const char *ret[static QUOTES_TRIED])
{
	size_t n = 0;

	for (const char *line = log; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line[0] != ';' || line[1] != ' ')
			continue;
		if (n == QUOTES_TRIED)
			memmove(ret, ret + 1, --n * sizeof(*ret));
		ret[n++] = line + 2;
	}
	return n;
}

/*
 * The last one, and in *RET_LINE its line of the text; 0: not found. libbcc rewrites lines, and
 * adds some: what was found of the lines before tells how far its numbers are off.
 */
static struct quote last_quote(const char *log, const struct source *source, unsigned int *ret_line)
{
	const char *quotes[QUOTES_TRIED];
	size_t n = last_quotes(log, quotes);
	struct quote last = {0};
	unsigned int shift = 0, hint = 0;

	*ret_line = 0;
	for (size_t i = 0; i < n; i++) {
		last = parse_quote(quotes[i]);
		hint = last.number > shift ? last.number - shift : last.number;
		*ret_line = source_find(source, last.text, last.n, hint);
		if (*ret_line && last.number >= *ret_line)
			shift = last.number - *ret_line;
	}
	if (n && !*ret_line)
		*ret_line = source_find_rewritten(source, last.text, last.n, hint);
	return last;
}

/* The text's own line reads better than what libbcc made of it. */
static void put_source_line(struct strbuf *out, const struct source *source, unsigned int number,
			    const struct quote *quote)
{
	const char *line = source->text;

	if (!number) {
		put_line(out, quote->text, quote->n);
		return;
	}
	while (--number)
		line += strcspn(line, "\n") + 1;
	line += strspn(line, " \t");
	put_line(out, line, strcspn(line, "\n"));
}

/* Where the log's last lines start; the statistics at its end are left out by *END. */
static const char *tail(const char *log, const char **end)
{
	const char *start, *p = strstr(log, "\nprocessed ");
	size_t lines = 0;

	for (const char *next = p; next; next = strstr(next + 1, "\nprocessed "))
		p = next;
	*end = p ? p : log + strlen(log);
	while (*end > log && (*end)[-1] == '\n')
		(*end)--;
	for (start = *end; start > log; start--)
		if (start[-1] == '\n' && ++lines == LOG_LINES_SHOWN)
			break;
	return start;
}

void program_explain(const char *program, const char *log, const struct source *source,
		     struct strbuf *reason)
{
	unsigned int at;
	const char *end, *line;
	struct quote quote = last_quote(log, source, &at);
	bool exact = at;
	size_t n;

	/* Of a line that cannot be found the function is better than nothing. */
	if (!at)
		at = source_line_of(source, program);
	if (!at)
		at = quote.number;
	source_error_at(source, at);
	if (at) {
		source_put_place(source, at, reason);
		strbuf_puts(reason, ": ");
	}
	strbuf_printf(reason, "the kernel's verifier refuses %s\n", program);
	if (quote.text) {
		put_source_line(reason, source, exact ? at : 0, &quote);
		strbuf_puts(reason, "  because:\n");
	}
	for (line = tail(log, &end); line < end; line += n + 1) {
		n = strcspn(line, "\n");
		n = MIN(n, (size_t)(end - line));
		/* Its line number is libbcc's, and would be taken for the text's. */
		if (!strncmp(line, "; ", 2))
			put_line(reason, line, MIN(n, 2 + parse_quote(line + 2).n));
		else
			put_line(reason, line, n);
	}
}

static void explain_error(const struct program_load *l, int r, struct strbuf *reason)
{
	strbuf_printf(reason, "%s: ", l->program->name);
	if (r == -EPERM || r == -EACCES)
		strbuf_puts(reason, "the kernel refuses programs of this type by policy (EPERM: a "
				    "security module, lockdown or a missing capability)\n");
	else
		strbuf_printf(reason, "cannot be loaded: %s\n", strerror(-r));
}

/*
 * E2BIG: BPF_COMPLEXITY_LIMIT_INSNS (include/linux/bpf_verifier.h) were not enough. Of a loop it is
 * said where it is, of all else in which function.
 */
static void explain_size(const struct program_load *l, const struct source *source,
			 struct strbuf *reason)
{
	_cleanup_strbuf_ struct strbuf loops = {0};
	unsigned int at = 0;

	if (l->btf)
		at = program_loops(l->program, l->btf, l->btf_size, source, &loops);
	if (at)
		strbuf_printf(reason, "%s: ", strbuf_text(&loops));
	strbuf_printf(reason,
		      "the kernel's verifier gives up on %s after a million steps: it follows each "
		      "turn of a loop, and each way through it. Fewer turns, or fewer branches in "
		      "a loop, may do\n",
		      l->program->name);
	if (at)
		source_error_at(source, at);
	else
		source_blame(source, l->program->name, reason);
}

int program_load(const struct program_load *l, const struct source *source, struct strbuf *reason,
		 struct strbuf *log)
{
	int r;

	for (size_t i = 0; i < l->program->n_references; i++) {
		const struct image_reference *ref = &l->program->references[i];

		l->program->instructions[ref->instruction].imm = l->map_fds[ref->map];
	}
	/* Without a log first: writing one costs more than the check itself. */
	r = load(l, NULL, 0);
	if (r >= 0)
		return r;
	/* To have a million steps written down takes half a minute, and tells no more. */
	if (r == -E2BIG) {
		explain_size(l, source, reason);
		return r;
	}
	r = load_with_log(l, log);
	if (r >= 0)
		return r;
	if (log->length > 1) {
		program_explain(l->program->name, log->data, source, reason);
		return r;
	}
	explain_error(l, r, reason);
	source_blame(source, l->program->name, reason);
	return r;
}
