#include "bpf/program_load.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>

#include "base/macro.h"
#include "base/text.h"

#define LOG_SIZE_FIRST (256u << 10)
#define LOG_SIZE_MOST (16u << 20)
#define LOG_LINES_SHOWN 6

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

/* The last source line that the log quotes: "; TEXT" or, since Linux 6.9, "; TEXT @ FILE:LINE". */
static const char *last_quoted(const char *log, size_t *ret_n, unsigned int *ret_number)
{
	const char *found = NULL;

	for (const char *line = log; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line[0] == ';' && line[1] == ' ')
			found = line + 2;
	}
	*ret_number = 0;
	*ret_n = 0;
	if (!found)
		return NULL;
	*ret_n = strcspn(found, "\n");
	for (size_t i = *ret_n; i > 3; i--) {
		unsigned int number;

		if (strncmp(found + i - 3, " @ ", 3))
			continue;
		if (sscanf(found + i, "%*[^: \n]:%u", &number) == 1) {
			*ret_number = number;
			*ret_n = i - 3;
		}
		break;
	}
	return found;
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
	unsigned int number, found;
	const char *file, *end, *line;
	size_t n;
	const char *quoted = last_quoted(log, &n, &number);

	found = quoted ? source_find(source, quoted, n, number) : 0;
	source_error_at(source, found ? found : number ? number : source_line_of(source, program));
	if (found || number) {
		source_locate(source, found ? found : number, &file, &found);
		strbuf_printf(reason, "%s:%u: ", file, found);
	}
	strbuf_printf(reason, "the kernel's verifier refuses %s\n", program);
	if (quoted) {
		put_line(reason, quoted, n);
		strbuf_puts(reason, "  because:\n");
	}
	for (line = tail(log, &end); line < end; line += n + 1) {
		n = strcspn(line, "\n");
		n = MIN(n, (size_t)(end - line));
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
	r = load_with_log(l, log);
	if (r >= 0)
		return r;
	if (log->length > 1)
		program_explain(l->program->name, log->data, source, reason);
	else
		explain_error(l, r, reason);
	return r;
}
